import assert from "node:assert/strict";

import { serviceFacts, type ServiceName } from "../../services";
import { RecordingMocks, valueOf } from "../support/mocks";
import { settingPaths } from "../support/setting-paths";
import { runProgram, stackConfig } from "../support/stack-files";

/** Another value of a setting, of a section of dev's that is changed before by `base`. */
interface Change {
    readonly base?: object;
    /** Where the value goes. @default the setting's own path */
    readonly at?: string;
    readonly value: unknown;
}

const image = `registry.platform.test/image@sha256:${"7".repeat(64)}`;
const accessKeys = { value: { revision: 2, generations: [1, 2], published: 1 } };
const cluster = (changed: { kubernetes?: object; vault?: object }) => {
    const { cluster: dev } = stackConfig("dev")["platform:clinical-ai"] as {
        cluster: { kubernetes: object; vault: object };
    };
    return {
        cluster: {
            ...dev,
            kubernetes: { ...dev.kubernetes, ...changed.kubernetes },
            vault: { ...dev.vault, ...changed.vault },
        },
    };
};
const irsa = { mode: "irsa", oidcProviderArn: "arn:aws:iam::511111111111:oidc-provider/one.platform.test" };
const podIdentity = { mode: "podIdentity", clusterName: "one" };
const vaultDynamic = {
    mode: "vaultDynamic",
    vaultPrincipalArn: "arn:aws:iam::511111111111:user/vault",
    ttlSeconds: 3600,
    refreshSeconds: 900,
};
const ready = {
    ...(stackConfig("dev")["platform:llm-models"] as { gate: object }).gate,
    provisionedConcurrency: { instances: 2, idleMinutes: 15 },
};
const profile = { profileId: "us.a.model-v1:0", modelId: "a.model-v1:0", destinationRegions: ["us-east-1"] };
const outside = { auth: "create", kubernetes: { host: "https://one.platform.test", caCertFile: "package.json" } };

const changes: Readonly<Record<string, Readonly<Record<string, Change>>>> = {
    "rl-studio": { noncurrentVersionDays: { value: 31 }, adopt: { value: { bucket: ["bucket"] } }, accessKeys },
    "clinical-ai": {
        // Each mode has settings of its own.
        "identity.mode": { at: "identity", base: { identity: irsa }, value: podIdentity },
        "identity.accessKeys": accessKeys,
        "identity.oidcProviderArn": {
            base: { identity: irsa },
            value: "arn:aws:iam::511111111111:oidc-provider/two.platform.test",
        },
        "identity.clusterName": { base: { identity: podIdentity }, value: "two" },
        "identity.vaultAwsMount": { base: { identity: vaultDynamic }, value: "aws-two" },
        "identity.vaultPrincipalArn": {
            base: { identity: vaultDynamic },
            value: "arn:aws:iam::511111111111:user/another",
        },
        "identity.ttlSeconds": { base: { identity: vaultDynamic }, value: 3000 },
        "identity.refreshSeconds": { base: { identity: vaultDynamic }, value: 600 },
        adopt: { value: { user: ["user"] } },
        "cluster.kubernetes.kubeconfig": { value: "/somewhere/kubeconfig" },
        "cluster.kubernetes.context": { value: "another" },
        "cluster.kubernetes.namespace": { value: "existing" },
        "cluster.kubernetes.externalSecrets": { value: "create" },
        "cluster.kubernetes.externalSecretsVersion": {
            base: cluster({ kubernetes: { externalSecrets: "create" } }),
            value: "0.19.1",
        },
        "cluster.vault.address": { value: "https://another.platform.test:8200" },
        "cluster.vault.namespace": { value: "team" },
        "cluster.vault.caCertFile": { value: "package.json" },
        "cluster.vault.mount": { value: "create" },
        "cluster.vault.auth": { value: "create" },
        "cluster.vault.audit": { value: "create" },
        "cluster.vault.auditFile": { base: cluster({ vault: { audit: "create" } }), value: "/vault/audit.log" },
        "cluster.vault.kubernetes.host": {
            base: cluster({ vault: outside }),
            value: "https://two.platform.test",
        },
        "cluster.vault.kubernetes.caCertFile": { base: cluster({ vault: outside }), value: "tsconfig.json" },
        "cluster.vault.audience": { value: "another" },
        "cluster.vault.syncTimeoutSeconds": { value: 60 },
        "cluster.image": { value: image },
        "cluster.replicas": { value: 2 },
    },
    snapshotter: {
        image: { value: image },
        cpu: { base: { memory: 2048 }, value: 512 },
        memory: { value: 1024 },
        logRetentionDays: { value: 60 },
        adopt: { value: { bucket: ["bucket"] } },
        accessKeys,
    },
    mlflow: { noncurrentVersionDays: { value: 31 }, adopt: { value: { bucket: ["bucket"] } }, accessKeys },
    "llm-models": {
        models: { value: ["another.model-v1:0"] },
        inferenceProfiles: { value: [profile] },
        "inferenceProfiles[].profileId": { base: { inferenceProfiles: [profile] }, value: "eu.a.model-v1:0" },
        "inferenceProfiles[].modelId": { base: { inferenceProfiles: [profile] }, value: "another.model-v1:0" },
        "inferenceProfiles[].destinationRegions": { base: { inferenceProfiles: [profile] }, value: ["us-west-2"] },
        monthlyLimitUsd: { value: 51 },
        alertPercent: { value: 81 },
        budgetServices: { value: ["Amazon Bedrock", "Claude 3 Haiku (Amazon Bedrock Edition)"] },
        alertEmails: { value: ["another@platform.test"] },
        "costTag.key": { base: { costTag: { key: "team", value: "models" } }, value: "group" },
        "costTag.value": { base: { costTag: { key: "team", value: "models" } }, value: "others" },
        budgetAction: { value: false },
        "gate.requestsPerHour": { value: 501 },
        "gate.requestsPerDay": { value: 5001 },
        "gate.cacheMinutes": { value: 0 },
        "gate.tiers": { value: ["small"] },
        "gate.bypassShutsOff": { value: true },
        "gate.provisionedConcurrency.instances": { base: { gate: ready }, value: 3 },
        "gate.provisionedConcurrency.idleMinutes": { base: { gate: ready }, value: 16 },
        "gate.keys": { value: true },
        prices: { value: { "a.model-v1:0": { input: 1, output: 2 } } },
        adopt: { value: { user: ["user"] } },
        accessKeys,
    },
};

/** Read by the operators' tool alone. */
const notDeployed = /^database\./;

/** All that the program registers and exports with a section of a service. */
async function registered(service: string, section: object): Promise<string> {
    // What the cluster puts into the Secret of a reviewer's token.
    const token = { type: "kubernetes.io/service-account-token", data: { token: "dG9rZW4=" } };
    const mocks = new RecordingMocks({
        outputs: { "kubernetes:core/v1:Secret": ({ inputs }) => (inputs.type === token.type ? token : {}) },
    });
    const config = { ...stackConfig("dev"), "platform:services": [service], [`platform:${service}`]: section };
    const outputs = await valueOf(await runProgram(mocks, config, { stack: "dev" }));
    return JSON.stringify([mocks.resources, mocks.hooks, outputs]);
}

/** A copy of a section with another value at a path. */
function withValue(section: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
    if (key === undefined) return value;
    if (Array.isArray(section)) return [withValue(section[Number(key)], rest, value), ...section.slice(1)];
    const own = (section ?? {}) as Record<string, unknown>;
    return { ...own, [key]: withValue(own[key], rest, value) };
}

describe("every setting", () => {
    for (const { name, settings } of Object.values(serviceFacts)) {
        const paths = settingPaths(settings).filter((path) => !notDeployed.test(path));
        it(`of ${name} has another value here`, () =>
            assert.deepEqual(Object.keys(changes[name as ServiceName]).sort(), paths));

        for (const [path, { base, at = path, value }] of Object.entries(changes[name] ?? {})) {
            it(`of ${name} changes what is registered: ${path}`, async () => {
                const before = { ...(stackConfig("dev")[`platform:${name}`] as object), ...base };
                const after = withValue(before, at.replaceAll("[]", ".0").split("."), value) as object;
                assert.notEqual(await registered(name, after), await registered(name, before));
            });
        }
    }
});
