import { z } from "zod";

import { pathFault } from "../../components/vault-secret-pipeline/policy";
import { accessKeys, adoptBucket, adoptUser, having, imageByDigest, without } from "../settings";

/** In seconds: the shortest session of AWS, and the longest of a role that another role assumes. */
const session = { shortest: 900, longest: 3600 };

const vaultDynamic = z.strictObject({
    mode: z.literal("vaultDynamic"),
    /** Mount path of Vault's AWS secrets engine. */
    vaultAwsMount: z.string().superRefine(without(pathFault)).default("aws"),
    /** The IAM principal with which Vault calls AWS: nobody else may assume the worker's role. */
    vaultPrincipalArn: z
        .string()
        .regex(/^arn:aws(-cn|-us-gov)?:iam::\d{12}:(user|role)\/[\w+=,.@/-]+$/, "the ARN of an IAM user or role"),
    /** Lifetime of a set of keys, in seconds. */
    ttlSeconds: z
        .int()
        .min(session.shortest, `at least ${session.shortest}, the shortest session of AWS`)
        .max(session.longest, `at most ${session.longest}, the longest that AWS lets a session of such a role last`),
    /** How often External Secrets asks for a new set, in seconds. */
    refreshSeconds: z.int().positive(),
});

const identity = z.discriminatedUnion("mode", [
    z.strictObject({ mode: z.literal("static"), accessKeys }),
    z.strictObject({
        mode: z.literal("irsa"),
        oidcProviderArn: z
            .string()
            .regex(/^arn:[^:]+:iam::\d{12}:oidc-provider\/[^\s*?]+$/, "the ARN of an OIDC provider"),
    }),
    z.strictObject({
        mode: z.literal("podIdentity"),
        clusterName: z.string().regex(/^[A-Za-z0-9][\w-]{0,99}$/, "the name of an EKS cluster"),
    }),
    vaultDynamic.refine(({ ttlSeconds, refreshSeconds }) => ttlSeconds >= 3 * refreshSeconds, {
        path: ["ttlSeconds"],
        message: "at least three times refreshSeconds, since keys die with the lease that made them",
        ...having({ ttlSeconds: z.number(), refreshSeconds: z.number() }),
    }),
]);

const manage = z.enum(["create", "existing"]);

const cluster = z.strictObject({
    kubernetes: z.strictObject({
        /** Path of a kubeconfig; default: the one that kubectl would use. */
        kubeconfig: z.string().min(1).optional(),
        context: z.string().min(1).optional(),
        namespace: manage.default("create"),
        /** The External Secrets Operator, which serves the whole cluster. */
        externalSecrets: manage.default("existing"),
        /** Version of its chart, where it is created. */
        externalSecretsVersion: z
            .string()
            .regex(/^\d+\.\d+\.\d+$/, "an exact version such as 0.19.2")
            .default("0.19.2"),
    }),
    vault: z.strictObject({
        address: z.url({ protocol: /^https$/ }),
        /** A Vault Enterprise namespace of the environment. */
        namespace: z.string().min(1).optional(),
        /** Path of the CA bundle that External Secrets and Vault's provider trust. */
        caCertFile: z.string().min(1).optional(),
        mount: manage.default("existing"),
        auth: manage.default("existing"),
        audit: manage.default("existing"),
        /** Where a Vault outside of the cluster reaches the Kubernetes API; default: Vault runs in the cluster. */
        kubernetes: z
            .strictObject({
                host: z.url({ protocol: /^https$/ }),
                /** Path of the PEM file with the authority of that address. */
                caCertFile: z.string().min(1),
            })
            .optional(),
        /** The file that a created audit device writes, as Vault sees it. */
        auditFile: z
            .string()
            .regex(/^(stdout|\/.+)$/, "`stdout` or an absolute path")
            .default("stdout"),
        /** Audience that a service-account token must carry to log in. */
        audience: z.string().min(1).default("vault"),
        /** How long an update waits for External Secrets, in seconds. */
        syncTimeoutSeconds: z.int().positive().default(120),
    }),
    image: imageByDigest,
    replicas: z.int().nonnegative().default(1),
});

/** Which of the stack's two buckets each row must name; by the row's name or id. */
const rowsByBucket = z.record(z.string().min(1), z.enum(["source", "destination"])).default({});

/** Rows of the service's PostgreSQL database that hold a bucket's name; `infra buckets` compares and writes them. */
const database = z.strictObject({
    /** By `cai_defined_sources.name`. */
    sources: rowsByBucket,
    /** By `cai_defined_destinations.name`. */
    destinations: rowsByBucket,
    /** By `cai_connectors.id`, as text. */
    connectors: rowsByBucket,
});

export const settings = z
    .strictObject({
        identity: identity.default({
            mode: "static",
            accessKeys: { revision: 1, generations: [1], published: 1 },
        }),
        adopt: z
            .strictObject({ sourceBucket: adoptBucket, destinationBucket: adoptBucket, user: adoptUser })
            .prefault({}),
        /** Without it only the AWS side is deployed. */
        cluster: cluster.optional(),
        /** Nothing of it is deployed. */
        database: database.optional(),
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
