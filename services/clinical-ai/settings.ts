import { z } from "zod";

import { pathFault } from "../../components/vault-secret-pipeline/policy";
import { accessKeys, adoptBucket, adoptMeta, adoptUser, having, imageByDigest, without } from "../settings";

/** In seconds: the shortest session of AWS, and the longest of a role that another role assumes. */
const session = { shortest: 900, longest: 3600 };

const vaultDynamic = z.strictObject({
    mode: z.literal("vaultDynamic").meta({ description: "keys that Vault creates" }),
    vaultAwsMount: z
        .string()
        .superRefine(without(pathFault))
        .default("aws")
        .meta({ description: "mount path of Vault's AWS secrets engine, which must exist" }),
    vaultPrincipalArn: z
        .string()
        .regex(/^arn:aws(-cn|-us-gov)?:iam::\d{12}:(user|role)\/[\w+=,.@/-]+$/, "the ARN of an IAM user or role")
        .meta({
            description:
                "ARN of the IAM user or role that Vault uses to call AWS: nobody else may assume the worker's role",
        }),
    ttlSeconds: z
        .int()
        .min(session.shortest, `at least ${session.shortest}, the shortest session of AWS`)
        .max(session.longest, `at most ${session.longest}, the longest that AWS lets a session of such a role last`)
        .meta({
            unit: "seconds",
            description:
                `at least three times \`refreshSeconds\`; ${session.shortest} to ${session.longest}, the shortest ` +
                "session of AWS and the longest session of the role",
        }),
    refreshSeconds: z.int().positive().meta({
        unit: "seconds",
        description: "whole number from 1: how often External Secrets requests new keys",
    }),
});

const identity = z.discriminatedUnion("mode", [
    z.strictObject({
        mode: z.literal("static").meta({ description: "keys of a user, delivered through Vault" }),
        accessKeys,
    }),
    z.strictObject({
        mode: z.literal("irsa").meta({ description: "a role for the service account" }),
        oidcProviderArn: z
            .string()
            .regex(/^arn:[^:]+:iam::\d{12}:oidc-provider\/[^\s*?]+$/, "the ARN of an OIDC provider")
            .meta({
                description:
                    "ARN of the cluster's OIDC provider in IAM; it ends with the issuer, which the trust names",
            }),
    }),
    z.strictObject({
        mode: z.literal("podIdentity").meta({ description: "EKS Pod Identity" }),
        clusterName: z
            .string()
            .regex(/^[A-Za-z0-9][\w-]{0,99}$/, "the name of an EKS cluster")
            .meta({ description: "name of the EKS cluster, in this account and region" }),
    }),
    vaultDynamic.refine(({ ttlSeconds, refreshSeconds }) => ttlSeconds >= 3 * refreshSeconds, {
        path: ["ttlSeconds"],
        message: "at least three times refreshSeconds, since keys die with the lease that made them",
        ...having({ ttlSeconds: z.number(), refreshSeconds: z.number() }),
    }),
]);

const manage = z.enum(["create", "existing"]);

const https = () => z.url({ protocol: /^https$/ });
const httpsAddress = { pattern: "^https://" };

const kubernetes = z.strictObject({
    kubeconfig: z.string().min(1).optional().meta({
        absent: "kubectl's own",
        description: "path of a kubeconfig; `~/` and paths relative to the repository are allowed",
    }),
    context: z.string().min(1).optional().meta({
        absent: "the current context",
        description: "a context of that kubeconfig; name it, so that the stack never uses another cluster by accident",
    }),
    externalSecrets: manage.default("existing").meta({
        description:
            "`create` or `existing`: the External Secrets Operator; with `create`, its Helm chart installs it (tested " +
            "under mocks only), and it stays when the stack is destroyed",
    }),
    externalSecretsVersion: z
        .string()
        .regex(/^\d+\.\d+\.\d+$/, "an exact version such as 0.19.2")
        .default("0.19.2")
        .meta({ description: "exact version of that chart" }),
    namespace: manage.default("create").meta({
        description:
            "`create` or `existing`: namespace `clinical-ai`; with `create`, it enforces the Pod Security level " +
            "`restricted` and stays when the stack is destroyed",
    }),
});

const vault = z.strictObject({
    address: https().meta({
        ...httpsAddress,
        description:
            "an `https://` address that both the deployer and the cluster can reach; the deployer's token is in " +
            "`VAULT_TOKEN`",
    }),
    namespace: z.string().min(1).optional().meta({ description: "a namespace of Vault Enterprise" }),
    caCertFile: z
        .string()
        .min(1)
        .optional()
        .meta({
            absent: "the system's own",
            description:
                "path of a PEM file, relative to the repository or absolute: the authority that issued Vault's " +
                "certificate, for the deployer and for External Secrets",
        }),
    kubernetes: z
        .strictObject({
            host: https().meta({
                ...httpsAddress,
                absent: "Vault runs in the cluster",
                description:
                    "with `auth: create`: an `https://` address where a Vault outside the cluster reaches the " +
                    "Kubernetes API",
            }),
            caCertFile: z.string().min(1).meta({
                absent: "required with `host`",
                description: "path of a PEM file: the authority that issued that address's certificate",
            }),
        })
        .optional(),
    mount: manage.default("existing").meta({ description: "`create` or `existing`: the KV v2 mount `secret`" }),
    auth: manage.default("existing").meta({
        description:
            "`create` or `existing`: the auth method at `kubernetes`, with its configuration and, for a Vault outside " +
            "the cluster, its reviewer",
    }),
    audit: manage.default("existing").meta({ description: "`create` or `existing`: the audit device `file`" }),
    auditFile: z
        .string()
        .regex(/^(stdout|\/.+)$/, "`stdout` or an absolute path")
        .default("stdout")
        .meta({ description: "with `audit: create`: `stdout` or an absolute path, as Vault sees it" }),
    syncTimeoutSeconds: z.int().positive().default(120).meta({
        description: "seconds, a whole number from 1: how long an update waits for External Secrets before it fails",
    }),
    audience: z.string().min(1).default("vault").meta({ description: "audience of the service account's token" }),
});

const cluster = z.strictObject({
    kubernetes,
    vault,
    image: imageByDigest.meta({
        description: "the worker by digest: `<repository>@sha256:<64 hexadecimal digits>`",
    }),
    replicas: z.int().nonnegative().default(1).meta({ description: "whole number from 0" }),
});

/** Which of the stack's two buckets each row must name; by the row's name or id. */
const rowsByBucket = z.record(z.string().min(1), z.enum(["source", "destination"])).default({});

/** Rows of the service's PostgreSQL database that hold a bucket's name; `infra buckets` compares and writes them. */
const database = z.strictObject({
    sources: rowsByBucket.meta({
        key: "name",
        description: "`source` or `destination`: the bucket of the row of `cai_defined_sources` with this name",
    }),
    destinations: rowsByBucket.meta({ key: "name", description: "the same for `cai_defined_destinations`" }),
    connectors: rowsByBucket.meta({
        key: "id",
        description:
            "the same for `cai_connectors`, which has ids; in quotes, because a key of a stack file is always text",
    }),
});

export const settings = z
    .strictObject({
        identity: identity
            .default({ mode: "static", accessKeys: { revision: 1, generations: [1], published: 1 } })
            .meta({ description: "how the worker gets its rights in AWS" }),
        adopt: z
            .strictObject({ sourceBucket: adoptBucket, destinationBucket: adoptBucket, user: adoptUser })
            .prefault({})
            .meta(adoptMeta),
        cluster: cluster.optional().meta({ description: "without it, only the AWS side is deployed" }),
        database: database.optional().meta({
            description:
                "which rows of the service's PostgreSQL database name which of the stack's two buckets; nothing in it " +
                "is deployed",
        }),
    })
    .superRefine(
        ({ identity, adopt }, context) => {
            if (identity.mode === "static" || adopt.user.length === 0) return;
            const message = "nothing: only identity.mode static has a user";
            context.addIssue({ code: "custom", path: ["adopt", "user"], message });
        },
        having({ identity: z.object({ mode: z.string() }), adopt: z.object({ user: z.array(z.unknown()) }) }),
    );

export type ClinicalAiSettings = z.infer<typeof settings>;
export type ClinicalAiClusterSettings = z.infer<typeof cluster>;
