import { type VariableSources } from "../../services/credential-sources";
import { type Resolution } from "./resolve";

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
    const valueOf = (name: string) => variables.lookup(name)?.value || null;
    const artifactRoot = valueOf(tracking.artifactRoot);
    return {
        trackingUri: withoutSecrets(valueOf(tracking.uri)),
        storageType: /^s3:\/\//i.test(artifactRoot ?? "") ? "S3 (Remote)" : "Local",
        artifactRoot: withoutSecrets(artifactRoot),
        credentials: credentials?.set.label ?? "none",
        region: region.name,
    };
}

/**
 * Both may be addresses with a password before the host, also where the scheme was forgotten, or, for a database, behind
 * the question mark.
 */
function withoutSecrets(uri: string | null): string | null {
    return uri && uri.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1***@").replace(/\?.*$/s, "?***");
}
