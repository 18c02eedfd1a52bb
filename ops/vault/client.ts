import { readFileSync } from "node:fs";

import nodeVault, { type client as VaultApi } from "node-vault";

import { type VaultAddress } from "../../services/checks";
import { ClusterFailure } from "../kubernetes/access";
import { connectionFault, send } from "../network/https";
import { settingsPath } from "../stack/repository";

/** What Vault answers to a read or a login. */
export interface VaultAnswer {
    readonly data?: Readonly<Record<string, unknown>>;
    readonly auth?: { readonly client_token: string; readonly lease_duration: number; readonly policies: string[] };
}

/** How Vault is, which it says without a token. */
export interface VaultHealth {
    readonly initialized: boolean;
    readonly sealed: boolean;
}

/** Vault in the eyes of one token. */
export class Vault {
    private readonly api: VaultApi;

    /**
     * @param token none for what needs none
     * @throws ClusterFailure when the CA file cannot be read
     */
    constructor(
        private readonly vault: VaultAddress,
        token = "",
    ) {
        this.api = nodeVault({
            endpoint: vault.address,
            // The client's own would ask the environment for a proxy, and whether certificates are to be checked.
            "request-promise": { defaults: () => transport(certificateAuthority(vault)) },
            // It would print the bodies of requests if the environment has DEBUG.
            debug: () => undefined,
        });
        // Where these are not given, the client takes the environment's.
        Object.assign(this.api, { token, namespace: vault.namespace, pathPrefix: "" });
    }

    /** What is at a path; undefined where there is nothing. */
    async read(path: string): Promise<VaultAnswer["data"] | undefined> {
        try {
            return ((await this.call("GET", path)) as VaultAnswer).data;
        } catch (error) {
            if (error instanceof ClusterFailure && error.status === 404) return undefined;
            throw error;
        }
    }

    async write(path: string, body: object): Promise<VaultAnswer> {
        return (await this.call("POST", path, body)) as VaultAnswer;
    }

    async remove(path: string): Promise<void> {
        await this.call("DELETE", path);
    }

    async list(path: string): Promise<void> {
        // The same as the method LIST, which not everything between here and Vault knows.
        await this.call("GET", path, undefined, "?list=true");
    }

    /**
     * Logs in with a service account's token.
     *
     * @throws ClusterFailure `login refused (…)` when Vault does not take the token
     */
    async login(mount: string, role: string, jwt: string): Promise<Vault> {
        try {
            const { auth } = await this.write(`auth/${mount}/login`, { role, jwt });
            return new Vault(this.vault, auth?.client_token);
        } catch (error) {
            if (!(error instanceof ClusterFailure) || ![400, 403, 500].includes(error.status ?? 0)) throw error;
            throw new ClusterFailure("Vault", `login refused (${error.detail ?? error.words})`, error.status);
        }
    }

    /** Ends the token and what was made with it. */
    async revoke(): Promise<void> {
        await this.write("auth/token/revoke-self", {});
    }

    async health(): Promise<VaultHealth> {
        return (await this.call("GET", "sys/health")) as VaultHealth;
    }

    private async call(method: string, path: string, json?: object, query = ""): Promise<unknown> {
        try {
            return await this.api.request({
                method,
                path: `/${path}${query}`,
                ...(json === undefined ? {} : { json }),
            });
        } catch (error) {
            throw refusal(path, error);
        }
    }
}

/** @throws ClusterFailure when the file cannot be read */
export function certificateAuthority({ caCertFile }: VaultAddress): Buffer | undefined {
    if (caCertFile === undefined) return undefined;
    try {
        return readFileSync(settingsPath(caCertFile));
    } catch (error) {
        throw new ClusterFailure(
            "Vault",
            `Vault's CA file ${caCertFile} could not be read (${connectionFault(error)})`,
        );
    }
}

interface ClientRequest {
    readonly method: string;
    readonly uri: string;
    readonly headers: Record<string, string>;
    readonly json?: object;
}

function transport(ca: Buffer | undefined) {
    return async ({ method, uri, headers, json }: ClientRequest) => {
        const { status, body } = await send(uri, { method, headers, ca, body: json });
        return { statusCode: status, body, request: { path: new URL(uri).pathname } };
    };
}

/** What Vault's refusal says: the path is named, a value never is. */
function refusal(path: string, error: unknown): ClusterFailure {
    const { response } = error as { response?: { statusCode: number; body?: { errors?: string[] } } };
    if (response === undefined) {
        return new ClusterFailure("Vault", `Vault could not be reached (${connectionFault(error)})`);
    }
    const { statusCode: status, body } = response;
    const said = (body?.errors ?? []).map(oneLine).join("; ");
    if (status === 503) return new ClusterFailure("Vault", said === "" ? "Vault does not serve (503)" : said, status);
    if (status === 403 && said.includes("invalid token")) {
        return new ClusterFailure("Vault", "Vault does not know the token", status, said);
    }
    if (status === 403) return new ClusterFailure("Vault", `permission denied on ${path}`, status, said);
    return new ClusterFailure("Vault", `Vault answered ${status} on ${path}`, status, said || undefined);
}

/** Vault lists several causes under each other. */
function oneLine(text: string): string {
    return text
        .replace(/^\d+ errors? occurred:\s*/, "")
        .replace(/\s*\*\s*/g, " ")
        .trim();
}
