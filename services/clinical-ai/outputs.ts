import { z } from "zod";

import { accessKeyOutputs } from "../access-keys";

/** The cluster and the Vault of the worker, as the deployer reaches them, and what runs there. */
const clusterOutputs = z.object({
    namespace: z.string(),
    /** Path of the kubeconfig; undefined where it is the one that kubectl would use. */
    kubeconfig: z.string().optional(),
    context: z.string().optional(),
    vaultAddress: z.string(),
    vaultCaCertFile: z.string().optional(),
    vaultNamespace: z.string().optional(),
    /** Audience of the service account's token. */
    audience: z.string(),
    /** The role as which the service account logs in to Vault; in the modes with Vault. */
    vaultRole: z.string().optional(),
    /** Version of the Vault secret that the Secret holds; only in mode `static`. */
    vaultVersion: z.string().optional(),
    /** When that version was written: a secret that was deleted and written again counts from 1 again. */
    vaultCreated: z.string().optional(),
    /** Where Vault asks whether a service account's token is genuine, if this stack says so to it. */
    vaultKubernetesHost: z.string().optional(),
    /** In mode `vaultDynamic`: where Vault makes the keys, how long they live, how often new ones are asked for. */
    dynamic: z
        .object({ awsMount: z.string(), ttlSeconds: z.number(), refreshSeconds: z.number() })
        .readonly()
        .optional(),
    image: z.string(),
    replicas: z.number(),
});

export type ClinicalAiClusterOutputs = Readonly<z.infer<typeof clusterOutputs>>;

/** What the stack exports for clinical-ai; access keys there are only in mode `static`. */
export const outputs = accessKeyOutputs.partial().extend({
    region: z.string(),
    sourceBucket: z.string(),
    destinationBucket: z.string(),
    identityMode: z.enum(["static", "irsa", "podIdentity", "vaultDynamic"]),
    /** Only in mode `static`. */
    userName: z.string().optional(),
    /** In the modes without static keys. */
    roleArn: z.string().optional(),
    /** In mode `irsa`. */
    oidcProviderArn: z.string().optional(),
    /** In mode `podIdentity`: the EKS cluster, of this account and region. */
    clusterName: z.string().optional(),
    /** In mode `vaultDynamic`: the IAM principal with which Vault calls AWS. */
    vaultPrincipalArn: z.string().optional(),
    /** Where the worker runs; undefined where only the AWS side is deployed. */
    cluster: clusterOutputs.optional(),
});

export type ClinicalAiOutputs = Readonly<z.infer<typeof outputs>>;

export function bucketsOf({ sourceBucket, destinationBucket }: ClinicalAiOutputs): readonly string[] {
    return [sourceBucket, destinationBucket];
}
