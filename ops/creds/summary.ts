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
 * a question mark, a `#` or a `;`; where only its beginning was read, what looks like a port may be the beginning of one;
 * and what another variable put into it may be a secret, so its name is shown.
 */
function withoutSecrets(found: Found | undefined): string | null {
    if (!found?.value) return null;
    const { written, comment = "" } = found;
    const [, scheme = "", user = "", address, rest] =
        /^([a-z][a-z0-9+.-]*:\/\/)?(.*@)?([^?#]*)(.*)$/is.exec(written) ?? [];
    const mayBeCut = comment.includes("@") || (comment !== "" && /:\d+$/.test(address));
    const isPlain = (scheme + user === "" ? plainPath : plainAddress).test(address.replace(/\$\{\w+\}/g, "x"));
    if (mayBeCut || !isPlain) return `${scheme}***`;
    return `${scheme}${user && "***@"}${address}${rest && `${rest[0]}***`}`;
}

const plainPath = /^[\w./-]*$/;

/** A host, or none, with a port or none, and a path. */
const plainAddress = /^([\w.-]*|\[[0-9a-f:.]+\])(:\d{1,5})?(\/[\w./-]*)?$/i;
