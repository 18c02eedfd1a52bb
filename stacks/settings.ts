import { z } from "zod";

import { serviceNames } from "../services";

/** The environments; each is an AWS account of its own or is told apart by a cost-allocation tag. */
export const environments = ["dev", "staging", "prod"] as const;
export type Environment = (typeof environments)[number];

const percent = z.number().gt(0).max(100);
const days = z.int().positive();
const accountId = z.string().regex(/^\d{12}$/, "an AWS account id of twelve digits");
const imageByDigest = z
    .string()
    .regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/, "an image by digest: <repository>@sha256:<64 hexadecimal digits>");

/** Which generations of an access key exist, and which one is published; see ScopedIdentity. */
const accessKeys = z
    .strictObject({
        generations: z.array(z.int().positive()).min(1).max(2),
        published: z.int().positive(),
    })
    .refine(({ generations }) => generations.length < 2 || generations[0] < generations[1], {
        path: ["generations"],
        message: "ascending generations",
    })
    .refine(({ generations, published }) => generations.includes(published), {
        path: ["published"],
        message: "one of the generations",
    })
    .default({ generations: [1], published: 1 });

const bucketParts = [
    "bucket",
    "versioning",
    "encryption",
    "publicAccessBlock",
    "ownership",
    "lifecycle",
    "policy",
] as const;

/** What already exists and is imported instead of created; written by hand or by the operator's tool. */
const adopt = z
    .strictObject({
        bucket: z.array(z.enum(bucketParts)).default([]),
        user: z.array(z.enum(["user", "policy"])).default([]),
    })
    .default({ bucket: [], user: [] });

const rlStudio = z.strictObject({
    /** Days after which a noncurrent version of a rollout is removed. */
    noncurrentVersionDays: days.default(30),
    adopt,
    accessKeys,
});

const clinicalAiIdentity = z.discriminatedUnion("mode", [
    z.strictObject({ mode: z.literal("static"), accessKeys }),
    z.strictObject({
        mode: z.literal("irsa"),
        oidcProviderArn: z.string().regex(/^arn:[^:]+:iam::\d{12}:oidc-provider\/.+$/, "the ARN of an OIDC provider"),
        /** The issuer without `https://`. */
        oidcIssuer: z.string().regex(/^(?!https?:).+$/, "the issuer's host and path, without https://"),
    }),
    z.strictObject({ mode: z.literal("podIdentity"), clusterName: z.string().min(1) }),
    z
        .strictObject({
            mode: z.literal("vaultDynamic"),
            /** Mount path of Vault's AWS secrets engine. */
            vaultAwsMount: z.string().min(1).default("aws"),
            /** Lifetime of a set of keys, in seconds. */
            ttlSeconds: z.int().positive(),
            /** How often External Secrets asks for a new set, in seconds. */
            refreshSeconds: z.int().positive(),
        })
        .refine(({ ttlSeconds, refreshSeconds }) => ttlSeconds >= 3 * refreshSeconds, {
            path: ["ttlSeconds"],
            message: "at least three times refreshSeconds, since keys die with the lease that made them",
        }),
]);

const manage = z.enum(["create", "existing"]);

const clinicalAiCluster = z.strictObject({
    kubernetes: z.strictObject({
        /** Path of a kubeconfig; default: the one that kubectl would use. */
        kubeconfig: z.string().min(1).optional(),
        context: z.string().min(1).optional(),
        namespace: manage.default("create"),
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
        /** Audience that a service-account token must carry to log in. */
        audience: z.string().min(1).default("vault"),
    }),
    image: imageByDigest,
    replicas: z.int().nonnegative().default(1),
});

const clinicalAi = z.strictObject({
    identity: clinicalAiIdentity.default({ mode: "static", accessKeys: { generations: [1], published: 1 } }),
    /** Without it only the AWS side is deployed. */
    cluster: clinicalAiCluster.optional(),
});

const snapshotter = z.strictObject({
    image: imageByDigest,
    /** CPU units of the Fargate task: 256 is a quarter of a vCPU. */
    cpu: z.int().positive().default(256),
    /** Memory of the Fargate task in MiB. */
    memory: z.int().positive().default(512),
    logRetentionDays: days.default(30),
    accessKeys,
});

const mlflow = z.strictObject({ noncurrentVersionDays: days.default(30), accessKeys });

const llmModels = z.strictObject({
    /** Model ids that are served on demand in the stack's region. */
    models: z.array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9.:-]+$/, "a Bedrock model id")).min(1),
    /** Models reached through an inference profile, each with the regions that it routes to. */
    inferenceProfiles: z
        .array(
            z.strictObject({
                profileId: z.string().min(1),
                modelId: z.string().min(1),
                destinationRegions: z.array(z.string().min(1)).min(1),
            }),
        )
        .default([]),
    /** US dollars a month. */
    monthlyLimitUsd: z.number().positive(),
    /** The tier's own alert, in percent of the limit. */
    alertPercent: percent,
    alertEmails: z.array(z.email()).min(1).max(10),
    /** Tells the costs of two environments in one account apart; activate it as a cost-allocation tag. */
    costTag: z.strictObject({ key: z.string().min(1), value: z.string().min(1) }).optional(),
    /** Whether AWS itself attaches the deny at 95 %; the local AWS has no such API. */
    budgetAction: z.boolean().default(true),
    accessKeys,
});

/** The settings of each service, under its name in `platform:<service>`. */
export const serviceSettings = {
    "rl-studio": rlStudio,
    "clinical-ai": clinicalAi,
    snapshotter,
    mlflow,
    "llm-models": llmModels,
} as const;

export type RlStudioSettings = z.infer<typeof rlStudio>;
export type ClinicalAiSettings = z.infer<typeof clinicalAi>;
export type ClinicalAiClusterSettings = z.infer<typeof clinicalAiCluster>;
export type SnapshotterSettings = z.infer<typeof snapshotter>;
export type MlflowSettings = z.infer<typeof mlflow>;
export type LlmModelsSettings = z.infer<typeof llmModels>;

const schema = z.strictObject({
    /** Suffix of the physical names, and what is protected. */
    environment: z.enum(environments),
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region such as us-east-1"),
    /** The accounts that this stack may touch: the provider refuses every other one. */
    allowedAccountIds: z.array(accountId).min(1),
    services: z
        .array(z.enum(serviceNames))
        .min(1)
        .refine((names) => new Set(names).size === names.length, "each service once"),
    ...z.strictObject(serviceSettings).partial().shape,
});

/** A stack's settings, checked: the section of every service in `services` is there. */
export type Settings = z.infer<typeof schema>;

/** Every fault of a stack's settings, in one message. */
export class SettingsError extends Error {}

/**
 * Checks the values of a stack file.
 *
 * @throws SettingsError that lists every fault: its path, what was given and what is expected.
 */
export function parseSettings(values: Readonly<Record<string, unknown>>): Settings {
    const filled = { ...emptySections(values.services), ...values };
    const result = schema.safeParse(filled);
    if (result.success) return result.data;
    const faults = result.error.issues.flatMap((issue) => describe(issue, filled));
    throw new SettingsError(
        `${faults.length} fault${faults.length === 1 ? "" : "s"} in the stack's settings:\n` +
            faults.map((fault) => `  - ${fault}`).join("\n"),
    );
}

/** A section for each chosen service, so that a missing one is filled with defaults or named key by key. */
function emptySections(services: unknown): Record<string, unknown> {
    const chosen = Array.isArray(services) ? serviceNames.filter((name) => services.includes(name)) : [];
    return Object.fromEntries(chosen.map((name) => [name, {}]));
}

function describe(issue: z.core.$ZodIssue, values: unknown): string[] {
    const at = (path: readonly PropertyKey[]) => path.map(String).join(".");
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => `${at([...issue.path, key])}: unknown key; remove it or correct its spelling`);
    }
    const given = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], values);
    const expected = issue.message.replace(/^Invalid (input|option): /, "").replace(/, received undefined$/, "");
    return [`${at(issue.path)}: ${given === undefined ? "missing" : `got ${JSON.stringify(given)}`}; ${expected}`];
}
