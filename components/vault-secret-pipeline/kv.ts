import { isDeepStrictEqual } from "node:util";

/** Key of a secret's own metadata with the version that the last write took the place of; it marks the secret as ours. */
export const writtenOverKey = "written-over-version";

/** What Vault answers at `<mount>/data/<path>` of KV version 2. */
export interface KvVersion {
    /** The fields; null where the latest version was deleted. */
    readonly data: Readonly<Record<string, unknown>> | null;
    readonly metadata: {
        readonly version: number;
        readonly custom_metadata: Readonly<Record<string, string>> | null;
    };
}

/** What Vault holds at a secret's place; each undefined where it is not there, or may not be read. */
export interface KvPlace {
    readonly mount: string;
    /** In the mount. */
    readonly path: string;
    readonly latest?: KvVersion;
    /** Version of the engine. */
    readonly engineVersion?: string;
    /** What of the two asks each write for the version that it follows (`cas_required`). */
    readonly checkAndSet?: "mount" | "path";
}

/** Whether the declared fields are what the place holds. */
function isWritten({ latest }: KvPlace, declared: Readonly<Record<string, string>>): boolean {
    return latest !== undefined && isDeepStrictEqual(latest.data, declared);
}

/** The version over which the declared fields are, or have to be, written; "0" where there was none. */
export function versionWrittenOver(place: KvPlace, declared: Readonly<Record<string, string>>): string {
    const { latest } = place;
    if (!latest) return "0";
    const { version, custom_metadata: own } = latest.metadata;
    return isWritten(place, declared) ? (own?.[writtenOverKey] ?? "0") : String(version);
}

/** Why the declared fields must not, or cannot, be written there, and what to do; undefined where they can. */
export function placeFault(place: KvPlace, declared: Readonly<Record<string, string>>): string | undefined {
    const { mount, path, latest, engineVersion, checkAndSet } = place;
    const at = `-mount=${mount}`;
    if (engineVersion === "1") {
        return (
            `Mount ${mount} of Vault is the KV engine of version 1, and version 2 is needed, which numbers what is ` +
            `written: vault kv enable-versioning ${mount}/`
        );
    }
    if (isWritten(place, declared)) return undefined;
    if (latest && latest.metadata.custom_metadata?.[writtenOverKey] === undefined) {
        const fields = Object.keys(latest.data ?? {}).join(", ");
        return (
            `Path ${path} in mount ${mount} of Vault is not managed by this stack: it holds ` +
            `${fields === "" ? "a deleted version" : `the fields ${fields}`}, which would be replaced, and deleted for ` +
            `good when the stack is destroyed. Where nobody needs it: vault kv metadata delete ${at} ${path}; to give it ` +
            `to this stack: vault kv metadata patch ${at} -custom-metadata=${writtenOverKey}=0 ${path}`
        );
    }
    if (checkAndSet) {
        const off =
            checkAndSet === "mount"
                ? `vault write ${mount}/config cas_required=false`
                : `vault kv metadata patch ${at} -cas-required=false ${path}`;
        return (
            `Path ${path} in mount ${mount} of Vault requires check-and-set on every write (cas_required of the ` +
            `${checkAndSet}), which this program does not use. Turn that off: ${off}`
        );
    }
    return undefined;
}
