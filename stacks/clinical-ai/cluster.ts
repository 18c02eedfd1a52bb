import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type * as vault from "@pulumi/vault";

import { type KubernetesAuth, SharedVault, VaultSecretPipeline } from "../../components/vault-secret-pipeline";
import { clinicalAi, type ClinicalAiClusterOutputs, type ClinicalAiClusterSettings } from "../../services/clinical-ai";
import { type StackContext } from "../context";
import { connectKubernetes, connectVault, readCaCert } from "../providers";
import { refuseForeignSecret } from "./foreign-secret";
import { type SecretKeys, type WorkerIdentity } from "./identity";
import { installExternalSecrets } from "./operator";
import { createWorkload, type PodSecret } from "./workload";

/** The cluster and the Vault that a stack joins. */
interface Providers {
    readonly kubernetes: kubernetes.Provider;
    readonly vault: vault.Provider;
}

/** Puts the worker, and where its keys come through Vault their way, into the cluster (B1 to B6, B9, B11). */
export function deployToCluster(
    settings: ClinicalAiClusterSettings,
    identity: WorkerIdentity,
    context: StackContext,
): pulumi.Output<ClinicalAiClusterOutputs> {
    const provider = connectKubernetes(settings.kubernetes);
    const namespace = settings.kubernetes.namespace === "create" ? [createNamespace(provider)] : [];
    const { externalSecrets, externalSecretsVersion } = settings.kubernetes;
    const operator = externalSecrets === "create" ? [installExternalSecrets(provider, externalSecretsVersion)] : [];
    // Everything that the operator reads follows the service account.
    const account = createServiceAccount(provider, identity, [...namespace, ...operator]);
    const providers = usesVault(settings.vault, identity)
        ? { kubernetes: provider, vault: connectVault(settings.vault) }
        : undefined;
    const shared = providers && createShared(settings.vault, providers);
    const pipeline =
        providers && identity.secretKeys && deliverKeys(settings, providers, shared, identity.secretKeys, account);
    createWorkload(
        {
            region: context.region,
            image: settings.image,
            replicas: settings.replicas,
            secret: pipeline && podSecret(pipeline, identity.secretKeys!),
            usesPodIdentityAgent: identity.usesPodIdentityAgent,
        },
        { provider, dependsOn: [...namespace, account, ...identity.before] },
    );
    return outputsOf(settings, identity, pipeline);
}

function outputsOf(
    { kubernetes: cluster, vault, image, replicas }: ClinicalAiClusterSettings,
    identity: WorkerIdentity,
    pipeline: VaultSecretPipeline | undefined,
): pulumi.Output<ClinicalAiClusterOutputs> {
    return pulumi.output({
        namespace: clinicalAi.namespace,
        kubeconfig: cluster.kubeconfig,
        context: cluster.context,
        vaultAddress: vault.address,
        vaultCaCertFile: vault.caCertFile,
        vaultNamespace: vault.namespace,
        audience: vault.audience,
        vaultRole: identity.secretKeys?.vaultRole,
        vaultVersion: pipeline?.vaultVersion,
        vaultCreated: pipeline?.vaultCreated,
        vaultKubernetesHost: vault.auth === "create" ? kubernetesAuth(vault.kubernetes).host : undefined,
        dynamic: identity.secretKeys && lifetimes(identity.secretKeys),
        image,
        replicas,
    });
}

function createNamespace(provider: kubernetes.Provider): kubernetes.core.v1.Namespace {
    return new kubernetes.core.v1.Namespace(
        "clinical-ai-namespace",
        {
            metadata: {
                name: clinicalAi.namespace,
                labels: { "pod-security.kubernetes.io/enforce": "restricted" },
            },
        },
        // Deleting a namespace deletes everything in it, of whoever it is.
        { provider, retainOnDelete: true },
    );
}

function createServiceAccount(
    provider: kubernetes.Provider,
    identity: WorkerIdentity,
    dependsOn: pulumi.Resource[],
): kubernetes.core.v1.ServiceAccount {
    const annotations = identity.serviceAccountAnnotations;
    return new kubernetes.core.v1.ServiceAccount(
        "clinical-ai-service-account",
        {
            metadata: {
                name: clinicalAi.serviceAccount,
                namespace: clinicalAi.namespace,
                annotations: Object.keys(annotations).length > 0 ? { ...annotations } : undefined,
            },
            // The worker does not talk to the Kubernetes API; credentials of AWS are mounted apart from this.
            automountServiceAccountToken: false,
        },
        { provider, dependsOn },
    );
}

function lifetimes({ source }: SecretKeys): ClinicalAiClusterOutputs["dynamic"] {
    if (source.kind === "static") return undefined;
    const { awsMount, ttlSeconds, refreshSeconds } = source;
    return { awsMount, ttlSeconds, refreshSeconds };
}

type VaultSettings = ClinicalAiClusterSettings["vault"];

/** Without keys to deliver and without something to share, no Vault is asked for, nor a token of it. */
function usesVault({ mount, auth, audit }: VaultSettings, identity: WorkerIdentity): boolean {
    return identity.secretKeys !== undefined || [mount, auth, audit].includes("create");
}

/**
 * Makes what the settings say is this stack's to make, whatever the mode: it outlives a mode as it outlives the stack,
 * so that a stack that comes back to an earlier mode finds it in its state and not in its way.
 */
function createShared(settings: VaultSettings, providers: Providers): SharedVault | undefined {
    const { mount, auth, audit, auditFile } = settings;
    if (![mount, auth, audit].includes("create")) return undefined;
    return new SharedVault("clinical-ai-shared", {
        providers,
        kvMount: mount === "create" ? clinicalAi.vault.mount : undefined,
        auth: auth === "create" ? kubernetesAuth(settings.kubernetes) : undefined,
        audit: audit === "create" ? { path: clinicalAi.vault.auditDevice, file: auditFile } : undefined,
        vaultNamespace: settings.namespace,
    });
}

function kubernetesAuth(outside: VaultSettings["kubernetes"]): KubernetesAuth {
    const { authMount: path, reviewer } = clinicalAi.vault;
    if (!outside) return { path, vaultRuns: "inCluster", host: "https://kubernetes.default.svc" };
    return { path, vaultRuns: "outside", host: outside.host, caCert: readCaCert(outside.caCertFile), reviewer };
}

function deliverKeys(
    { vault: settings, kubernetes: cluster }: ClinicalAiClusterSettings,
    providers: Providers,
    shared: SharedVault | undefined,
    keys: SecretKeys,
    account: kubernetes.core.v1.ServiceAccount,
): VaultSecretPipeline {
    const { source } = keys;
    return new VaultSecretPipeline("clinical-ai-keys", {
        providers,
        source: source.kind === "static" ? { ...source, mount: shared?.kvMount ?? clinicalAi.vault.mount } : source,
        authPath: shared?.authPath ?? clinicalAi.vault.authMount,
        policyName: keys.vaultPolicy,
        roleName: keys.vaultRole,
        audience: settings.audience,
        tokenTtlSeconds: clinicalAi.vault.tokenTtlSeconds,
        vaultAddress: settings.address,
        vaultCaCert: readCaCert(settings.caCertFile),
        vaultNamespace: settings.namespace,
        namespace: account.metadata.namespace,
        serviceAccount: account.metadata.name,
        externalSecretName: clinicalAi.externalSecret,
        secretName: clinicalAi.secret,
        syncTimeoutSeconds: settings.syncTimeoutSeconds,
        beforeSync: refuseForeignSecret(cluster),
    });
}

function podSecret(pipeline: VaultSecretPipeline, keys: SecretKeys): PodSecret {
    return {
        name: pipeline.secretName,
        variables: keys.variables,
        ...(keys.replacedBy === "stack"
            ? { version: pipeline.vaultVersion, created: pipeline.vaultCreated }
            : { version: undefined, created: undefined }),
    };
}
