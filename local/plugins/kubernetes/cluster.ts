// The verbs on objects: discovery decides path and scope, the API server does the rest.

import { isRecord, type Properties } from "../wire";
import type { Answer, Client } from "./client";
import { isGone } from "./failure";
import type { Identity, Kind } from "./identity";

interface ResourceKind {
    plural: string;
    namespaced: boolean;
}

export interface ApplyOptions {
    manager: string;
    force: boolean;
    dryRun: boolean;
}

export class Cluster {
    private readonly discovered = new Map<string, Promise<Map<string, ResourceKind>>>();

    constructor(readonly client: Client) {}

    /** Undefined if the API server does not serve this kind. */
    async resourceOf({ apiVersion, kind }: Kind, impatient = false): Promise<ResourceKind | undefined> {
        const known = (await this.discovered.get(apiVersion)?.catch(() => undefined))?.get(kind);
        if (known !== undefined) {
            return known;
        }
        const asked = this.discover(apiVersion, impatient);
        this.discovered.set(apiVersion, asked);
        return (await asked).get(kind);
    }

    /** Undefined if there is no such object, or not even such a kind. */
    async get(identity: Identity, impatient = false): Promise<Properties | undefined> {
        const path = await this.pathOf(identity, impatient);
        if (path === undefined) {
            return undefined;
        }
        return unlessGone(this.client.send({ method: "GET", path, impatient }).then(({ body }) => body));
    }

    async list(kind: Kind, namespace: string, labelSelector: string): Promise<Properties[]> {
        const path = await this.pathOf({ ...kind, namespace, name: "" });
        if (path === undefined) {
            return [];
        }
        const { body } = await this.client.send({
            method: "GET",
            path: path.replace(/\/$/, ""),
            query: { labelSelector },
        });
        return Array.isArray(body["items"]) ? body["items"].filter(isRecord) : [];
    }

    /** Server-side apply. Undefined if the API server does not serve this kind. */
    async apply(identity: Identity, object: Properties, options: ApplyOptions): Promise<Answer | undefined> {
        const path = await this.pathOf(identity, options.dryRun);
        return path === undefined
            ? undefined
            : this.client.send({
                  method: "PATCH",
                  path,
                  query: {
                      fieldManager: options.manager,
                      force: String(options.force),
                      fieldValidation: "Warn",
                      ...(options.dryRun ? { dryRun: "All" } : {}),
                  },
                  // JSON is YAML.
                  contentType: "application/apply-patch+yaml",
                  body: object,
                  impatient: options.dryRun,
              });
    }

    /** One that is gone already counts as deleted. */
    async delete(identity: Identity, propagationPolicy: string): Promise<void> {
        const path = await this.pathOf(identity);
        if (path !== undefined) {
            await unlessGone(
                this.client.send({
                    method: "DELETE",
                    path,
                    body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy },
                }),
            );
        }
    }

    private async pathOf({ namespace, name, ...kind }: Identity, impatient = false): Promise<string | undefined> {
        const resource = await this.resourceOf(kind, impatient);
        if (resource === undefined) {
            return undefined;
        }
        const place =
            resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
        return `${rootOf(kind.apiVersion)}${place}/${resource.plural}/${encodeURIComponent(name)}`;
    }

    private async discover(apiVersion: string, impatient: boolean): Promise<Map<string, ResourceKind>> {
        const path = rootOf(apiVersion);
        const answer = await unlessGone(this.client.send({ method: "GET", path, impatient }));
        const listed = answer?.body["resources"];
        const resources = Array.isArray(listed) ? listed.filter(isRecord) : [];
        // A name with a slash is a part of an object, such as `deployments/scale`.
        return new Map(
            resources
                .map(({ kind, name, namespaced }) => ({ kind, name: String(name), namespaced: namespaced === true }))
                .filter(({ name }) => !name.includes("/"))
                .map(({ kind, name, namespaced }) => [String(kind), { plural: name, namespaced }]),
        );
    }
}

function rootOf(apiVersion: string): string {
    return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
        return await answer;
    } catch (error) {
        if (isGone(error)) {
            return undefined;
        }
        throw error;
    }
}
