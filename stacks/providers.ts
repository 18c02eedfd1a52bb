import { readFileSync } from "node:fs";

import * as kubernetes from "@pulumi/kubernetes";
import * as vault from "@pulumi/vault";

import { type ClinicalAiClusterSettings } from "../services/clinical-ai";

/** Connects to the cluster of the settings. */
export function connectKubernetes({
    kubeconfig,
    context,
}: ClinicalAiClusterSettings["kubernetes"]): kubernetes.Provider {
    return new kubernetes.Provider("clinical-ai-kubernetes", {
        kubeconfig,
        context,
        // Else a changed ConfigMap is deleted first and then made anew, and pods that start in between find none.
        enableConfigMapMutable: true,
        // What is declared here is written again where somebody else took a field over, instead of being refused.
        enablePatchForce: true,
    });
}

/** Connects to the Vault of the settings, with the deployer's token in VAULT_TOKEN. */
export function connectVault({ address, caCertFile }: ClinicalAiClusterSettings["vault"]): vault.Provider {
    return new vault.Provider("clinical-ai-vault", { address, caCertFile });
}

/** A certificate authority of the settings, PEM; undefined where the system's own will do. */
export function readCaCert(file: string): string;
export function readCaCert(file: string | undefined): string | undefined;
export function readCaCert(file: string | undefined): string | undefined {
    return file === undefined ? undefined : readFileSync(file, "utf8");
}
