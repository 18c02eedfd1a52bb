import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";

import { awsCredentialsPath, kvDataPath, readOnly } from "./policy";

/** A mount or a device of Vault that exists once: made here and kept when the stack is destroyed, or there already. */
export type Manage = "create" | "existing";

/** The KV v2 mount that holds static secrets. */
export interface KvMount {
    /** Mount path without slashes at its ends, e.g. `secret`. */
    readonly path: string;
    /** `create` mounts the engine and keeps it on destroy; `existing` uses what is there. */
    readonly manage: Manage;
}

/** The mount of the auth method `kubernetes`: made with its configuration, or there already. */
export type KubernetesAuth =
    | {
          /** Mount path without slashes at its ends, e.g. `kubernetes`. */
          readonly path: string;
          readonly manage: "existing";
      }
    | {
          /** Mount path without slashes at its ends, e.g. `kubernetes`. */
          readonly path: string;
          readonly manage: "create";
          /**
           * Address of the Kubernetes API at which Vault asks whether a service account's token is genuine, e.g.
           * `https://kubernetes.default.svc`. Vault runs in that cluster: it asks with what its own pod has.
           */
          readonly host: pulumi.Input<string>;
      };

/** Vault's audit device: made here and kept on destroy, or there already. */
export type AuditDevice =
    | {
          readonly manage: "existing";
          /** Path of the device, e.g. `file`. */
          readonly path: string;
      }
    | {
          readonly manage: "create";
          /** Path of the device, e.g. `file`. */
          readonly path: string;
          /** The file that it writes, as Vault sees it, e.g. `/vault/logs/audit.log`; or `stdout`. */
          readonly file: string;
      };

/** Values that are known beforehand and kept in Vault. */
export interface StaticSource {
    readonly kind: "static";
    readonly mount: KvMount;
    /** Path of the secret in the mount, without the mount and without `data/`, e.g. `team/aws`. */
    readonly path: string;
    /** The secret's fields; every value is kept as a secret in the stack's state. */
    readonly fields: Readonly<Record<string, pulumi.Input<string>>>;
    /** Key of the Kubernetes Secret → field of the Vault secret. */
    readonly keys: Readonly<Record<string, string>>;
    /** Name of the SecretStore. */
    readonly secretStoreName: string;
    /**
     * How often the operator reads Vault again, in seconds.
     *
     * @default 3600
     */
    readonly refreshSeconds?: number;
}

/** AWS keys that Vault makes anew at every refresh. */
export interface DynamicSource {
    readonly kind: "dynamic";
    /** Mount path of Vault's AWS secrets engine, which exists and has credentials of its own. */
    readonly awsMount: string;
    /** Name of the role in that engine. */
    readonly awsRole: string;
    /**
     * ARN of the role whose sessions the keys are; it trusts the principal with which Vault calls AWS. AWS lets a session
     * last 900 seconds at least and the role's maximum at most.
     */
    readonly roleArn: pulumi.Input<string>;
    /** Keys of the Kubernetes Secret. */
    readonly keys: {
        readonly accessKeyId: string;
        readonly secretAccessKey: string;
        /** AWS takes the keys of a session only together with its token. */
        readonly sessionToken: string;
    };
    /** Name of the generator (VaultDynamicSecret). */
    readonly generatorName: string;
    /**
     * How long a set of keys and the Vault token that made it live, in seconds: at least three times `refreshSeconds`,
     * since keys die with their token, and a refresh may fail once and pods take time to be replaced.
     */
    readonly ttlSeconds: number;
    /** How often the operator asks Vault for a new set, in seconds. */
    readonly refreshSeconds: number;
}

/** Where the pipeline starts: a Vault path that can be read, and what a change of it looks like. */
export interface VaultSource {
    /** The path that the policy opens. */
    readonly readPath: string;
    /** Version of the KV secret; undefined where there is none. */
    readonly version: pulumi.Output<string> | undefined;
    /** What has to be there before the operator reads. */
    readonly resources: readonly pulumi.Resource[];
}

/** Puts the values into Vault: mounts the engine if asked, writes the secret. */
export function createStaticSource(
    parent: pulumi.Resource,
    name: string,
    source: StaticSource,
    namespace: string | undefined,
): VaultSource {
    const mount = source.mount.manage === "create" ? mountKv(parent, name, source.mount.path, namespace) : undefined;
    const secret = new vault.kv.SecretV2(
        `${name}-secret`,
        {
            mount: mount?.path ?? source.mount.path,
            name: source.path,
            dataJson: pulumi.secret(pulumi.jsonStringify(sorted(source.fields))),
            // With the last version only, destroying would leave the older keys readable.
            deleteAllVersions: true,
            namespace,
        },
        { parent },
    );
    return {
        readPath: kvDataPath(source.mount.path, source.path),
        version: secret.metadata["version"],
        resources: [secret],
    };
}

function mountKv(parent: pulumi.Resource, name: string, path: string, namespace: string | undefined): vault.Mount {
    return new vault.Mount(
        `${name}-mount`,
        { path, type: "kv", options: { version: "2" }, namespace },
        // It holds other secrets too.
        { parent, retainOnDelete: true },
    );
}

/** Vault gives JSON back with its keys in order: written in that order, it never differs from what is declared. */
function sorted<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
    return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Makes the role of Vault's AWS secrets engine that makes the keys. */
export function createDynamicSource(
    parent: pulumi.Resource,
    name: string,
    source: DynamicSource,
    namespace: string | undefined,
): VaultSource {
    const { roleArn, ttlSeconds } = source;
    const role = new vault.aws.SecretBackendRole(
        `${name}-aws-role`,
        {
            backend: source.awsMount,
            name: source.awsRole,
            credentialType: "assumed_role",
            roleArns: [roleArn],
            defaultStsTtl: ttlSeconds,
            maxStsTtl: ttlSeconds,
            namespace,
        },
        { parent },
    );
    return {
        readPath: awsCredentialsPath(source.awsMount, source.awsRole),
        version: undefined,
        resources: [role],
    };
}

/** Who may log in to Vault, and for how long. */
export interface LoginArgs {
    readonly auth: KubernetesAuth;
    readonly policyName: string;
    readonly roleName: string;
    readonly audience: string;
    readonly serviceAccount: pulumi.Input<string>;
    readonly kubernetesNamespace: pulumi.Input<string>;
    readonly tokenTtlSeconds: number;
    readonly readPath: string;
    readonly vaultNamespace: string | undefined;
}

/** Makes the policy that opens one path and the role that gives it to one service account. */
export function createLogin(parent: pulumi.Resource, name: string, args: LoginArgs): vault.kubernetes.AuthBackendRole {
    const namespace = args.vaultNamespace;
    const policy = new vault.Policy(
        `${name}-policy`,
        { name: args.policyName, policy: readOnly(args.readPath), namespace },
        { parent },
    );
    const backend = args.auth.manage === "create" ? enableAuth(parent, name, args.auth, namespace) : args.auth.path;
    return new vault.kubernetes.AuthBackendRole(
        `${name}-role`,
        {
            backend,
            roleName: args.roleName,
            boundServiceAccountNames: [args.serviceAccount],
            boundServiceAccountNamespaces: [args.kubernetesNamespace],
            audience: args.audience,
            tokenPolicies: [policy.name],
            tokenTtl: args.tokenTtlSeconds,
            namespace,
        },
        { parent },
    );
}

/** Enables and configures the auth method; its path is known once it can be used. */
function enableAuth(
    parent: pulumi.Resource,
    name: string,
    auth: Extract<KubernetesAuth, { manage: "create" }>,
    namespace: string | undefined,
): pulumi.Output<string> {
    // Others log in through it too, so it outlives the stack with its configuration.
    const kept = { parent, retainOnDelete: true };
    const method = new vault.AuthBackend(`${name}-auth`, { type: "kubernetes", path: auth.path, namespace }, kept);
    const config = new vault.kubernetes.AuthBackendConfig(
        `${name}-auth-config`,
        { backend: method.path, kubernetesHost: auth.host, namespace },
        kept,
    );
    return config.backend.apply((backend) => backend ?? auth.path);
}

/** Turns the audit device on, if it is not there already. */
export function createAudit(
    parent: pulumi.Resource,
    name: string,
    audit: AuditDevice | undefined,
    namespace: string | undefined,
): void {
    if (audit?.manage !== "create") return;
    new vault.Audit(
        `${name}-audit`,
        { path: audit.path, type: "file", options: { file_path: audit.file }, namespace },
        // A log of every access must not end with one of its users.
        { parent, retainOnDelete: true },
    );
}
