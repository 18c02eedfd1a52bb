/** Whose credentials a check uses. */
export type Caller =
    | "service"
    | "operator"
    | "deployer"
    /** A user that the deployer makes for this run, as a member of that group. */
    | { readonly temporaryMemberOf: string }
    /** A user that the deployer makes for this run and that may assume (and read) the role with this ARN, nothing else. */
    | { readonly mayAssume: string }
    /** A service account of the cluster, with a token that the deployer asks the Kubernetes API for. */
    | ServiceAccount
    /** Whoever has the keys that the pods of that Deployment have in their environment. */
    | { readonly environmentOf: string; readonly namespace: string };

/** A service account of the cluster. */
export interface ServiceAccount {
    readonly serviceAccount: string;
    readonly namespace: string;
}

/** How a Vault is reached. */
export interface VaultAddress {
    readonly address: string;
    /** Path of the PEM file by which its certificate is trusted; default: Node's own authorities. */
    readonly caCertFile?: string;
    /** A namespace of Vault Enterprise. */
    readonly namespace?: string;
}

/** An object of the Kubernetes API. */
export interface ObjectReference {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
}

/** Where in an object or an answer a value is, key by key; a list's elements have their index as key. */
export type Place = readonly string[];

/** One call to S3. `get`, `delete`, `deleteVersion`, `tag` and `writeAcl` act on an object that the deployer put there first. */
export type S3Call =
    | "list"
    | "get"
    | "put"
    | "delete"
    | "multipart"
    | "tag"
    | "listBuckets"
    | "listUploads"
    | "deleteVersion"
    | "writeAcl"
    | "readVersioning"
    | "writePolicy";

/** What an upload says about its encryption; nothing when absent. */
export type Encryption = "AES256" | "aws:kms" | "customer key";

/** How the answer to a check is got. Every kind has its executor in `ops/verify`. */
export type Probe =
    /** Whether a call to S3 is allowed. */
    | {
          readonly kind: "s3";
          readonly call: S3Call;
          readonly bucket: string;
          /** What object keys begin with; for `list` the prefix asked for, none when absent. */
          readonly under?: string;
          readonly encryption?: Encryption;
          /** The request goes without TLS. */
          readonly plaintext?: boolean;
      }
    /** What a bucket declares. */
    | {
          readonly kind: "bucket";
          readonly aspect: "versioning" | "encryption" | "publicAccess" | "lifecycle" | "ownership" | "cors";
          readonly bucket: string;
      }
    /** Whether a call to IAM is allowed. */
    | { readonly kind: "iam"; readonly call: "listUsers" | "getUser"; readonly user?: string }
    /** What an IAM user is granted, is attached to, and which of its keys are active and which are not. */
    | { readonly kind: "user"; readonly aspect: "grants" | "attachments" | "groups" | "keys"; readonly user: string }
    | { readonly kind: "role"; readonly aspect: "trust" | "grants" | "attachments"; readonly role: string }
    /** What a managed policy grants, whether it ends all invocations, and who has it. */
    | {
          readonly kind: "policy";
          readonly aspect: "grants" | "deniesInvoking" | "attachments";
          readonly policyArn: string;
      }
    | { readonly kind: "assumeRole"; readonly roleArn: string }
    /** Whether a call to Bedrock is allowed. */
    | {
          readonly kind: "bedrock";
          readonly call: "list" | "get" | "invoke" | "invokeStream";
          readonly model?: string;
      }
    /** Whether a model, or an inference profile, answers. */
    | { readonly kind: "modelHealth"; readonly model: string }
    /** Which model an inference profile serves, and in which regions. */
    | { readonly kind: "inferenceProfile"; readonly profileId: string }
    /** Whether a session of the service's role may invoke the model that its policy names, and not another. */
    | {
          readonly kind: "narrowedSession";
          readonly roleArn: string;
          /** The session's, as JSON. */
          readonly policy: string;
          readonly model: string;
          readonly other?: string;
      }
    /** What two equal requests through the gate are answered with, and charged. */
    | { readonly kind: "gateCache"; readonly url: string; readonly model: string }
    /** What the gate tells a caller of its own limits, and whether it counts. */
    | { readonly kind: "gateUsage"; readonly url: string; readonly model: string }
    /** What a key of the gate with a limit of one request an hour gets, and when it is revoked. */
    | { readonly kind: "gateKey"; readonly keysUrl: string; readonly model: string; readonly controlName: string }
    /** What is counted of this month, and whether it is shut off. */
    | { readonly kind: "ledger"; readonly tableName: string; readonly tableArn: string; readonly microUsd: string }
    /** Lets a request cross the shut-off's level, looks who is denied, and restores. */
    | {
          readonly kind: "gateShutOff";
          readonly url: string;
          readonly model: string;
          readonly controlName: string;
          readonly user: string;
          readonly role: string;
          readonly policyArn: string;
      }
    /** How many instances wait for requests once the gate was used, once it is idle, and once it was used again. */
    | {
          readonly kind: "gateInstances";
          readonly url: string;
          readonly model: string;
          readonly controlName: string;
          readonly functionName: string;
          readonly alias: string;
      }
    /** Has the keeper find the shut-off's level crossed, invokes before, meanwhile and after. */
    | {
          readonly kind: "keeperShutOff";
          readonly controlName: string;
          readonly user: string;
          readonly policyArn: string;
          readonly model: string;
      }
    /** When a schedule starts what, by what role. */
    | { readonly kind: "schedule"; readonly name: string; readonly region: string }
    /** Whether a model answers through the gate. */
    | { readonly kind: "gateHealth"; readonly url: string; readonly model: string }
    | { readonly kind: "taskDefinition"; readonly arn: string }
    | { readonly kind: "budget"; readonly aspect: "limit" | "notifications" | "subscribers"; readonly budget: string }
    /** What a budget does by itself. */
    | { readonly kind: "budgetAction"; readonly budget: string }
    /** Who may publish to a topic. */
    | { readonly kind: "topic"; readonly aspect: "policy"; readonly topicArn: string }
    /** Whether what is published to a topic is mailed to an address. */
    | { readonly kind: "subscription"; readonly topicArn: string; readonly email: string }
    /** When an alarm goes off, and whom it tells. */
    | { readonly kind: "alarm"; readonly name: string; readonly region: string }
    /** Which account the caller's keys belong to. */
    | { readonly kind: "account" }
    /** Attaches the policy to the user, invokes, detaches it, invokes again. */
    | {
          readonly kind: "shutOff";
          readonly user: string;
          readonly policyArn: string;
          readonly model: string;
      }
    /** What this run left behind in a bucket; run last. */
    | { readonly kind: "leftovers"; readonly bucket: string }
    | ClusterProbe;

/** How the answer to a check of the cluster side is got. */
export type ClusterProbe =
    /** Whether the Kubernetes API and Vault answer and know the caller. */
    | { readonly kind: "clusterAccess"; readonly vault: VaultAddress }
    /** Which of these resources the Kubernetes API serves. */
    | { readonly kind: "servedResources"; readonly groupVersion: string; readonly resources: readonly string[] }
    /** What an object of the Kubernetes API declares, and how it is. */
    | {
          readonly kind: "kubernetes";
          readonly aspect: "ready" | "variables" | "ingress" | "egress" | "available" | "exists";
          readonly object: ObjectReference;
      }
    /** Values of an object. */
    | { readonly kind: "kubernetesFields"; readonly object: ObjectReference; readonly fields: readonly Place[] }
    /** Which write of a secret the running pods of a Deployment started with. */
    | {
          readonly kind: "podVersions";
          readonly deployment: string;
          readonly namespace: string;
          readonly annotations: WriteAnnotations;
      }
    /** Which running pods of a Deployment are older than that. */
    | {
          readonly kind: "podAges";
          readonly deployment: string;
          readonly namespace: string;
          /** Undefined where the stack does not say. */
          readonly seconds: number | undefined;
      }
    /** Whether the API accepts a bare pod from a Deployment's template, or one that may gain privileges; nothing is made. */
    | {
          readonly kind: "podSecurity";
          readonly deployment: string;
          readonly namespace: string;
          readonly gainsPrivileges: boolean;
      }
    /** What the pods of a Deployment have in their environment: the values, or which of them are set. */
    | {
          readonly kind: "podEnvironment";
          readonly aspect: "values" | "names";
          readonly deployment: string;
          readonly namespace: string;
          readonly variables: readonly string[];
      }
    /** What the caller may do in the Kubernetes API, beyond what everybody may. */
    | { readonly kind: "ownRights"; readonly namespace: string }
    /** Whether something is at a path of Vault, and what a policy there opens. */
    | {
          readonly kind: "vault";
          readonly aspect: "exists" | "policy" | "audit";
          readonly vault: VaultAddress;
          readonly path: string;
      }
    /** Values of what Vault has at a path. */
    | {
          readonly kind: "vaultFields";
          readonly vault: VaultAddress;
          readonly path: string;
          readonly fields: readonly Place[];
      }
    /** Whether the caller, a service account, may log in, and what it may do then. */
    | {
          readonly kind: "vaultLogin";
          readonly login: VaultLogin;
          /** What is wrong with the token: its signature, or that this Secret, which it is bound to, was deleted. */
          readonly token?: { readonly fault: "signature" } | { readonly fault: "deleted"; readonly secret: string };
          readonly then?: { readonly call: "read" | "write" | "list"; readonly path: string };
      }
    /** Whether a Secret holds what Vault has. */
    | {
          readonly kind: "secretSync";
          /** Who reads Vault. */
          readonly reader: ServiceAccount;
          readonly login: VaultLogin;
          /** Path of the secret in the API of Vault's KV engine, version 2. */
          readonly path: string;
          readonly secret: string;
          /** Key of the Secret → field of the Vault secret. */
          readonly keys: Readonly<Record<string, string>>;
          /** Annotations of the Secret that say what it holds. */
          readonly annotations: WriteAnnotations;
      };

/** Names of the annotations that say which write of a Vault secret is meant: its version, and when it was written. */
export interface WriteAnnotations {
    readonly version: string;
    readonly written: string;
}

/** How a service account logs in to Vault. */
export interface VaultLogin {
    readonly vault: VaultAddress;
    readonly mount: string;
    readonly role: string;
    readonly audience: string;
}

export type ProbeKind = Probe["kind"];

/** One thing that must hold, as data. */
export interface Check {
    /** The id of the requirement: A1, C2, … */
    readonly id: string;
    readonly name: string;
    readonly caller: Caller;
    /** What the probe has to answer, word for word. */
    readonly expected: string;
    /** Further answers that are no fault, word for word; the note says why. */
    readonly tolerated?: readonly string[];
    readonly probe: Probe;
    /** What a reader has to know in order not to believe more than was tried. */
    readonly note?: string;
}

/** A check that an emulator answers otherwise than AWS, because it lacks something: no fault there, and one in AWS. */
export interface Gap {
    /** Of the check. */
    readonly id: string;
    readonly name: string;
    readonly answers: string;
    /** In words that follow "The emulator lacks". */
    readonly lacks: string;
}

/** What checks need to know of their stack, apart from their own service's outputs. */
export interface CheckContext {
    readonly partition: string;
    readonly accountId: string;
    /** A bucket of another service of the stack, which this one must not reach; undefined where there is none. */
    readonly foreignBucket?: string;
    /** Whether whoever verifies has access to the cluster and its Vault. */
    readonly cluster?: boolean;
}

export const allowed = "allowed";
/** The denial of S3, IAM and STS. */
export const denied = "denied (AccessDenied)";
/** The same denial in the words of Bedrock. */
export const deniedByBedrock = "denied (AccessDeniedException)";

/** That Bedrock knows no such model where it was asked. */
export function notServed(errorName: string): string {
    return `not served here (${errorName})`;
}

/** That a model answers. */
export const healthy = "200: answers";

/** That the owner of an address has agreed to be mailed what is published to a topic, or was asked and has not yet. */
export const subscribed = { confirmed: "confirmed", asked: "not confirmed yet" } as const;

/** Which model an inference profile serves, and in which regions: in every one where none is named. */
export function routesInWords(modelId: string, regions: readonly string[]): string {
    return `${modelId} in ${[...new Set(regions)].sort().join(", ") || "every region"}`;
}

/** A user's access keys, by whether they are in force. */
export function keysInWords(active: readonly string[], inactive: readonly string[] = []): string {
    const words = (ids: readonly string[]) => [...ids].sort().join(", ") || "none";
    return `active: ${words(active)}; inactive: ${words(inactive)}`;
}

/** A model that Bedrock serves and that no service may invoke. */
export const anyModel = "amazon.nova-micro-v1:0";
