import { type VariableSources } from "../../services/credential-sources";
import { type Resolution } from "./resolve";
import { type Found } from "./variables";

/** The configuration of a tracking server's client (D4), free of secrets. */
export interface Summary {
    /** Null for none. */
    readonly trackingUri: string | null;
    readonly storageType: "S3 (Remote)" | "Local";
    /** Null for none. */
    readonly artifactRoot: string | null;
    /** `project-specific (MLFLOW_AWS_*)`, `global (AWS_*)` or `none`. */
    readonly credentials: string;
    readonly region: string;
}

export function summaryOf(
    tracking: NonNullable<VariableSources["tracking"]>,
    { credentials, region, variables }: Resolution,
): Summary {
    const shown = (name: string) => withoutSecrets(variables.lookup(name));
    const isRemote = /^s3:\/\//i.test(variables.lookup(tracking.artifactRoot)?.value ?? "");
    return {
        trackingUri: shown(tracking.uri),
        storageType: isRemote ? "S3 (Remote)" : "Local",
        artifactRoot: shown(tracking.artifactRoot),
        credentials: credentials?.set.label ?? "none",
        region: region.name,
    };
}

/**
 * An address as it may be shown. It may have a password before the host, also where the scheme was forgotten, or behind
 * a question mark or a #; and where only its beginning was read, what looks like a port may be the beginning of one.
 */
function withoutSecrets(found: Found | undefined): string | null {
    if (!found?.value) return null;
    const { value, comment = "" } = found;
    const [, scheme = "", user = "", address, rest] =
        /^([a-z][a-z0-9+.-]*:\/\/)?(.*@)?([^?#]*)(.*)$/is.exec(value) ?? [];
    const masked = `${scheme}${user && "***@"}${address}${rest && `${rest[0]}***`}`;
    const isWhole =
        !comment.includes("@") && (scheme + user === "" ? !address.includes(":") : plainAddress.test(address));
    return isWhole ? masked : `${scheme}***`;
}

/** A host, or none, with a port or none, and a path. */
const plainAddress = /^([\w.-]*|\[[0-9a-f:.]+\])(:\d{1,5})?(\/.*)?$/is;
