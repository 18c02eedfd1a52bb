import { type V1Secret } from "@kubernetes/client-node";

import { type WriteAnnotations } from "../../services/checks";

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
