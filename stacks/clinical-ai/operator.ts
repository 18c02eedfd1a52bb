import * as kubernetes from "@pulumi/kubernetes";

import { externalSecrets } from "../../services/clinical-ai/names";

/**
 * Installs External Secrets by its Helm chart, with its custom resource definitions (B4). It serves the whole cluster, so
 * it stays when the stack is destroyed.
 */
export function installExternalSecrets(provider: kubernetes.Provider, version: string): kubernetes.helm.v3.Release {
    return new kubernetes.helm.v3.Release(
        "clinical-ai-external-secrets",
        {
            name: externalSecrets.release,
            namespace: externalSecrets.namespace,
            createNamespace: true,
            chart: externalSecrets.chart,
            version,
            repositoryOpts: { repo: externalSecrets.repository },
            values: { installCRDs: true },
            // The first SecretStore is refused until the operator's webhook answers.
            atomic: true,
            timeout: 300,
        },
        { provider, retainOnDelete: true },
    );
}
