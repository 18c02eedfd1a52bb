import { type ClinicalAiOutputs } from "../../services/clinical-ai";

/** What looking for something gave: it, that it is not there, or why nobody looked. */
export type Look<Value> =
    | { readonly state: "found"; readonly value: Value }
    | { readonly state: "absent" }
    | { readonly state: "unseen"; readonly why: string };

/** What the stack's settings say of the worker and of where it is. */
export interface Declared {
    readonly stack: string;
    readonly mode: ClinicalAiOutputs["identityMode"];
    readonly replicas: number;
    readonly audience: string;
    /** How often External Secrets is to read Vault. */
    readonly refreshSeconds: number;
    /** Name of the IAM user; only in mode `static`. */
    readonly userName?: string;
    /** Mount path of Vault's AWS secrets engine; only in mode `vaultDynamic`. */
    readonly awsMount?: string;
    /** Whether the audit device is this stack's to make. */
    readonly makesAudit: boolean;
}

/** Everything that was seen of a worker's cluster side. */
export interface Facts {
    readonly now: Date;
    /** Why the Kubernetes API was not asked; undefined where it answers. */
    readonly kubernetesFault?: string;
    /** Why Vault was not asked; undefined where it answers. */
    readonly vaultFault?: VaultFault;
    /** Kinds of External Secrets that the cluster does not know. */
    readonly missingKinds: Look<readonly string[]>;
    readonly store: Look<Synced>;
    readonly externalSecret: Look<ExternalSecret>;
    readonly secret: Look<SecretState>;
    readonly deployment: Look<DeploymentState>;
    readonly pods: Look<readonly PodState[]>;
    /** Version of the secret in Vault; only in mode `static`. */
    readonly vaultVersion: Look<number>;
    /** In words, what the worker's policy opens. */
    readonly policy: Look<string>;
    /** In words, what about the role is not as declared; empty where all is. */
    readonly role: Look<readonly string[]>;
    readonly authMethod: Look<string>;
    /** `on`, `off`, or what is wrong. */
    readonly audit: Look<string>;
    /** `logged in`, or how Vault refuses the service account. */
    readonly login: Look<string>;
    /** The access keys of the IAM user. */
    readonly keys: Look<{ readonly active: readonly string[]; readonly inactive: readonly string[] }>;
}

export interface VaultFault {
    readonly kind: "unreachable" | "sealed" | "uninitialized" | "token";
    readonly why: string;
}

/** How an object of External Secrets is. */
export interface Synced {
    /** Undefined where its controller has said nothing yet. */
    readonly ready?: boolean;
    /** What the operator says about it, the latest first: its condition names no cause, its events do. */
    readonly messages: readonly string[];
}

/** Which write of the Vault secret is meant: a secret that was deleted and written again counts from 1 again. */
export interface Marked {
    readonly version?: string;
    /** When that version was written. */
    readonly written?: string;
}

/** Its marks are those that the stack declared. */
export interface ExternalSecret extends Synced, Marked {
    readonly refreshed?: Date;
    /** Whether the operator has acted on what is declared now. */
    readonly seen: boolean;
    /** When it was declared first. */
    readonly created: Date;
    /** When what it declares changed last. */
    readonly changed: Date;
}

export interface SecretState extends Marked {
    /** Id of the access key in it; no secret. */
    readonly keyId?: string;
    /** When its values changed last. */
    readonly changed?: Date;
}

/** Its marks are those that its template names. */
export interface DeploymentState extends Marked {
    readonly desired: number;
    readonly available: number;
    /** Why it makes no pods or does not get on, as its controller says. */
    readonly trouble: readonly string[];
}

export interface PodState extends Marked {
    readonly name: string;
    readonly created: Date;
    readonly ready: boolean;
    /** Why it does not run, as its node or the scheduler says. */
    readonly waiting: readonly string[];
}
