import * as fc from "fast-check";

import { partitionOf } from "../../components/arn";
import { serviceNames } from "../../services";
import { environments } from "../../stacks/settings";

/** Values of a stack file as `parseSettings` takes them. */
export type Values = Record<string, unknown> & {
    readonly environment: (typeof environments)[number];
    readonly region: string;
    readonly services: readonly string[];
};

const digits = (count: number) => fc.stringMatching(new RegExp(`^[1-9]\\d{${count - 1}}$`));
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hash) => `@sha256:${hash}`);
const days = fc.integer({ min: 1, max: 3650 });
const account = digits(12);

const image = fc
    .tuple(
        fc.oneof(
            fc.constantFrom("ghcr.io/acme/scanner", "registry.test:5000/a/b"),
            // Of ECR: then the execution role pulls from that one repository.
            account.map((id) => `${id}.dkr.ecr.eu-west-3.amazonaws.com/team/scanner`),
        ),
        digest,
    )
    .map((parts) => parts.join(""));

const accessKeys = fc
    .integer({ min: 1, max: 99 })
    .chain((first) =>
        fc.constantFrom(
            { revision: first, generations: [first], published: first },
            { revision: first, generations: [first, first + 1], published: first },
            { revision: first, generations: [first, first + 1], published: first + 1 },
        ),
    );

const word = fc.stringMatching(/^[a-z][a-z0-9]{2,8}$/);

const identity = (partition: string) =>
    fc.oneof(
        accessKeys.map((keys) => ({ mode: "static", accessKeys: keys })),
        fc.tuple(account, word).map(([id, name]) => ({
            mode: "irsa",
            oidcProviderArn: `arn:${partition}:iam::${id}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/${name}`,
        })),
        word.map((clusterName) => ({ mode: "podIdentity", clusterName })),
        fc
            .tuple(account, fc.constantFrom("user", "role"), word, fc.integer({ min: 900, max: 3600 }))
            .map(([id, kind, name, ttlSeconds]) => ({
                mode: "vaultDynamic",
                vaultPrincipalArn: `arn:${partition}:iam::${id}:${kind}/${name}`,
                ttlSeconds,
                refreshSeconds: Math.floor(ttlSeconds / 3),
            })),
    );

const manage = fc.constantFrom("create", "existing");
const cluster = fc.record(
    {
        kubernetes: fc.record({ context: word, namespace: manage, externalSecrets: manage }, { requiredKeys: [] }),
        vault: fc.record(
            {
                address: word.map((host) => `https://${host}.platform.test:8200`),
                mount: manage,
                auth: manage,
                audit: manage,
                audience: word,
            },
            { requiredKeys: ["address"] },
        ),
        image,
        replicas: fc.integer({ min: 0, max: 5 }),
    },
    { requiredKeys: ["kubernetes", "vault", "image"] },
);

const model = fc
    .tuple(fc.constantFrom("meta", "amazon"), word, fc.integer({ min: 0, max: 3 }))
    .map(([vendor, name, version]) => `${vendor}.${name}-v${version}:0`);
const geographies = { aws: ["us", "eu"], "aws-cn": ["cn"], "aws-us-gov": ["us-gov"] } as const;
const regionsOf = {
    aws: ["us-east-1", "us-west-2", "eu-west-3"],
    "aws-cn": ["cn-north-1", "cn-northwest-1"],
    "aws-us-gov": ["us-gov-west-1", "us-gov-east-1"],
} as const;

const profile = (partition: keyof typeof regionsOf) =>
    fc
        .tuple(
            fc.constantFrom(...geographies[partition]),
            model,
            fc.subarray<string>([...regionsOf[partition]], { minLength: 1 }),
        )
        .map(([geography, modelId, destinationRegions]) => ({
            profileId: `${geography}.${modelId}`,
            modelId,
            destinationRegions,
        }));

const requests = fc.integer({ min: 1, max: 1_000_000 });
const gate = fc.record(
    {
        requestsPerHour: requests,
        requestsPerDay: requests,
        cacheMinutes: fc.integer({ min: 0, max: 1440 }),
        keys: fc.boolean(),
        bypassShutsOff: fc.boolean(),
        provisionedConcurrency: fc.record({
            instances: fc.integer({ min: 1, max: 20 }),
            idleMinutes: fc.integer({ min: 1, max: 1440 }),
        }),
    },
    { requiredKeys: ["requestsPerHour", "requestsPerDay"] },
);

const llmModels = (partition: keyof typeof regionsOf) =>
    fc.record(
        {
            models: fc.uniqueArray(model, { minLength: 1, maxLength: 3 }),
            inferenceProfiles: fc.array(profile(partition), { maxLength: 2 }),
            monthlyLimitUsd: fc.integer({ min: 1, max: 10_000 }),
            alertPercent: fc.integer({ min: 1, max: 100 }),
            alertEmails: fc.uniqueArray(
                word.map((name) => `${name}@platform.test`),
                { minLength: 1, maxLength: 3 },
            ),
            budgetAction: fc.boolean(),
            gate,
            accessKeys,
        },
        { requiredKeys: ["models", "monthlyLimitUsd", "alertPercent", "alertEmails", "accessKeys"] },
    );

/** Settings of any kind that keep every rule: what a stack file may say. */
export const anyValues: fc.Arbitrary<Values> = fc.constantFrom(...Object.values(regionsOf).flat()).chain((region) => {
    const partition = partitionOf(region) as keyof typeof regionsOf;
    const sections = fc.record({
        "rl-studio": fc.record({ noncurrentVersionDays: days, accessKeys }),
        mlflow: fc.record({ noncurrentVersionDays: days, accessKeys }),
        snapshotter: fc
            .record({
                size: fc.constantFrom<[number, number]>([256, 512], [256, 2048], [1024, 4096], [4096, 8192]),
                image,
                logRetentionDays: fc.constantFrom(1, 30, 365, 3653),
                accessKeys,
            })
            .map(({ size, ...rest }) => ({ cpu: size[0], memory: size[1], ...rest })),
        "clinical-ai": fc.record(
            { identity: identity(partition), cluster: fc.option(cluster, { nil: undefined }) },
            { requiredKeys: ["identity"] },
        ),
        "llm-models": llmModels(partition),
    });
    return fc
        .record({
            environment: fc.constantFrom(...environments),
            allowedAccountIds: fc.array(account, { minLength: 1, maxLength: 3 }),
            services: fc.shuffledSubarray([...serviceNames], { minLength: 1 }),
            sections,
        })
        .map(({ sections: all, services, ...rest }) => ({
            ...rest,
            region,
            services,
            ...Object.fromEntries(services.map((name) => [name, all[name]])),
        }));
});

/** A value that breaks a rule, and where. */
export interface Fault {
    readonly path: readonly string[];
    readonly value: unknown;
}

/** Faults of each section: the path of a setting, and values that it cannot have. */
const faulty: Readonly<Record<string, readonly (readonly [path: string, ...values: unknown[]])[]>> = {
    "": [
        ["environment", "production", undefined, 1],
        ["region", "us-east", "us-iso-east-1", undefined],
        ["allowedAccountIds", [], "123456789012", undefined],
        ["services", [], ["billing"], undefined],
    ],
    "rl-studio": [["noncurrentVersionDays", 0, -1, 1.5, "30"]],
    mlflow: [["noncurrentVersionDays", 0, -1, 1.5, "30"]],
    snapshotter: [
        ["image", "scanner:latest", "scanner@sha256:1", undefined],
        ["cpu", 300, 0, "256"],
        ["logRetentionDays", 0, 2, 9999],
    ],
    "clinical-ai": [["identity", { mode: "root" }, { mode: "podIdentity" }, { mode: "irsa", oidcProviderArn: "*" }]],
    "llm-models": [
        ["models", ["*"], ["us.meta.llama-v1:0"], ["meta.x"].concat("a b")],
        ["monthlyLimitUsd", 0, -5, "50", undefined],
        ["alertPercent", 0, 101, undefined],
        ["alertEmails", [], ["nobody"], undefined],
        ["gate", { requestsPerHour: 0, requestsPerDay: 1 }, { requestsPerHour: 1 }],
    ],
};

/** A fault in one of the sections that the settings have, or in what every stack has. */
export const anyFault = ({ services }: Values): fc.Arbitrary<Fault> =>
    fc.constantFrom("", ...services).chain((section) =>
        fc.constantFrom(...faulty[section]).chain(([key, ...values]) =>
            fc.constantFrom(...values).map((value) => ({
                path: section === "" ? [key] : [section, key],
                value,
            })),
        ),
    );

/** The settings with that fault. */
export function withFault(values: Values, { path, value }: Fault): Record<string, unknown> {
    const [first, second] = path;
    if (second === undefined) return { ...values, [first]: value };
    return { ...values, [first]: { ...(values[first] as object), [second]: value } };
}
