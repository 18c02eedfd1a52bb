import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { duration } from "./policy";
import { DynamicSource, StaticSource } from "./vault";

const apiVersion = "external-secrets.io/v1";
const generatorApiVersion = "generators.external-secrets.io/v1alpha1";

/** How the operator reaches Vault and logs in. */
export interface VaultConnection {
    readonly address: pulumi.Input<string>;
    readonly caCert: pulumi.Input<string> | undefined;
    readonly vaultNamespace: string | undefined;
    readonly authPath: string;
    readonly roleName: string;
    readonly audience: string;
    readonly serviceAccount: pulumi.Input<string>;
}

/** Where the pipeline ends. */
export interface Target {
    readonly namespace: pulumi.Input<string>;
    readonly externalSecretName: string;
    readonly secretName: string;
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

/** Makes the SecretStore and the ExternalSecret that copy a KV v2 secret into the cluster. */
export function syncStatic(
    parent: pulumi.Resource,
    name: string,
    source: StaticSource,
    connection: VaultConnection,
    target: Target,
    version: pulumi.Input<string> | undefined,
    dependsOn: pulumi.Resource[],
): kubernetes.apiextensions.CustomResource {
    const store = new kubernetes.apiextensions.CustomResource(
        `${name}-store`,
        {
            apiVersion,
            kind: "SecretStore",
            metadata: { name: source.secretStoreName, namespace: target.namespace },
            spec: { provider: { vault: { ...provider(connection), path: source.mount.path, version: "v2" } } },
        },
        { parent, dependsOn },
    );
    return new kubernetes.apiextensions.CustomResource(
        `${name}-external-secret`,
        {
            apiVersion,
            kind: "ExternalSecret",
            metadata: {
                name: target.externalSecretName,
                namespace: target.namespace,
                // The operator reads Vault again as soon as an annotation changes, not only when the refresh is due.
                annotations: version === undefined ? undefined : { "force-sync": version },
            },
            spec: {
                refreshInterval: duration(source.refreshSeconds ?? 3600),
                secretStoreRef: { kind: "SecretStore", name: source.secretStoreName },
                target: { name: target.secretName, creationPolicy: "Owner" },
                data: Object.entries(source.keys).map(([secretKey, property]) => ({
                    secretKey,
                    // Without the mount and without `data/`: the operator adds both.
                    remoteRef: { key: source.path, property },
                })),
            },
        },
        { parent, dependsOn: [store] },
    );
}

/** Makes the generator and the ExternalSecret that have Vault make new keys at every refresh. */
export function syncDynamic(
    parent: pulumi.Resource,
    name: string,
    source: DynamicSource,
    connection: VaultConnection,
    target: Target,
    readPath: string,
    dependsOn: pulumi.Resource[],
): kubernetes.apiextensions.CustomResource {
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
    return new kubernetes.apiextensions.CustomResource(
        `${name}-external-secret`,
        {
            apiVersion,
            kind: "ExternalSecret",
            metadata: { name: target.externalSecretName, namespace: target.namespace },
            spec: {
                refreshInterval: duration(source.refreshSeconds),
                target: {
                    name: target.secretName,
                    creationPolicy: "Owner",
                    // From the names that Vault gives to the names that the Secret's readers expect.
                    template: {
                        engineVersion: "v2",
                        data: {
                            [source.keys.accessKeyId]: "{{ .access_key }}",
                            [source.keys.secretAccessKey]: "{{ .secret_key }}",
                            [source.keys.sessionToken]: "{{ .security_token }}",
                        },
                    },
                },
                dataFrom: [
                    {
                        sourceRef: {
                            generatorRef: {
                                apiVersion: generatorApiVersion,
                                kind: "VaultDynamicSecret",
                                name: source.generatorName,
                            },
                        },
                    },
                ],
            },
        },
        { parent, dependsOn: [generator] },
    );
}
