import { z } from "zod";

import { accessKeyOutputs, declaredKeysInWords, type KeyFacts } from "./access-keys";
import { physicalName } from "../components/naming";
import {
    accountCheck,
    allowed,
    denied,
    foreignBucketChecks,
    leftoversCheck,
    type Check,
    type CheckContext,
} from "./checks";
import { type ExistingNames, type Names } from "./existing";
import { grantsInWords, type Statement } from "./grants";
import { type EnvironmentFacts } from "./variables";
import { type AwsResource, type Deployment } from "./resources";

/** clinical-ai: a Prefect worker on Kubernetes that moves files between two buckets. */
export const clinicalAi = {
    name: "clinical-ai",
    /** Production names; every other environment adds `-<environment>`. */
    sourceBucket: "clinical-ai-source",
    destinationBucket: "clinical-ai-destination",
    user: "clinical-ai-prefect-worker",
    role: "clinical-ai-prefect-worker",
    namespace: "clinical-ai",
    serviceAccount: "clinical-ai-prefect-worker",
    deployment: "clinical-ai-prefect-worker",
    /** The Secret that the worker reads, and its keys. */
    secret: "clinical-ai-aws-credentials",
    secretKeys: { accessKeyId: "aws-access-key-id", secretAccessKey: "aws-secret-access-key" },
    secretStore: "vault-backend",
    externalSecret: "clinical-ai-aws-credentials",
    configMap: "clinical-ai-config",
    /** A Secret that the checks make for a moment, to bind a token to it. */
    probeSecret: "clinical-ai-verify",
    vault: {
        mount: "secret",
        path: "clinical-ai/aws",
        policy: "clinical-ai-aws-read",
        authMount: "kubernetes",
        role: "clinical-ai-prefect",
        /** Where Vault makes the keys: a policy and a role of their own, whose tokens live as long as the keys. */
        dynamicPolicy: "clinical-ai-aws-make",
        dynamicRole: "clinical-ai-prefect-dynamic",
        /** The role of Vault's AWS secrets engine that makes them. */
        awsRole: "clinical-ai-prefect",
        auditDevice: "file",
        /** With whose token a Vault outside of the cluster asks whether other tokens are genuine. */
        reviewer: { namespace: "kube-system", name: "vault-token-reviewer" },
        fields: { accessKeyId: "aws_access_key_id", secretAccessKey: "aws_secret_access_key" },
        tokenTtlSeconds: 3600,
    },
    prefectApiUrl: "http://clinical-ai-prefect-server.clinical-ai.svc.cluster.local:4200/api",
    storageEnvironment: "production",
} as const;

/** Where the External Secrets Operator comes from, and where it goes, when a stack installs it. */
export const externalSecrets = {
    repository: "https://charts.external-secrets.io",
    chart: "external-secrets",
    release: "external-secrets",
    namespace: "external-secrets",
} as const;

/** A user or a role of the one name: the settings say which of them the stack has. */
export function clinicalAiNames({ name }: Names): ExistingNames {
    const { sourceBucket, destinationBucket, user, role } = clinicalAi;
    return {
        buckets: { sourceBucket: name(sourceBucket), destinationBucket: name(destinationBucket) },
        users: { user: name(user) },
        others: [name(role)],
    };
}

/** The cluster and the Vault of the worker, as the deployer reaches them, and what runs there. */
export const clinicalAiClusterOutputs = z.object({
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

export type ClinicalAiClusterOutputs = Readonly<z.infer<typeof clinicalAiClusterOutputs>>;

/** What the stack exports for clinical-ai; access keys there are only in mode `static`. */
export const clinicalAiOutputs = accessKeyOutputs.partial().extend({
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
    cluster: clinicalAiClusterOutputs.optional(),
});

export type ClinicalAiOutputs = Readonly<z.infer<typeof clinicalAiOutputs>>;

/** What a rotation of its keys has to know. */
export const clinicalAiKeys: KeyFacts<ClinicalAiOutputs> = {
    user: ({ userName }) => userName,
    settings: ["identity", "accessKeys"],
    probe: ({ sourceBucket: bucket }) => ({ kind: "s3", call: "list", bucket, under: "" }),
    maximumAgeDays: 90,
    unseenConsumers: ({ cluster }) =>
        cluster ? undefined : "the worker, whose cluster is not of this stack and has its keys from elsewhere",
};

/** What the worker reads from its environment (B6) comes from the cluster. */
export const clinicalAiEnvironment: EnvironmentFacts<ClinicalAiOutputs> = {
    neverInAFile:
        "its worker reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and STORAGE_ENVIRONMENT from the " +
        "cluster. Its keys come through Vault and are never written to a file",
};

/** What clinical-ai consists of in AWS: by its mode a user, or a role. */
export function clinicalAiResources({
    environment,
    identityMode = "static",
    clusterName = "",
}: Deployment): AwsResource[] {
    const named = (name: string) => physicalName(name, environment);
    const withPodIdentity = identityMode === "podIdentity";
    return [
        { kind: "bucket", name: named(clinicalAi.sourceBucket) },
        { kind: "bucket", name: named(clinicalAi.destinationBucket) },
        identityMode === "static"
            ? { kind: "user", name: named(clinicalAi.user) }
            : { kind: "role", name: named(clinicalAi.role), ...(withPodIdentity ? { receiver: "eks" } : {}) },
        ...(withPodIdentity ? [{ kind: "podIdentity", name: clusterName } as const] : []),
    ];
}

export function clinicalAiBuckets({ sourceBucket, destinationBucket }: ClinicalAiOutputs): readonly string[] {
    return [sourceBucket, destinationBucket];
}

/**
 * What must hold on the AWS side of clinical-ai (B1).
 *
 * Only static keys can be tried from outside: in the other modes nobody but the pod gets credentials, so there what is
 * granted is compared as declared.
 */
export function clinicalAiChecks(outputs: ClinicalAiOutputs, context: CheckContext): Check[] {
    const buckets = clinicalAiBuckets(outputs);
    const plaintext = buckets.map((bucket) => access(bucket, "list", "TLS only on", denied, true));
    const live = [
        accountCheck("B1", context),
        ...buckets.flatMap((bucket) => [
            access(bucket, "list", "list", allowed),
            access(bucket, "put", "write", allowed),
            access(bucket, "get", "read", allowed),
            access(bucket, "delete", "delete", allowed),
        ]),
        ...foreignBucketChecks("B1", clinicalAi.name, context),
        access(outputs.sourceBucket, "listBuckets", "list all buckets, not only", denied),
        access(outputs.sourceBucket, "readVersioning", "read the versioning of", denied),
        ...plaintext,
        ...buckets.map((bucket) => leftoversCheck("B1", bucket)),
    ];
    return [...declaredIdentity(outputs, context), ...(outputs.identityMode === "static" ? live : [])];
}

function access(
    bucket: string,
    call: "list" | "put" | "get" | "delete" | "listBuckets" | "readVersioning",
    does: string,
    expected: string,
    plaintext = false,
): Check {
    return {
        id: "B1",
        name: `${does} ${bucket}`,
        caller: "service",
        expected,
        probe: { kind: "s3", call, bucket, under: "", ...(plaintext ? { plaintext } : {}) },
    };
}

function declaredIdentity(outputs: ClinicalAiOutputs, context: CheckContext): Check[] {
    const { partition } = context;
    const arns = clinicalAiBuckets(outputs).map((name) => `arn:${partition}:s3:::${name}`);
    const expected = grantsInWords([
        {
            Effect: "Allow",
            Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            Resource: arns.map((arn) => `${arn}/*`),
        },
        { Effect: "Allow", Action: "s3:ListBucket", Resource: arns },
    ]);
    const declared = (name: string, says: string, probe: Check["probe"]): Check => ({
        id: "B1",
        name,
        caller: "operator",
        expected: says,
        probe,
    });
    const { userName: user, roleArn } = outputs;
    if (user !== undefined) {
        return [
            declared("user's policy: both buckets, no other", expected, { kind: "user", aspect: "grants", user }),
            declared("user's attached policies", "none", { kind: "user", aspect: "attachments", user }),
            declared("user's groups", "none", { kind: "user", aspect: "groups", user }),
            declared("user's keys", declaredKeysInWords(outputs), {
                kind: "user",
                aspect: "keys",
                user,
            }),
        ];
    }
    if (roleArn === undefined) return [];
    const role = roleArn.slice(roleArn.lastIndexOf("/") + 1);
    return [
        declared("role's policy: both buckets, no other", expected, { kind: "role", aspect: "grants", role }),
        declared("role's attached policies", "none", { kind: "role", aspect: "attachments", role }),
        declared("role's trust", grantsInWords(trustOf(outputs, context)), { kind: "role", aspect: "trust", role }),
    ];
}

/** Who may assume the worker's role: in each mode one way in, for that service account or for Vault. */
function trustOf(outputs: ClinicalAiOutputs, { partition, accountId }: CheckContext): Statement[] {
    const { identityMode, region } = outputs;
    const { namespace, serviceAccount } = clinicalAi;
    switch (identityMode) {
        case "static":
            return [];
        case "irsa": {
            const provider = outputs.oidcProviderArn ?? "(the stack exports no oidcProviderArn)";
            const issuer = provider.replace(/^.*?:oidc-provider\//, "");
            const token = {
                [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
                [`${issuer}:aud`]: "sts.amazonaws.com",
            };
            return [
                {
                    Effect: "Allow",
                    Principal: { Federated: provider },
                    Action: "sts:AssumeRoleWithWebIdentity",
                    Condition: { StringEquals: token },
                },
            ];
        }
        case "podIdentity": {
            const cluster = outputs.clusterName ?? "(the stack exports no clusterName)";
            return [
                {
                    Effect: "Allow",
                    Principal: { Service: "pods.eks.amazonaws.com" },
                    Action: ["sts:AssumeRole", "sts:TagSession"],
                    Condition: {
                        StringEquals: {
                            "aws:SourceAccount": accountId,
                            "aws:RequestTag/kubernetes-namespace": namespace,
                            "aws:RequestTag/kubernetes-service-account": serviceAccount,
                        },
                        ArnEquals: {
                            "aws:SourceArn": `arn:${partition}:eks:${region}:${accountId}:cluster/${cluster}`,
                        },
                    },
                },
            ];
        }
        case "vaultDynamic":
            return [
                {
                    Effect: "Allow",
                    Principal: { AWS: outputs.vaultPrincipalArn ?? "(the stack exports no vaultPrincipalArn)" },
                    Action: "sts:AssumeRole",
                },
            ];
    }
}
