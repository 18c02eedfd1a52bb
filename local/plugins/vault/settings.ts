// The vault provider's settings. Every value arrives as text: objects and lists as JSON, booleans as "true". Pure.

import { isRecord, UNKNOWN, type Properties, type Value } from "../wire";

export interface VaultSettings {
    /** Without a slash at its end; undefined while it is unknown. */
    address?: string;
    token?: string;
    /** The short-lived token that is made of it. */
    child?: { name: string; ttlSeconds: number };
    /** A feature of Vault Enterprise. */
    namespace?: string;
    caCertFile?: string;
    caCertDir?: string;
    clientAuth?: { certFile: string; keyFile: string };
    tlsServerName?: string;
    skipTlsVerify: boolean;
    headers: Record<string, string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that are taken as they are: nothing that they change is done here. */
const WITHOUT_EFFECT = [
    "addAddressToEnv",
    // The npm package always sends one; here every call is repeated for a fixed time.
    "maxRetries",
    "maxRetriesCcc",
    "skipGetVaultVersion",
    "vaultVersionOverride",
    "version",
    "pluginDownloadURL",
    "__internal",
    "__defaults",
];
const KNOWN = [
    "address",
    "token",
    "tokenName",
    "maxLeaseTtlSeconds",
    "skipChildToken",
    "namespace",
    "caCertFile",
    "caCertDir",
    "clientAuth",
    "tlsServerName",
    "skipTlsVerify",
    "headers",
    ...WITHOUT_EFFECT,
];
const CHILD_TTL_SECONDS = 1200;

/** Settings that the engine must encrypt in its state, however they came. */
export const SECRET_SETTINGS = ["token", "headers"];

/** Settings that would change what is done and that the stand-in cannot honour. */
export function unknownSettings(args: Properties): string[] {
    return Object.keys(args)
        .filter((key) => !KNOWN.includes(key) && given(args[key]) !== undefined)
        .map(
            (key) =>
                `The stand-in plugin does not know the provider setting vault:${key}; the official vault plugin may.`,
        );
}

/** The settings, or every fault in them. A missing address or token is no fault before Vault is called. */
export function parseSettings(args: Properties, env: Environment): { settings: VaultSettings } | { faults: string[] } {
    const faults = unknownSettings(args);
    const text = (key: string, variable?: string) => {
        const value = given(args[key]);
        return value === undefined ? given(variable === undefined ? undefined : env[variable]) : textOf(value);
    };
    const address = text("address", "VAULT_ADDR")?.toString().replace(/\/+$/, "");
    if (address !== undefined && !/^https?:\/\/[^/]/.test(address)) {
        faults.push("vault:address must be a URL such as https://vault.example.com:8200.");
    }
    const ttl = Number(text("maxLeaseTtlSeconds") ?? CHILD_TTL_SECONDS);
    if (!Number.isInteger(ttl) || ttl <= 0) {
        faults.push("vault:maxLeaseTtlSeconds must be a whole number of seconds above 0.");
    }
    const all = {
        address,
        token: text("token", "VAULT_TOKEN"),
        child: text("skipChildToken") === "true" ? undefined : { name: text("tokenName") ?? "pulumi", ttlSeconds: ttl },
        namespace: text("namespace", "VAULT_NAMESPACE"),
        caCertFile: text("caCertFile", "VAULT_CACERT"),
        caCertDir: text("caCertDir", "VAULT_CAPATH"),
        clientAuth: clientAuthFrom(json(args["clientAuth"], "clientAuth", faults), faults),
        tlsServerName: text("tlsServerName", "VAULT_TLS_SERVER_NAME"),
        skipTlsVerify: text("skipTlsVerify") === "true",
        headers: headersFrom(json(args["headers"], "headers", faults), faults),
    };
    return faults.length > 0 ? { faults } : { settings: withoutUndefined(all) };
}

function clientAuthFrom(value: Value | undefined, faults: string[]): VaultSettings["clientAuth"] {
    if (value === undefined) {
        return undefined;
    }
    const [certFile, keyFile] = isRecord(value) ? [value["certFile"], value["keyFile"]] : [];
    if (typeof certFile !== "string" || typeof keyFile !== "string") {
        faults.push("vault:clientAuth must have certFile and keyFile.");
        return undefined;
    }
    return { certFile, keyFile };
}

function headersFrom(value: Value | undefined, faults: string[]): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const one of value === undefined ? [] : Array.isArray(value) ? value : [value]) {
        const [name, content] = isRecord(one) ? [one["name"], one["value"]] : [];
        if (typeof name === "string" && typeof content === "string") {
            headers[name] = content;
        } else {
            faults.push("vault:headers must be a list of objects, each with name and value.");
        }
    }
    return headers;
}

function json(value: Value | undefined, key: string, faults: string[]): Value | undefined {
    const present = given(value);
    if (typeof present !== "string") {
        return present;
    }
    try {
        return JSON.parse(present) as Value;
    } catch {
        faults.push(`vault:${key} is not valid JSON.`);
        return undefined;
    }
}

/** Undefined for what says nothing, and for what is not known yet. */
function given<T extends Value>(value: T | undefined): T | undefined {
    return value === undefined || value === null || value === UNKNOWN || ["", "null", "[]"].includes(value as string)
        ? undefined
        : value;
}

function textOf(value: Value): string {
    return typeof value === "string" ? value : JSON.stringify(value);
}

function withoutUndefined<T extends object>(values: T): VaultSettings {
    return Object.fromEntries(
        Object.entries(values).filter(([, value]) => value !== undefined),
    ) as unknown as VaultSettings;
}
