import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";

import { type KvPlace, type KvVersion, placeFault, versionWrittenOver, writtenOverKey } from "./kv";
import { awsCredentialsPath, kvDataPath, readOnly } from "./policy";

/** Values that are known beforehand and kept in Vault. */
export interface StaticSource {
    readonly kind: "static";
    /** Mount path of the KV v2 engine, without slashes at its ends, e.g. `secret`; give the output of what mounts it. */
    readonly mount: pulumi.Input<string>;
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
     * last 900 seconds at least, and an hour at most where that principal is a role itself.
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

/** Annotations that the Secret carries once it holds what the pipeline's start has now, with their values. */
export type Marks = Readonly<Record<string, pulumi.Input<string>>>;

/** Where the pipeline starts: a Vault path that can be read, and how to know that it has been read. */
export interface VaultSource {
    /** The path that the policy opens. */
    readonly readPath: pulumi.Output<string>;
    readonly marks: Marks;
    /** Version of the KV secret; undefined where there is none. */
    readonly version: pulumi.Output<string> | undefined;
    /** When that version was written: a secret that was deleted and written again counts from 1 again. */
    readonly created: pulumi.Output<string> | undefined;
    /** What has to be there before the operator reads. */
    readonly resources: readonly pulumi.Resource[];
}

/** Writes the values into Vault. */
export function createStaticSource(
    parent: pulumi.Resource,
    name: string,
    source: StaticSource,
    namespace: string | undefined,
): VaultSource {
    const secret = new vault.kv.SecretV2(
        `${name}-secret`,
        {
            mount: source.mount,
            name: source.path,
            dataJson: pulumi.secret(pulumi.jsonStringify(sorted(source.fields))),
            customMetadata: { data: { [writtenOverKey]: writtenOver(parent, source, namespace) } },
            // With the last version only, destroying would leave the older keys readable.
            deleteAllVersions: true,
            namespace,
        },
        { parent },
    );
    const version = secret.metadata["version"];
    const created = secret.metadata["created_time"];
    return {
        readPath: pulumi.output(source.mount).apply((mount) => kvDataPath(mount, source.path)),
        marks: { "vault-version": version, "vault-created": created },
        version,
        created,
        resources: [secret],
    };
}

/**
 * The version over which the declared values are, or have to be, written; "0" where there was none.
 *
 * The provider never reads values back, so to it neither somebody else's write nor a deleted latest version is a
 * difference. This number is one: it changes when Vault holds other values than the declared ones, and with it the
 * resource is updated, which writes them again. From then on it is what the secret's own metadata says.
 *
 * What is there and was never written by a stack stops the update: it would be lost.
 */
function writtenOver(
    parent: pulumi.Resource,
    { mount, path, fields }: StaticSource,
    namespace: string | undefined,
): pulumi.Output<string> {
    const version = pulumi.all([mount, pulumi.all(fields)]).apply(async ([mount, declared]) => {
        const place = await look(parent, mount, path, namespace);
        const fault = placeFault(place, declared);
        if (fault) throw new pulumi.ResourceError(fault, parent, true);
        return versionWrittenOver(place, declared);
    });
    // A number of a version says nothing of its values.
    return pulumi.unsecret(version);
}

async function look(
    parent: pulumi.Resource,
    mount: string,
    path: string,
    namespace: string | undefined,
): Promise<KvPlace> {
    // The function for KV version 1 reads any path as it is; that for version 2 is deprecated, and says so each time.
    const read = async <Answer>(path: string, otherwise: (error: Error) => void) =>
        vault.kv.getSecret({ path, namespace }, { parent }).then(
            ({ dataJson }) => JSON.parse(dataJson) as Answer,
            (error: Error) => void otherwise(error),
        );
    // Before the mount is made none of these is there. What may not be read of them, the write finds out.
    const unlessRefused = () => undefined;
    const [latest, engine, config, metadata] = await Promise.all([
        read<KvVersion>(kvDataPath(mount, path), (error) => notRead(parent, error)),
        read<{ options?: { version?: string } | null }>(`sys/internal/ui/mounts/${mount}`, unlessRefused),
        read<{ cas_required?: boolean }>(`${mount}/config`, unlessRefused),
        read<{ cas_required?: boolean }>(`${mount}/metadata/${path}`, unlessRefused),
    ]);
    return {
        mount,
        path,
        latest: latest ?? undefined,
        engineVersion: engine && (engine.options?.version ?? "1"),
        checkAndSet: config?.cas_required ? "mount" : metadata?.cas_required ? "path" : undefined,
    };
}

/** Before the first write there is nothing to read; whatever else is wrong stops a write too, but not a preview. */
function notRead(parent: pulumi.Resource, { message }: Error): void {
    if (/no secret found|no handler for route|Upgrading from non-versioned/.test(message)) return;
    void pulumi.log.warn(
        `Vault was not read, so that values of somebody else would not be noticed: ${message}`,
        parent,
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
    const readPath = awsCredentialsPath(source.awsMount, source.awsRole);
    return {
        readPath: pulumi.output(readPath),
        marks: { "vault-path": readPath },
        version: undefined,
        created: undefined,
        resources: [role],
    };
}

/** Who may log in to Vault, and for how long. */
export interface LoginArgs {
    readonly authPath: pulumi.Input<string>;
    readonly policyName: string;
    readonly roleName: string;
    readonly audience: string;
    readonly serviceAccount: pulumi.Input<string>;
    readonly kubernetesNamespace: pulumi.Input<string>;
    readonly tokenTtlSeconds: number;
    readonly readPath: pulumi.Output<string>;
    readonly vaultNamespace: string | undefined;
}

/** Makes the policy that opens one path and the role that gives it to one service account. */
export function createLogin(parent: pulumi.Resource, name: string, args: LoginArgs): vault.kubernetes.AuthBackendRole {
    const namespace = args.vaultNamespace;
    const policy = new vault.Policy(
        `${name}-policy`,
        { name: args.policyName, policy: args.readPath.apply(readOnly), namespace },
        { parent },
    );
    return new vault.kubernetes.AuthBackendRole(
        `${name}-role`,
        {
            backend: args.authPath,
            roleName: args.roleName,
            boundServiceAccountNames: [args.serviceAccount],
            boundServiceAccountNamespaces: [args.kubernetesNamespace],
            audience: args.audience,
            // Vault adds its policy `default`, and it stays: the operator looks its token up before it uses it and
            // revokes it afterwards. It opens no secret; it lets a token look up, renew and revoke itself.
            tokenPolicies: [policy.name],
            tokenTtl: args.tokenTtlSeconds,
            // A token can renew itself, but not beyond this.
            tokenMaxTtl: args.tokenTtlSeconds,
            namespace,
        },
        { parent },
    );
}
