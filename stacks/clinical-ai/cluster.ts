import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import {
    type AuditDevice,
    type KubernetesAuth,
    type StaticSource,
    type DynamicSource,
    VaultSecretPipeline,
} from "../../components/vault-secret-pipeline";
import { clinicalAi } from "../../services/clinical-ai";
import { type StackContext } from "../context";
import { type ClinicalAiClusterSettings } from "../settings";
import { type SecretKeys, type WorkerIdentity } from "./identity";
import { connectKubernetes, connectVault, vaultCaCert } from "../providers";
import { createWorkload, type PodSecret } from "./workload";

/** Puts the worker, and where its keys come through Vault their way, into the cluster (B1 to B6, B9, B11). */
export function deployToCluster(
    settings: ClinicalAiClusterSettings,
    identity: WorkerIdentity,
    context: StackContext,
): void {
    const provider = connectKubernetes(settings.kubernetes);
    const namespace = settings.kubernetes.namespace === "create" ? [createNamespace(provider)] : [];
    const account = createServiceAccount(provider, identity, namespace);
    const secret = identity.secretKeys && deliverKeys(settings.vault, provider, identity.secretKeys, account);
    createWorkload(
        {
            region: context.region,
            image: settings.image,
            replicas: settings.replicas,
            secret,
            usesPodIdentityAgent: identity.usesPodIdentityAgent,
        },
        { provider, dependsOn: [...namespace, account, ...identity.before] },
    );
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

function deliverKeys(
    vault: ClinicalAiClusterSettings["vault"],
    provider: kubernetes.Provider,
    keys: SecretKeys,
    account: kubernetes.core.v1.ServiceAccount,
): PodSecret {
    const pipeline = new VaultSecretPipeline("clinical-ai-keys", {
        providers: { vault: connectVault(vault), kubernetes: provider },
        source: mounted(keys.source, vault.mount),
        auth: kubernetesAuth(vault.auth),
        policyName: clinicalAi.vault.policy,
        roleName: keys.vaultRole,
        audience: vault.audience,
        tokenTtlSeconds: clinicalAi.vault.tokenTtlSeconds,
        vaultAddress: vault.address,
        vaultCaCert: vaultCaCert(vault),
        vaultNamespace: vault.namespace,
        audit: auditDevice(vault.audit),
        namespace: account.metadata.namespace,
        serviceAccount: account.metadata.name,
        externalSecretName: clinicalAi.externalSecret,
        secretName: clinicalAi.secret,
    });
    return {
        name: pipeline.secretName,
        variables: keys.variables,
        version: keys.replacedBy === "stack" ? pipeline.vaultVersion : undefined,
    };
}

function mounted(source: StaticSource | DynamicSource, manage: "create" | "existing"): StaticSource | DynamicSource {
    return source.kind === "static" ? { ...source, mount: { ...source.mount, manage } } : source;
}

/** Made here, the auth method is that of a Vault that runs in the cluster: its pod knows the rest. */
function kubernetesAuth(manage: "create" | "existing"): KubernetesAuth {
    const path = clinicalAi.vault.authMount;
    return manage === "existing" ? { path, manage } : { path, manage, host: "https://kubernetes.default.svc" };
}

/** Made here, the audit device writes to Vault's standard output, where the cluster collects logs. */
function auditDevice(manage: "create" | "existing"): AuditDevice {
    const path = "file";
    return manage === "existing" ? { path, manage } : { path, manage, file: "stdout" };
}
