// The program of another stack on the same Vault and cluster: a secret of its own, through what the first stack shares.

import { readFileSync } from "node:fs";

import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";

import { VaultSecretPipeline } from "../../../components/vault-secret-pipeline";

const config = new pulumi.Config();
const caCertFile = config.require("caCertFile");
const address = config.require("vaultAddress");
const provider = new kubernetes.Provider("cluster", { kubeconfig: config.require("kubeconfig") });
const namespace = new kubernetes.core.v1.Namespace("namespace", { metadata: { name: "neighbour" } }, { provider });
const account = new kubernetes.core.v1.ServiceAccount(
    "account",
    { metadata: { name: "neighbour", namespace: namespace.metadata.name } },
    { provider },
);
const pipeline = new VaultSecretPipeline("neighbour", {
    providers: { vault: new vault.Provider("vault", { address, caCertFile }), kubernetes: provider },
    source: {
        kind: "static",
        mount: "secret",
        path: "neighbour/api",
        fields: { token: config.requireSecret("token") },
        keys: { "api-token": "token" },
        secretStoreName: "vault-neighbour",
    },
    authPath: "kubernetes",
    policyName: "neighbour-api-read",
    roleName: "neighbour",
    audience: "vault",
    vaultAddress: address,
    vaultCaCert: readFileSync(caCertFile, "utf8"),
    namespace: account.metadata.namespace,
    serviceAccount: account.metadata.name,
    externalSecretName: "neighbour-api",
    secretName: "neighbour-api",
});

export const version = pipeline.vaultVersion;
