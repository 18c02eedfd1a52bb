import { readFileSync } from "node:fs";
import { type OutgoingHttpHeaders } from "node:http";
import { type Agent, type RequestOptions } from "node:https";

import {
    type KubernetesObject,
    type V1APIResourceList,
    type V1Pod,
    type V1SelfSubjectRulesReview,
} from "@kubernetes/client-node";

import { connectionFault, send } from "../network/https";
import { agentBehindProxy } from "../network/proxy";
import { ClusterFailure, type ClusterAccess } from "./access";
import { type Kubeconfig, readKubeconfig } from "./kubeconfig";

/** An object of the Kubernetes API. */
export interface ObjectReference {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
}

/** What a token of a service account is to be good for. */
export interface TokenWish {
    /** @default the audience of the Kubernetes API itself */
    readonly audience?: string;
    /** The token ends with this object. */
    readonly boundTo?: {
        readonly apiVersion: string;
        readonly kind: string;
        readonly name: string;
        readonly uid: string;
    };
}

/** Any object, as the API gives it. */
export type AnyObject = KubernetesObject & Readonly<Record<string, unknown>>;

/**
 * The Kubernetes API in the eyes of one identity. Objects come as they are, since the client library's types would leave
 * out what they do not know.
 */
export class Kubernetes {
    private constructor(
        private readonly kubeconfig: Kubeconfig,
        private readonly bearer?: string,
    ) {}

    /** @throws ClusterFailure when the kubeconfig or its context is not there */
    static connect({ kubeconfig: paths, context }: Pick<ClusterAccess, "kubeconfig" | "context">): Kubernetes {
        const kubeconfig = readKubeconfig(paths);
        const { config, name } = kubeconfig;
        if (context !== undefined) config.setCurrentContext(context);
        if (!config.getCurrentCluster()) {
            throw new ClusterFailure(
                "Kubernetes",
                `the kubeconfig ${name} has no context ${JSON.stringify(config.getCurrentContext())}`,
            );
        }
        return new Kubernetes(kubeconfig);
    }

    /** The same API in the eyes of whoever a token belongs to. */
    as(token: string): Kubernetes {
        return new Kubernetes(this.kubeconfig, token);
    }

    /** An object; undefined where there is none, also of a kind that the API does not serve. */
    async read(reference: ObjectReference): Promise<AnyObject | undefined> {
        return (await this.call("GET", objectPath(reference), undefined, [404])) as AnyObject | undefined;
    }

    /** The pods with these labels. */
    async pods(namespace: string, labels: Readonly<Record<string, string>>): Promise<V1Pod[]> {
        const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
        const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector.join(","))}`;
        return ((await this.call("GET", path)) as { items: V1Pod[] }).items;
    }

    /** Objects of a kind in a namespace. */
    async list(apiVersion: string, kind: string, namespace: string): Promise<AnyObject[]> {
        const path = collectionPath({ apiVersion, kind, namespace });
        return ((await this.call("GET", path)) as { items: AnyObject[] }).items;
    }

    /** Names of the resources that the API serves of a group and version; none where it knows no such group. */
    async served(groupVersion: string): Promise<string[]> {
        const path = groupVersion.includes("/") ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
        const found = (await this.call("GET", path, undefined, [404])) as V1APIResourceList | undefined;
        return (found?.resources ?? []).map(({ name }) => name);
    }

    /** Who the API takes the caller for. */
    async whoAmI(): Promise<string> {
        const kind = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
        const review = await this.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", kind);
        return (review as { status?: { userInfo?: { username?: string } } }).status?.userInfo?.username ?? "nobody";
    }

    /** A token of a service account, from the API's TokenRequest. It lives ten minutes, the least there is. */
    async tokenOf(namespace: string, name: string, { audience, boundTo }: TokenWish): Promise<string> {
        const request = {
            apiVersion: "authentication.k8s.io/v1",
            kind: "TokenRequest",
            spec: {
                expirationSeconds: 600,
                ...(audience === undefined ? {} : { audiences: [audience] }),
                ...(boundTo === undefined ? {} : { boundObjectRef: boundTo }),
            },
        };
        const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
        const answer = (await this.call("POST", path, request)) as { status?: { token?: string } };
        return answer.status?.token ?? "";
    }

    /** What the caller may do in a namespace. */
    async ownRules(namespace: string): Promise<V1SelfSubjectRulesReview["status"]> {
        const path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } };
        return ((await this.call("POST", path, review)) as V1SelfSubjectRulesReview).status;
    }

    /** Makes an object, or with `dryRun` has the API decide whether it could be made. */
    async create(object: object, reference: Omit<ObjectReference, "name">, dryRun = false): Promise<AnyObject> {
        const path = `${collectionPath(reference)}${dryRun ? "?dryRun=All" : ""}`;
        return (await this.call("POST", path, object)) as AnyObject;
    }

    /** Removes an object, if it is there. */
    async remove(reference: ObjectReference): Promise<void> {
        await this.call("DELETE", objectPath(reference), undefined, [404]);
    }

    private async call(method: string, path: string, body?: unknown, absent: readonly number[] = []): Promise<unknown> {
        const options: RequestOptions = { method };
        await this.authenticate(options);
        const server = this.kubeconfig.config.getCurrentCluster()?.server ?? "";
        let answer;
        try {
            answer = await send(`${server.replace(/\/$/, "")}${path}`, { ...options, body });
        } catch (error) {
            throw new ClusterFailure(
                "Kubernetes",
                `the Kubernetes API could not be reached (${connectionFault(error)})`,
            );
        }
        if (answer.status < 300) return answer.body;
        if (absent.includes(answer.status)) return undefined;
        throw refusal(answer.status, answer.body);
    }

    /** What the client library leaves out of a kubeconfig's user. */
    private addExtras(options: RequestOptions): void {
        const { tokenFile, impersonation } = this.kubeconfig.extras();
        const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, "utf8").trim();
        options.headers = {
            ...(options.headers as OutgoingHttpHeaders),
            ...impersonation,
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        };
    }

    private async authenticate(options: RequestOptions): Promise<void> {
        try {
            await this.kubeconfig.config.applyToHTTPSOptions(options);
            this.addExtras(options);
        } catch (error) {
            const words = "the kubeconfig's credentials could not be had";
            throw new ClusterFailure(
                "Kubernetes",
                words,
                undefined,
                error instanceof Error ? error.message : undefined,
            );
        }
        const agent = options.agent as Agent;
        if (this.bearer !== undefined) {
            // The API takes a client's certificate before its token: only the token is to speak, and for nobody else.
            options.headers = { authorization: `Bearer ${this.bearer}` };
            for (const part of [options, agent.options]) {
                delete part.cert;
                delete part.key;
            }
        }
        // The client library knows the proxy of a kubeconfig alone; kubectl the environment's, too.
        const { proxyUrl } = this.kubeconfig.config.getCurrentCluster() ?? {};
        if (!proxyUrl) options.agent = agentBehindProxy(agent.options);
    }
}

/** What the API's refusal says. */
function refusal(status: number, body: unknown): ClusterFailure {
    const { message } = (body ?? {}) as { message?: string };
    const violated = /violates PodSecurity "([^"]+)"/.exec(message ?? "");
    if (violated) return new ClusterFailure("Kubernetes", `refused by PodSecurity ${violated[1]}`, status, message);
    if (status === 401) {
        return new ClusterFailure("Kubernetes", "the Kubernetes API does not know the caller (401)", status);
    }
    if (status === 403) return new ClusterFailure("Kubernetes", "denied (Forbidden)", status, message);
    return new ClusterFailure("Kubernetes", `the Kubernetes API answered ${status}`, status, message);
}

/** Address of an object in the API. */
export function objectPath(reference: ObjectReference): string {
    return `${collectionPath(reference)}/${reference.name}`;
}

function collectionPath({ apiVersion, kind, namespace }: Omit<ObjectReference, "name">): string {
    const plural = `${kind.toLowerCase()}s`.replace(/ys$/, "ies");
    const within = namespace === undefined ? "" : `/namespaces/${namespace}`;
    return `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}${within}/${plural}`;
}
