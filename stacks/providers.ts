import { readFileSync } from "node:fs";

import * as kubernetes from "@pulumi/kubernetes";
import * as vault from "@pulumi/vault";

import { type ClinicalAiClusterSettings } from "./settings";

/** Connects to the cluster of the settings. */
export function connectKubernetes({
    kubeconfig,
    context,
}: ClinicalAiClusterSettings["kubernetes"]): kubernetes.Provider {
    return new kubernetes.Provider("clinical-ai-kubernetes", { kubeconfig, context });
}

/** Connects to the Vault of the settings, with the deployer's token in VAULT_TOKEN. */
export function connectVault({ address, caCertFile }: ClinicalAiClusterSettings["vault"]): vault.Provider {
    return new vault.Provider("clinical-ai-vault", { address, caCertFile });
}

/** Certificate authority of Vault's address, PEM; undefined where the system's own will do. */
export function vaultCaCert({ caCertFile }: ClinicalAiClusterSettings["vault"]): string | undefined {
    return caCertFile === undefined ? undefined : readFileSync(caCertFile, "utf8");
}
