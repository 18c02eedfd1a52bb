/** Variables that hold one set of credentials: `<prefix>ACCESS_KEY_ID`, `<prefix>SECRET_ACCESS_KEY`, `<prefix>SESSION_TOKEN`. */
export interface CredentialSet {
    readonly prefix: string;
    /** What people call it. */
    readonly label: string;
    /** Whoever's they are: not the service's own, used because it has none, and announced. */
    readonly fallback?: true;
}

/** A service that reads its credentials from variables. */
export interface VariableSources {
    readonly kind: "variables";
    /** Production name of the IAM user whose keys they are. */
    readonly user: string;
    /** Files with variables, below the project's folder; the first that exists is the only one that is read. */
    readonly files: readonly string[];
    /** Whether a variable that is set in the process environment takes the place of the file's. */
    readonly processEnvironment: boolean;
    /** The first of which any variable is set is the one that is used. */
    readonly sets: readonly CredentialSet[];
    /** Variables with the region, the first that has one; `AWS_REGION`, which boto3 does not read, comes last. */
    readonly region: readonly string[];
    /** The region where no variable says one. @default the stack's */
    readonly defaultRegion?: string;
    /** Variables of a tracking server's client, where the service is one. */
    readonly tracking?: { readonly uri: string; readonly artifactRoot: string };
}

/** A service whose keys only its pods have. */
export interface PodSources {
    readonly kind: "pods";
    readonly namespace: string;
    readonly deployment: string;
}

export type CredentialSources = VariableSources | PodSources;

/** The usual set, and the usual variables of the region. */
export const ownSet: CredentialSet = { prefix: "AWS_", label: "AWS_*" };
export const ownRegion: readonly string[] = ["AWS_DEFAULT_REGION", "AWS_REGION"];
