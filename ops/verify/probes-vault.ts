import { type V1Secret } from "@kubernetes/client-node";

import {
    allowed,
    type ClusterProbe,
    type ServiceAccount,
    type VaultLogin,
    type WriteAnnotations,
} from "../../services/checks";
import { at, placesInWords } from "../../services/fields";
import { ClusterFailure } from "../kubernetes/access";
import { Vault } from "../vault/client";
import { type Cluster } from "./cluster";
import { NotTried } from "./outcome";
import { type ClusterExecutor } from "./run";

/** Whether something is at a path, and what it means. */
export const vaultState: ClusterExecutor<"vault"> = async ({ aspect, vault, path }, { cluster, caller }) => {
    const found = await cluster.vaultAs(caller, vault).read(path);
    if (aspect === "exists") return { got: found ? "there" : "not there" };
    if (!found) return { got: `nothing at ${path}` };
    if (aspect === "audit") return { got: auditInWords(found) };
    return { got: policyInWords(String(found.policy ?? "")) };
};

export const vaultFields: ClusterExecutor<"vaultFields"> = async ({ vault, path, fields }, { cluster, caller }) => {
    const found = await cluster.vaultAs(caller, vault).read(path);
    if (!found) return { got: `nothing at ${path}` };
    return { got: placesInWords(fields.map((place) => [place, at(place, found)])) };
};

/** Whether a service account gets in, and what it may do there. */
export const vaultLogin: ClusterExecutor<"vaultLogin"> = async ({ login, token, then }, run) => {
    const account = run.caller;
    if (typeof account !== "object" || !("serviceAccount" in account)) throw new NotTried("not a service account");
    if (token !== undefined) return refusedWith(() => faulty(token, account, login, run.cluster), login);
    const opened = () => run.cluster.login(account, login);
    if (then === undefined) return { got: await loggedIn(opened) };
    const vault = await prepare(opened);
    await calls[then.call](vault, then.path);
    return { got: allowed };
};

type Then = NonNullable<Extract<ClusterProbe, { kind: "vaultLogin" }>["then"]>;

const calls: Readonly<Record<Then["call"], (vault: Vault, path: string) => Promise<unknown>>> = {
    read: async (vault, path) => {
        if ((await vault.read(path)) === undefined) throw new ClusterFailure("Vault", `nothing at ${path}`, 404);
    },
    // Asks for version 0 to be there: whoever may write after all is told of the mismatch, and nothing is overwritten.
    write: (vault, path) => vault.write(path, { data: {}, options: { cas: 0 } }),
    list: (vault, path) => vault.list(path),
};

/** Words of a refusal are the answer; anything else is none. */
async function loggedIn(login: () => Promise<Vault>): Promise<string> {
    await login();
    return "logged in";
}

async function refusedWith(token: () => Promise<string>, { vault, mount, role }: VaultLogin) {
    const jwt = await prepare(token);
    const opened = await new Vault(vault).login(mount, role, jwt);
    await opened.revoke();
    return { got: "logged in" };
}

/** What has to be there for the question to mean anything. */
async function prepare<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
        return await work();
    } catch (error) {
        if (error instanceof ClusterFailure) throw new NotTried(error.message);
        throw error;
    }
}

type Fault = NonNullable<Extract<ClusterProbe, { kind: "vaultLogin" }>["token"]>;

/** A token of the account with something wrong about it. */
async function faulty(
    fault: Fault,
    account: ServiceAccount,
    { audience }: VaultLogin,
    cluster: Cluster,
): Promise<string> {
    if (fault.fault === "deleted") return orphaned(fault.secret, account, audience, cluster);
    const token = await cluster.tokenOf(account, { audience });
    // Not its last character, which may hold bits that nobody reads.
    return `${token.slice(0, -2)}${token.at(-2) === "A" ? "B" : "A"}${token.slice(-1)}`;
}

/** A token that was good until the Secret that it is bound to was deleted. */
async function orphaned(
    name: string,
    { serviceAccount, namespace }: ServiceAccount,
    audience: string,
    cluster: Cluster,
): Promise<string> {
    const api = cluster.kubernetes("deployer");
    const secret = { apiVersion: "v1", kind: "Secret", namespace, name };
    // One of a run that was killed.
    await api.remove(secret);
    try {
        const { metadata } = await api.create(
            { apiVersion: "v1", kind: "Secret", metadata: { name, namespace } },
            secret,
        );
        const boundTo = { apiVersion: "v1", kind: "Secret", name, uid: metadata?.uid ?? "" };
        return await cluster.tokenOf({ serviceAccount, namespace }, { audience, boundTo });
    } finally {
        await api.remove(secret);
        // The API server hears of it a moment later, and a token that it took once it takes for some seconds.
        await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
}

/** Whether a Secret holds what Vault has now; what they hold is compared here and said nowhere. */
export const secretSync: ClusterExecutor<"secretSync"> = async (probe, { cluster, caller }) => {
    const { reader, login, path, keys, annotations } = probe;
    const { namespace } = reader;
    const vault = await prepare(() => cluster.login(reader, login));
    const api = await cluster.kubernetesAs(caller);
    const secret = (await api.read({ apiVersion: "v1", kind: "Secret", namespace, name: probe.secret })) as
        V1Secret | undefined;
    return { got: syncInWords(await vault.read(path), secret, keys, annotations) };
};

type Data = Readonly<Record<string, unknown>>;

/** What a policy in HCL opens; a part of it that is not known here is shown as it is. */
export function policyInWords(policy: string): string {
    const rest = policy.replace(/^\s*(#|\/\/).*$/gm, "");
    const block = /\s*path\s+"([^"]+)"\s*\{\s*capabilities\s*=\s*\[([^\]]*)\]\s*\}\s*/y;
    const opened: string[] = [];
    let end = 0;
    for (let found = block.exec(rest); found; found = block.exec(rest)) {
        const capabilities = found[2].split(",").map((word) => word.trim().replaceAll('"', ""));
        opened.push(`${capabilities.filter(Boolean).sort().join("+") || "nothing"} on ${found[1]}`);
        end = block.lastIndex;
    }
    const unknown = rest.slice(end).trim().replace(/\s+/g, " ");
    return [...opened.sort(), ...(unknown ? [unknown] : [])].join(", ") || "nothing";
}

interface AuditDevice {
    readonly options?: { readonly log_raw?: string };
}

/** Whether accesses are logged, and secrets are not. */
export function auditInWords(devices: Data): string {
    const found = Object.entries(devices) as [string, AuditDevice][];
    const raw = found.filter(([, { options }]) => options?.log_raw === "true").map(([path]) => path);
    if (raw.length > 0) return `${raw.join(", ")} logs secrets as they are (log_raw)`;
    return found.length > 0 ? "on" : "off";
}

/**
 * Whether a Secret holds what Vault has: says versions and the names of keys, never a value.
 *
 * @param keys key of the Secret → field of the Vault secret
 */
export function syncInWords(
    vault: Data | undefined,
    secret: V1Secret | undefined,
    keys: Readonly<Record<string, string>>,
    annotations: WriteAnnotations,
): string {
    const { data, metadata } = (vault ?? {}) as {
        data?: Data | null;
        metadata?: { version?: number; created_time?: string };
    };
    if (!data) return "Vault has no current version of the secret";
    if (!secret) return "there is no Secret";
    const inVault = `version ${metadata?.version} of ${metadata?.created_time}`;
    const { [annotations.version]: version, [annotations.written]: written } = secret.metadata?.annotations ?? {};
    const inSecret = `version ${version} of ${written ?? "no time"}`;
    const wrong = Object.entries(keys).flatMap(([key, field]) =>
        decoded(secret.data?.[key]) === String(data[field]) ? [] : [key],
    );
    const more = Object.keys(secret.data ?? {}).filter((key) => !Object.hasOwn(keys, key));
    if (version === undefined) return "the Secret does not say which version it has";
    if (inSecret !== inVault) return `stale: the Secret has ${inSecret}, Vault has ${inVault}`;
    if (wrong.length > 0) return `the Secret says ${inSecret}, but other values than Vault's: ${wrong.join(", ")}`;
    if (more.length > 0) return `the Secret has keys that are not Vault's: ${more.join(", ")}`;
    return `current (${inVault})`;
}

function decoded(value: string | undefined): string | undefined {
    return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8");
}
