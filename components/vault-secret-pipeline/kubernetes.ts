import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { duration } from "./policy";
import { type DynamicSource, type Marks, type StaticSource } from "./vault";

const apiVersion = "external-secrets.io/v1";
const generatorApiVersion = "generators.external-secrets.io/v1alpha1";

/** How the operator reaches Vault and logs in. */
export interface VaultConnection {
    readonly address: pulumi.Input<string>;
    readonly caCert: pulumi.Input<string> | undefined;
    readonly vaultNamespace: string | undefined;
    readonly authPath: pulumi.Input<string>;
    readonly roleName: string;
    readonly audience: string;
    readonly serviceAccount: pulumi.Input<string>;
}

/** Where the pipeline ends. */
export interface Target {
    readonly namespace: pulumi.Input<string>;
    readonly externalSecretName: string;
    readonly secretName: string;
    /** How long the operator gets to write the Secret, in seconds. */
    readonly syncTimeoutSeconds: number;
    readonly beforeSync: pulumi.ResourceHook | undefined;
}

/** The part of a store's or a generator's specification that says how to reach Vault. */
function provider(connection: VaultConnection): Record<string, unknown> {
    const { caCert, vaultNamespace } = connection;
    return {
        server: connection.address,
        ...(vaultNamespace === undefined ? {} : { namespace: vaultNamespace }),
        // Bytes: the API takes the PEM text in base64.
        ...(caCert === undefined
            ? {}
            : { caBundle: pulumi.output(caCert).apply((pem) => Buffer.from(pem).toString("base64")) }),
        auth: {
            kubernetes: {
                mountPath: connection.authPath,
                role: connection.roleName,
                // The operator asks for a token of this service account with the audience that the Vault role wants.
                serviceAccountRef: { name: connection.serviceAccount, audiences: [connection.audience] },
            },
        },
    };
}

/** From where to where, and after what. */
export interface Sync {
    readonly connection: VaultConnection;
    readonly target: Target;
    /** What the Secret has to carry before the update goes on. */
    readonly marks: Marks;
    readonly dependsOn: pulumi.Resource[];
}

/** Makes the SecretStore and the ExternalSecret that copy a KV v2 secret into the cluster. */
export function syncStatic(
    parent: pulumi.Resource,
    name: string,
    source: StaticSource,
    { connection, target, marks, dependsOn }: Sync,
): pulumi.Output<string> {
    const store = new kubernetes.apiextensions.CustomResource(
        `${name}-store`,
        {
            apiVersion,
            kind: "SecretStore",
            metadata: { name: source.secretStoreName, namespace: target.namespace },
            spec: { provider: { vault: { ...provider(connection), path: source.mount, version: "v2" } } },
        },
        { parent, dependsOn },
    );
    const spec = {
        refreshInterval: duration(source.refreshSeconds ?? 3600),
        secretStoreRef: { kind: "SecretStore", name: source.secretStoreName },
        data: Object.entries(source.keys).map(([secretKey, property]) => ({
            secretKey,
            // Without the mount and without `data/`: the operator adds both.
            remoteRef: { key: source.path, property },
        })),
    };
    // Without data of its own, a template leaves the values as they were read.
    return sync(parent, name, spec, {}, target, marks, [store]);
}

/** Makes the generator and the ExternalSecret that have Vault make new keys at every refresh. */
export function syncDynamic(
    parent: pulumi.Resource,
    name: string,
    source: DynamicSource,
    { connection, target, marks, dependsOn, readPath }: Sync & { readonly readPath: pulumi.Input<string> },
): pulumi.Output<string> {
    const generator = new kubernetes.apiextensions.CustomResource(
        `${name}-generator`,
        {
            apiVersion: generatorApiVersion,
            kind: "VaultDynamicSecret",
            metadata: { name: source.generatorName, namespace: target.namespace },
            spec: { path: readPath, method: "GET", resultType: "Data", provider: provider(connection) },
        },
        { parent, dependsOn },
    );
    const generatorRef = {
        apiVersion: generatorApiVersion,
        kind: "VaultDynamicSecret",
        name: source.generatorName,
    };
    const spec = { refreshInterval: duration(source.refreshSeconds), dataFrom: [{ sourceRef: { generatorRef } }] };
    // From the names that Vault gives to the names that the Secret's readers expect.
    const data = {
        [source.keys.accessKeyId]: "{{ .access_key }}",
        [source.keys.secretAccessKey]: "{{ .secret_key }}",
        [source.keys.sessionToken]: "{{ .security_token }}",
    };
    return sync(parent, name, spec, { data }, target, marks, [generator]);
}

/**
 * Makes the ExternalSecret, and waits for the sync that it causes. The operator acts on a change of the specification
 * at once, and only the sync that follows writes the marks to the Secret, together with the values. The condition Ready
 * alone proves the first sync only: it stays true from one to the next.
 *
 * @returns the name of the Secret, once it carries the marks
 */
function sync(
    parent: pulumi.Resource,
    name: string,
    spec: Record<string, unknown>,
    template: { readonly data?: Record<string, string> },
    target: Target,
    marks: Marks,
    dependsOn: pulumi.Resource[],
): pulumi.Output<string> {
    const timeout = { "pulumi.com/timeoutSeconds": String(target.syncTimeoutSeconds) };
    const externalSecret = new kubernetes.apiextensions.CustomResource(
        `${name}-external-secret`,
        {
            apiVersion,
            kind: "ExternalSecret",
            metadata: {
                name: target.externalSecretName,
                namespace: target.namespace,
                annotations: { "pulumi.com/waitFor": "condition=Ready", ...timeout },
            },
            spec: {
                ...spec,
                target: {
                    name: target.secretName,
                    creationPolicy: "Owner",
                    template: {
                        engineVersion: "v2",
                        metadata: { annotations: { ...marks } },
                        ...template,
                    },
                },
            },
        },
        { parent, dependsOn, hooks: target.beforeSync && { beforeCreate: [target.beforeSync] } },
    );
    // Changes nothing of the Secret, which is the operator's, but these two annotations.
    const synced = new kubernetes.core.v1.SecretPatch(
        `${name}-synced`,
        {
            metadata: {
                name: target.secretName,
                namespace: target.namespace,
                annotations: {
                    "pulumi.com/waitFor": pulumi.output({ ...marks }).apply(waitForAll),
                    ...timeout,
                },
            },
        },
        { parent, dependsOn: [externalSecret] },
    );
    return pulumi
        .all([synced.metadata, pulumi.output({ ...marks })])
        .apply(([{ annotations }, wanted]) => requireMarks(parent, target, annotations, wanted));
}

/**
 * The provider forgets in a refresh that a wait has failed, and the next update does not wait: what the Secret carries
 * tells whether it holds what Vault has now. A preview plans an update that waits.
 */
function requireMarks(
    parent: pulumi.Resource,
    { secretName, externalSecretName }: Target,
    carried: Readonly<Record<string, string>> | undefined,
    wanted: Readonly<Record<string, string>>,
): string {
    const missing = Object.entries(wanted).find(([name, value]) => carried?.[name] !== value);
    if (!missing || pulumi.runtime.isDryRun()) return secretName;
    const [name, value] = missing;
    throw new pulumi.ResourceError(
        `Secret ${secretName} carries ${name} ${carried?.[name] ?? "nothing"}, and Vault has ${value}: External Secrets ` +
            "had not copied it when the stack was last refreshed. See what it says (kubectl describe " +
            `externalsecret ${externalSecretName}), and when the Secret carries it, run \`pulumi up --refresh\`.`,
        parent,
        true,
    );
}

/** The provider waits until each path has its value: one as text, several as a JSON array. */
function waitForAll(marks: Readonly<Record<string, string>>): string {
    const paths = Object.entries(marks).map(([name, value]) => `jsonpath={.metadata.annotations['${name}']}=${value}`);
    return paths.length === 1 ? paths[0] : JSON.stringify(paths);
}
