import { z } from "zod";

import { regionDirections, regionFault } from "../components/arn";
import { exactNameFault } from "../components/bedrock-budget-tier/policy";
import { cpuFault, imageFault, memoryFault, retentionFault } from "../components/ecs-task-role/task";
import { accessKeysFaults } from "../components/scoped-identity/access-keys";
import { pathFault } from "../components/vault-secret-pipeline/policy";
import { serviceNames } from "../services";
import { didYouMean } from "../components/did-you-mean";

/** The environments; each is an AWS account of its own or is told apart by a cost-allocation tag. */
export const environments = ["dev", "staging", "prod"] as const;
export type Environment = (typeof environments)[number];

/** Adds the fault that a pure function finds in a value: what is expected of it. */
function without<Value>(fault: (value: Value) => string | undefined) {
    return (value: Value, context: z.core.$RefinementCtx<Value>) => {
        const message = fault(value);
        if (message) context.addIssue({ code: "custom", message });
    };
}

/**
 * Lets a check of several settings run as soon as these have their types, so that one message has every fault: Zod
 * would wait until no other setting of the section has one.
 */
function having(types: z.ZodRawShape): z.core.$ZodSuperRefineParams {
    const schema = z.object(types);
    return { when: ({ value }) => schema.safeParse(value).success };
}

function regionExpected(region: string): string | undefined {
    const fault = regionFault(region);
    const direction = /-([a-z]+)-\d$/.exec(region)?.[1];
    const meant = fault && direction && didYouMean(direction, regionDirections);
    return meant ? `${fault}; did you mean ${region.replace(`-${direction}-`, `-${meant}-`)}?` : fault;
}

function eachOnce(values: readonly string[]): boolean {
    return new Set(values).size === values.length;
}

const percent = z.number().gt(0).max(100);
const days = z.int().positive();
const accountId = z
    .string("expected an AWS account id of twelve digits as text: put it in quotes in the stack's file")
    .regex(/^\d{12}$/, "an AWS account id of twelve digits");
const imageByDigest = z.string().superRefine(without(imageFault));

/** Which generations of an access key exist, and which one is published; see ScopedIdentity. `infra rotate` changes it. */
const accessKeys = z
    .strictObject({
        revision: z.number(),
        generations: z.array(z.number()),
        published: z.number(),
        retiring: z.strictObject({ generation: z.number(), inactive: z.boolean() }).optional(),
        since: z.iso.datetime().optional(),
    })
    .superRefine(
        (settings, context) => {
            for (const { property, got, expected } of accessKeysFaults(settings)) {
                // That a setting is missing has been said.
                if (got !== undefined) context.addIssue({ code: "custom", path: [property], message: expected });
            }
        },
        having({ generations: z.array(z.number()), published: z.number() }),
    )
    .default({ revision: 1, generations: [1], published: 1 });

/** How `infra rotate` goes from an old key to a new one; times in seconds. */
const rotation = z
    .strictObject({
        /** How long every try of a new key has to succeed before it is published: AWS does not know it everywhere at once. */
        validSeconds: z.number().positive().default(60),
        /** How long to wait for that, and then for what uses the keys to have the new one. */
        timeoutSeconds: z.number().positive().default(900),
        /** How long the old key must not have been used before it is made inactive. */
        quietSeconds: z.number().positive().default(3600),
        /** How long the old key stays, inactive, before it is deleted. */
        graceSeconds: z.number().positive().default(86400),
    })
    .prefault({});

const bucketParts = [
    "bucket",
    "versioning",
    "encryption",
    "publicAccessBlock",
    "ownership",
    "lifecycle",
    "policy",
] as const;

/** What exists already and is imported instead of created, part by part; written by `infra adopt` or by hand. */
const adoptBucket = z.array(z.enum(bucketParts)).default([]);
const adoptUser = z.array(z.enum(["user", "policy"])).default([]);
const adopt = z.strictObject({ bucket: adoptBucket, user: adoptUser }).prefault({});

const rlStudio = z.strictObject({
    /** Days after which a noncurrent version of a rollout is removed. */
    noncurrentVersionDays: days.default(30),
    adopt,
    accessKeys,
});

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

const clinicalAiIdentity = z.discriminatedUnion("mode", [
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

const clinicalAiCluster = z.strictObject({
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
const clinicalAiDatabase = z.strictObject({
    /** By `cai_defined_sources.name`. */
    sources: rowsByBucket,
    /** By `cai_defined_destinations.name`. */
    destinations: rowsByBucket,
    /** By `cai_connectors.id`, as text. */
    connectors: rowsByBucket,
});

const clinicalAi = z
    .strictObject({
        identity: clinicalAiIdentity.default({
            mode: "static",
            accessKeys: { revision: 1, generations: [1], published: 1 },
        }),
        adopt: z
            .strictObject({ sourceBucket: adoptBucket, destinationBucket: adoptBucket, user: adoptUser })
            .prefault({}),
        /** Without it only the AWS side is deployed. */
        cluster: clinicalAiCluster.optional(),
        /** Nothing of it is deployed. */
        database: clinicalAiDatabase.optional(),
    })
    .superRefine(
        ({ identity, adopt }, context) => {
            if (identity.mode === "static" || adopt.user.length === 0) return;
            const message = "nothing: only identity.mode static has a user";
            context.addIssue({ code: "custom", path: ["adopt", "user"], message });
        },
        having({ identity: z.object({ mode: z.string() }), adopt: z.object({ user: z.array(z.unknown()) }) }),
    );

const snapshotter = z
    .strictObject({
        image: imageByDigest,
        /** CPU units of the Fargate task: 256 is a quarter of a vCPU. */
        cpu: z.number().superRefine(without(cpuFault)).default(256),
        /** Memory of the Fargate task in MiB. */
        memory: z.number().default(512),
        logRetentionDays: z.number().superRefine(without(retentionFault)).default(30),
        adopt,
        accessKeys,
    })
    .superRefine(
        ({ cpu, memory }, context) => {
            const message = cpuFault(cpu) ? undefined : memoryFault(cpu, memory);
            if (message) context.addIssue({ code: "custom", path: ["memory"], message });
        },
        having({ cpu: z.number(), memory: z.number() }),
    );

const mlflow = z.strictObject({ noncurrentVersionDays: days.default(30), adopt, accessKeys });

const exactName = z.string().superRefine(without(exactNameFault));

const llmModels = z
    .strictObject({
        /** Model ids that are served on demand in the stack's region. */
        models: z.array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9.:-]+$/, "a Bedrock model id")).default([]),
        /** Models reached through an inference profile, each with the regions that it routes to. */
        inferenceProfiles: z
            .array(
                z.strictObject({
                    profileId: exactName,
                    modelId: exactName,
                    destinationRegions: z.array(exactName).min(1),
                }),
            )
            .default([]),
        /** US dollars a month. */
        monthlyLimitUsd: z.number("expected number, without quotes").min(0.01).max(1_000_000_000),
        /** The tier's own alert, in percent of the limit. */
        alertPercent: percent,
        alertEmails: z.array(z.email()).min(1).max(10).refine(eachOnce, "each address once"),
        /** Tells the costs of two environments in one account apart; activate it as a cost-allocation tag. */
        costTag: z.strictObject({ key: z.string().min(1), value: z.string().min(1) }).optional(),
        /** Whether AWS itself attaches the deny at 95 %; the local AWS has no such API. */
        budgetAction: z.boolean().default(true),
        adopt: z.strictObject({ user: adoptUser }).prefault({}),
        accessKeys,
    })
    .superRefine(
        ({ models, inferenceProfiles }, context) => {
            if (models.length + inferenceProfiles.length > 0) return;
            context.addIssue({
                code: "custom",
                path: ["models"],
                message: "at least one model, here or in inferenceProfiles",
            });
        },
        having({ models: z.array(z.unknown()), inferenceProfiles: z.array(z.unknown()) }),
    );

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
    region: z.string().superRefine(without(regionExpected)),
    /** The accounts that this stack may touch: the provider refuses every other one. */
    allowedAccountIds: z.array(accountId).min(1),
    services: z.array(z.enum(serviceNames)).min(1).refine(eachOnce, "each service once"),
    rotation,
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

/** Namespaces of a stack's configuration: the project's own, and those of the engine and its providers. */
const namespaces = ["platform", "aws", "kubernetes", "pulumi", "vault"];

/**
 * Refuses keys whose namespace is a slip: the engine takes any.
 *
 * @throws SettingsError that lists them
 */
export function refuseMisspelt(keys: readonly string[]): void {
    const faults = keys.flatMap((key) => {
        const [namespace, ...rest] = key.split(":");
        const meant = namespaces.includes(namespace) ? undefined : didYouMean(namespace, namespaces);
        return meant ? [`  - ${key}: did you mean ${[meant, ...rest].join(":")}?`] : [];
    });
    if (faults.length > 0) throw new SettingsError(`unknown keys in the stack's settings:\n${faults.join("\n")}`);
}

/** A list or a map may be JSON text, as `pulumi config set` writes it; what is none stays text, for the schema to refuse. */
export function parseValue(value: unknown): unknown {
    if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
    try {
        return JSON.parse(value) as unknown;
    } catch {
        return value;
    }
}

/** A section for each chosen service, so that a missing one is filled with defaults or named key by key. */
function emptySections(services: unknown): Record<string, unknown> {
    const chosen = Array.isArray(services) ? serviceNames.filter((name) => services.includes(name)) : [];
    return Object.fromEntries(chosen.map((name) => [name, {}]));
}

function describe(issue: z.core.$ZodIssue, values: unknown): string[] {
    const at = (path: readonly PropertyKey[]) => path.map(String).join(".");
    if (issue.code === "unrecognized_keys") {
        const known = keysAt(schema, issue.path);
        return issue.keys.map((key) => {
            const meant = didYouMean(key, known);
            const what = meant ? `did you mean ${meant}?` : "remove it or correct its spelling";
            return `${at([...issue.path, key])}: unknown key; ${what}`;
        });
    }
    const given = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], values);
    const expected = issue.message.replace(/^Invalid (input|option): /, "").replace(/, received undefined$/, "");
    return [`${at(issue.path)}: ${given === undefined ? "missing" : `got ${inWords(given)}`}; ${expected}`];
}

/** The keys that a section may have. */
function keysAt(of: unknown, path: readonly PropertyKey[]): string[] {
    const { def } = of as {
        def?: { innerType?: unknown; element?: unknown; shape?: Record<string, unknown>; in?: unknown };
    };
    if (!def) return [];
    const inner = def.innerType ?? def.in;
    if (inner) return keysAt(inner, path);
    if (path.length === 0) return Object.keys(def.shape ?? {});
    return keysAt(def.shape?.[String(path[0])] ?? def.element ?? {}, path.slice(1));
}

function inWords(given: unknown): string {
    try {
        return JSON.stringify(given);
    } catch {
        // An alias of YAML may be inside of what it stands for.
        return "a value that contains itself";
    }
}
