// Calls to one Vault, with a short-lived token of the provider's own.

import "./environment";
import nodeVault from "node-vault";
import { Refusal } from "../errors";
import { isRecord, type Properties } from "../wire";
import { connectionsFor, type Connections } from "./connections";
import { CHILD_TOKEN_PATH, judge, persistently, VaultFailure } from "./failures";
import type { VaultSettings } from "./settings";

type Answer = Record<string, unknown>;

interface Request {
    verb: "read" | "write" | "delete";
    path: string;
    namespace: string;
    body?: object;
    /** Values that no error may show. */
    hidden?: readonly string[];
}

/** What every resource type is given. Nothing is asked of Vault before the first call. */
export class VaultContext {
    /** Never shown in an error; the short-lived token joins them once it is made. */
    readonly secrets: string[];
    private token: Promise<string> | undefined;
    private connections: Connections | undefined;

    constructor(private readonly settings: VaultSettings) {
        this.secrets = [settings.token ?? "", ...Object.values(settings.headers)];
    }

    /** The Vault of a resource: its `namespace` is relative to the provider's. */
    of({ namespace }: Properties): Vault {
        const parts = [this.settings.namespace, namespace].filter((part): part is string => typeof part === "string");
        return new Vault(this, parts.map(trimSlashes).join("/"));
    }

    async call(request: Request): Promise<Answer> {
        this.token ??= this.settings.child === undefined ? this.givenToken() : this.childToken(this.settings.child);
        return this.request(await this.token, request);
    }

    /** Revokes the short-lived token; one that is left ends by itself. */
    async close(): Promise<void> {
        const token = await this.token;
        this.token = undefined;
        if (token !== undefined && this.settings.child !== undefined) {
            await this.request(token, { verb: "write", path: "auth/token/revoke-self", namespace: this.root });
        }
    }

    private get root(): string {
        return this.settings.namespace ?? "";
    }

    private givenToken(): Promise<string> {
        const { token } = this.settings;
        return token === undefined
            ? Promise.reject(
                  new Refusal(
                      "No Vault token: set VAULT_TOKEN or the provider setting vault:token. The stand-in plugin looks nowhere else.",
                  ),
              )
            : Promise.resolve(token);
    }

    private async childToken({ name, ttlSeconds }: NonNullable<VaultSettings["child"]>): Promise<string> {
        const ttl = `${ttlSeconds}s`;
        const body = { display_name: name, ttl, explicit_max_ttl: ttl, renewable: false };
        const request: Request = { verb: "write", path: CHILD_TOKEN_PATH, namespace: this.root, body };
        const { auth } = await this.request(await this.givenToken(), request);
        const token = isRecord(auth) ? auth["client_token"] : undefined;
        if (typeof token !== "string") {
            throw new Refusal("Vault made a token and did not tell it.");
        }
        this.secrets.push(token);
        withTokens.add(this);
        return token;
    }

    private request(token: string, { verb, path, namespace, body = {}, hidden = [] }: Request): Promise<Answer> {
        const client = this.client(token, namespace);
        const encoded = path.split("/").map(encodeURIComponent).join("/");
        const call = { verb, path, address: client.endpoint, hidden: [...hidden, ...this.secrets] };
        return persistently(async () => {
            try {
                const answer: unknown = await (verb === "write" ? client.write(encoded, body) : client[verb](encoded));
                return isRecord(answer) ? answer : {};
            } catch (error) {
                throw judge(error, call);
            }
        });
    }

    private client(token: string, namespace: string): nodeVault.client {
        const { address, headers } = this.settings;
        if (address === undefined) {
            throw new Refusal("No Vault: set VAULT_ADDR or the provider setting vault:address.");
        }
        this.connections ??= connectionsFor(this.settings);
        const client = nodeVault({
            endpoint: address,
            token,
            namespace,
            // It would print what is written.
            debug: () => undefined,
            requestOptions: { ...this.connections, headers: { ...headers } },
        });
        // The library takes it from VAULT_PREFIX, a variable that no other client of Vault knows.
        Object.assign(client, { pathPrefix: "" });
        return client;
    }
}

/** Providers of this process whose short-lived token lives. */
const withTokens = new Set<VaultContext>();
let revoking: Promise<unknown> | undefined;

/** Revokes every short-lived token of this process; whoever asks while that is going on waits for it too. */
export async function revokeTokens(): Promise<void> {
    revoking ??= Promise.allSettled(
        [...withTokens].map((context) => context.close().finally(() => withTokens.delete(context))),
    ).finally(() => (revoking = undefined));
    await revoking;
}

/** One namespace of Vault. Paths are as in its API, without `/v1/`. */
export class Vault {
    constructor(
        private readonly context: VaultContext,
        private readonly namespace: string,
    ) {}

    /** The answer's data; undefined if there is no such thing. */
    async read(path: string): Promise<Properties | undefined> {
        try {
            const { data } = await this.context.call({ verb: "read", path, namespace: this.namespace });
            return isRecord(data) ? data : {};
        } catch (error) {
            if (isGone(error)) {
                return undefined;
            }
            throw error;
        }
    }

    async write(path: string, body: object, hidden: readonly string[] = []): Promise<Properties> {
        const { data } = await this.context.call({ verb: "write", path, namespace: this.namespace, body, hidden });
        return isRecord(data) ? data : {};
    }

    /** One that is gone already counts as deleted. */
    async delete(path: string): Promise<void> {
        try {
            await this.context.call({ verb: "delete", path, namespace: this.namespace });
        } catch (error) {
            if (!isGone(error)) {
                throw error;
            }
        }
    }
}

/** Vault says 404, or 400 with these words where a mount is asked for. */
function isGone(error: unknown): boolean {
    return (
        error instanceof VaultFailure &&
        (error.status === 404 || (error.status === 400 && /^No (secret|auth) engine (mount )?at /.test(error.message)))
    );
}

export function trimSlashes(path: string): string {
    return path.replace(/^\/+|\/+$/g, "");
}
