import assert from "node:assert/strict";

import { serviceNames } from "../../services";
import { secretsProviderFault } from "../../stacks/secrets-provider";
import { parseSettings, refuseMisspelt, SettingsError } from "../../stacks/settings";

const valid = {
    environment: "dev",
    region: "us-east-1",
    allowedAccountIds: ["111111111111"],
    services: ["rl-studio"],
};
const vaultPrincipalArn = "arn:aws:iam::111111111111:user/vault";

function faults(values: Record<string, unknown>): string[] {
    try {
        parseSettings(values);
    } catch (error) {
        assert.ok(error instanceof SettingsError);
        return error.message.split("\n").slice(1);
    }
    return [];
}

describe("settings", () => {
    it("fills the section of a chosen service with its defaults", () => {
        assert.deepEqual(parseSettings(valid)["rl-studio"], {
            noncurrentVersionDays: 30,
            adopt: { bucket: [], user: [] },
            accessKeys: { revision: 1, generations: [1], published: 1 },
        });
    });

    it("leaves a service that is not chosen without a section", () => {
        assert.equal(parseSettings(valid)["llm-models"], undefined);
    });

    it("lists every fault in one message: path, what was given, what is expected", () => {
        assert.deepEqual(
            faults({
                environment: "development",
                region: "nowhere",
                allowedAccountIds: ["12"],
                services: ["rl-studio", "llm-models", "billing"],
                "rl-studio": { accessKeys: { revision: 0, generations: [2, 1], published: 3 }, colour: "red" },
                "llm-models": {
                    models: ["meta.llama3-1-70b-instruct-v1:0"],
                    monthlyLimitUsd: 50,
                    alertPercent: 120,
                    alertEmails: ["nobody"],
                },
                extra: 1,
            }),
            [
                '  - environment: got "development"; expected one of "dev"|"staging"|"prod"',
                '  - region: got "nowhere"; an AWS region such as us-east-1',
                '  - allowedAccountIds.0: got "12"; an AWS account id of twelve digits',
                `  - services.2: got "billing"; expected one of ${serviceNames.map((name) => JSON.stringify(name)).join("|")}`,
                "  - rl-studio.accessKeys.revision: got 0; a whole number from 1",
                "  - rl-studio.accessKeys.generations: got [2,1]; one or two different whole numbers from 1, ascending " +
                    "(IAM allows a user two keys)",
                "  - rl-studio.accessKeys.published: got 3; one of 2, 1",
                "  - rl-studio.colour: unknown key; remove it or correct its spelling",
                "  - llm-models.alertPercent: got 120; Too big: expected number to be <=100",
                '  - llm-models.alertEmails.0: got "nobody"; Invalid email address',
                "  - extra: unknown key; remove it or correct its spelling",
            ],
        );
    });

    it("asks whether the nearest key, region or namespace was meant", () => {
        assert.deepEqual(
            faults({
                ...valid,
                region: "us-esat-1",
                "rl-studio": { noncurentVersionDays: 1, accessKeys: { revison: 1 } },
                servces: [],
            }).filter((fault) => fault.includes("did you mean")),
            [
                '  - region: got "us-esat-1"; an AWS region such as us-east-1; did you mean us-east-1?',
                "  - rl-studio.accessKeys.revison: unknown key; did you mean revision?",
                "  - rl-studio.noncurentVersionDays: unknown key; did you mean noncurrentVersionDays?",
                "  - servces: unknown key; did you mean services?",
            ],
        );
        assert.throws(
            () => refuseMisspelt(["aws:region", "platfrom:services", "somebody:else"]),
            /^Error: unknown keys in the stack's settings:\n {2}- platfrom:services: did you mean platform:services\?$/,
        );
        refuseMisspelt(["platform:services", "aws:region", "pulumi:disable-default-providers", "somebody:else"]);
    });

    it("refuses regions of partitions that it does not know, by name", () => {
        for (const region of ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1"]) {
            assert.match(
                faults({ ...valid, region })[0],
                /got "[a-z0-9-]+"; a region of the partitions aws, aws-cn and aws-us-gov/,
            );
        }
        for (const region of ["us-gov-west-1", "cn-north-1", "cn-northwest-1", "ap-southeast-6", "mx-central-1"]) {
            assert.deepEqual(faults({ ...valid, region }), []);
        }
    });

    it("refuses amounts that AWS Budgets does not take, and accounts that are numbers", () => {
        const tier = { models: ["a.b"], alertPercent: 80, alertEmails: ["a@example.com"] };
        for (const monthlyLimitUsd of [1e21, 1e-7, 0, -1]) {
            const found = faults({ ...valid, services: ["llm-models"], "llm-models": { ...tier, monthlyLimitUsd } });
            assert.match(found[0], /^ {2}- llm-models\.monthlyLimitUsd: got /);
        }
        assert.match(
            faults({ ...valid, allowedAccountIds: [222222222222] })[0],
            /got 222222222222; .* put it in quotes/,
        );
    });

    it("names each missing setting of a chosen service that has no default", () => {
        assert.deepEqual(faults({ ...valid, services: ["snapshotter", "llm-models"] }), [
            "  - snapshotter.image: missing; expected string",
            "  - llm-models.monthlyLimitUsd: missing; expected number, without quotes",
            "  - llm-models.alertPercent: missing; expected number",
            "  - llm-models.alertEmails: missing; expected array",
            "  - llm-models.models: missing; at least one model, here or in inferenceProfiles",
        ]);
    });

    it("names what a component would refuse, next to the faults of its neighbours", () => {
        const identity = {
            mode: "vaultDynamic",
            vaultAwsMount: "aws/*",
            vaultPrincipalArn: "arn:aws:iam::111111111111:root",
            ttlSeconds: 3601,
            refreshSeconds: 1201,
        };
        assert.deepEqual(
            faults({
                ...valid,
                services: ["clinical-ai", "snapshotter", "llm-models"],
                "clinical-ai": { identity },
                snapshotter: { cpu: 512, memory: 512, logRetentionDays: 31 },
                "llm-models": {
                    inferenceProfiles: [{ profileId: "us.*", modelId: "vendor.?", destinationRegions: ["us-*"] }],
                    monthlyLimitUsd: 1,
                    alertPercent: 80,
                    alertEmails: ["a@example.com", "a@example.com"],
                },
            }),
            [
                "  - clinical-ai.identity.vaultAwsMount: " +
                    'got "aws/*"; letters, digits, `_`, `.` and `-`, in parts joined by single slashes',
                "  - clinical-ai.identity.vaultPrincipalArn: " +
                    'got "arn:aws:iam::111111111111:root"; the ARN of an IAM user or role',
                "  - clinical-ai.identity.ttlSeconds: " +
                    "got 3601; at most 3600, the longest that AWS lets a session of such a role last",
                "  - clinical-ai.identity.ttlSeconds: " +
                    "got 3601; at least three times refreshSeconds, since keys die with the lease that made them",
                "  - snapshotter.image: missing; expected string",
                "  - snapshotter.logRetentionDays: got 31; one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, " +
                    "545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 days",
                "  - snapshotter.memory: got 512; 1024 to 4096 MiB in steps of 1024 next to 512 CPU units",
                '  - llm-models.inferenceProfiles.0.profileId: got "us.*"; an exact name without patterns',
                '  - llm-models.inferenceProfiles.0.modelId: got "vendor.?"; an exact name without patterns',
                '  - llm-models.inferenceProfiles.0.destinationRegions.0: got "us-*"; an AWS region such as us-east-1',
                '  - llm-models.alertEmails: got ["a@example.com","a@example.com"]; each address once',
            ],
        );
    });

    it("asks for the revision of access keys, next to their other faults", () => {
        const accessKeys = { generations: [1, 2], published: 3 };
        assert.deepEqual(faults({ ...valid, "rl-studio": { accessKeys } }), [
            "  - rl-studio.accessKeys.revision: missing; expected number",
            "  - rl-studio.accessKeys.published: got 3; one of 1, 2",
        ]);
    });

    it("refuses a number of CPU units that Fargate does not offer, whatever the memory", () => {
        const image = `worker@sha256:${"a".repeat(64)}`;
        assert.deepEqual(faults({ ...valid, services: ["snapshotter"], snapshotter: { image, cpu: 300 } }), [
            "  - snapshotter.cpu: got 300; one of 256, 512, 1024, 2048, 4096, 8192, 16384 CPU units",
        ]);
    });

    it("takes models that are all reached through profiles, and refuses a tier without any model", () => {
        const tier = { monthlyLimitUsd: 1, alertPercent: 80, alertEmails: ["a@example.com"] };
        const profile = { profileId: "us.model", modelId: "vendor.model", destinationRegions: ["us-east-1"] };
        const chosen = { ...valid, services: ["llm-models"] };
        assert.deepEqual(faults({ ...chosen, "llm-models": { ...tier, inferenceProfiles: [profile] } }), []);
        assert.deepEqual(faults({ ...chosen, "llm-models": { ...tier, models: [] } }), [
            "  - llm-models.models: got []; at least one model, here or in inferenceProfiles",
        ]);
    });

    it("refuses regions of an inference profile that do not fit its kind or the stack's partition", () => {
        const tier = { monthlyLimitUsd: 1, alertPercent: 80, alertEmails: ["a@example.com"] };
        const found = (profileId: string, destinationRegions?: string[], region = "us-east-1") =>
            faults({
                ...valid,
                region,
                services: ["llm-models"],
                "llm-models": {
                    ...tier,
                    inferenceProfiles: [{ profileId, modelId: "vendor.model", destinationRegions }],
                },
            });
        const at = "  - llm-models.inferenceProfiles.0.destinationRegions";
        assert.deepEqual(found("global.vendor.model"), []);
        assert.deepEqual(found("us-gov.vendor.model", ["us-gov-east-1"], "us-gov-west-1"), []);
        assert.deepEqual(found("us.vendor.model"), [
            `${at}: missing; every region that the profile routes to, at least one`,
        ]);
        assert.deepEqual(found("global.vendor.model", ["us-east-1"]), [
            `${at}: got ["us-east-1"]; no regions: a global profile routes to every commercial region`,
        ]);
        assert.deepEqual(found("us.vendor.model", ["us-east-1", "us-gov-west-1"]), [
            `${at}.1: got "us-gov-west-1"; a region of the stack's partition, aws`,
        ]);
        assert.deepEqual(found("us-gov.vendor.model", ["us-east-1"], "us-gov-west-1"), [
            `${at}.0: got "us-east-1"; a region of the stack's partition, aws-us-gov`,
        ]);
    });

    it("refuses an inference profile among the models, and says where it belongs", () => {
        const tier = { monthlyLimitUsd: 1, alertPercent: 80, alertEmails: ["a@example.com"] };
        const models = ["meta.llama3-1-70b-instruct-v1:0", "us.meta.llama3-1-70b-instruct-v1:0"];
        assert.deepEqual(faults({ ...valid, services: ["llm-models"], "llm-models": { ...tier, models } }), [
            `  - llm-models.models.1: got "${models[1]}"; a model's own id: an inference profile belongs under inferenceProfiles`,
        ]);
    });

    it("refuses the key of a cost tag with the prefix that bills put in front", () => {
        const tier = { models: ["vendor.model"], monthlyLimitUsd: 1, alertPercent: 80, alertEmails: ["a@example.com"] };
        const costTag = { key: "user:team", value: "models" };
        assert.deepEqual(faults({ ...valid, services: ["llm-models"], "llm-models": { ...tier, costTag } }), [
            '  - llm-models.costTag.key: got "user:team"; the key without "user:" or "aws:" in front, as the resources ' +
                'have it: the filter adds "user:" by itself',
        ]);
    });

    it("refuses the name of a cluster that would be a pattern in the role's trust", () => {
        const identity = { mode: "podIdentity", clusterName: "*" };
        assert.deepEqual(faults({ ...valid, "clinical-ai": { identity } }), [
            '  - clinical-ai.identity.clusterName: got "*"; the name of an EKS cluster',
        ]);
    });

    it("refuses a service that is named twice", () => {
        assert.deepEqual(faults({ ...valid, services: ["mlflow", "mlflow"] }), [
            '  - services: got ["mlflow","mlflow"]; each service once',
        ]);
    });

    it("refuses an image without a digest, whose content could change", () => {
        assert.match(
            faults({ ...valid, services: ["snapshotter"], snapshotter: { image: "a:latest" } })[0],
            /image: got "a:latest"; an image named by its digest/,
        );
    });

    it("refuses dynamic keys that live shorter than three refreshes", () => {
        const identity = { mode: "vaultDynamic", vaultPrincipalArn, ttlSeconds: 1199, refreshSeconds: 400 };
        assert.match(
            faults({ ...valid, "clinical-ai": { identity } })[0],
            /^ {2}- clinical-ai\.identity\.ttlSeconds: got 1199; at least three times/,
        );
        assert.deepEqual(faults({ ...valid, "clinical-ai": { identity: { ...identity, ttlSeconds: 1200 } } }), []);
    });

    it("refuses dynamic keys that live shorter than a session of AWS can", () => {
        const identity = { mode: "vaultDynamic", vaultPrincipalArn, ttlSeconds: 899, refreshSeconds: 100 };
        assert.deepEqual(faults({ ...valid, "clinical-ai": { identity } }), [
            "  - clinical-ai.identity.ttlSeconds: got 899; at least 900, the shortest session of AWS",
        ]);
    });

    it("refuses to adopt a user where the worker has a role", () => {
        const identity = { mode: "podIdentity", clusterName: "main" };
        const adopt = { user: ["user"] };
        assert.deepEqual(faults({ ...valid, "clinical-ai": { identity, adopt } }), [
            '  - clinical-ai.adopt.user: got ["user"]; nothing: only identity.mode static has a user',
        ]);
        assert.deepEqual(faults({ ...valid, "clinical-ai": { adopt } }), []);
    });

    it("fills a cluster with its defaults", () => {
        const image = `worker@sha256:${"a".repeat(64)}`;
        const given = { kubernetes: {}, vault: { address: "https://vault.example.com:8200" }, image };
        const settings = parseSettings({ ...valid, "clinical-ai": { cluster: given } });
        assert.deepEqual(settings["clinical-ai"]!.cluster, {
            kubernetes: { namespace: "create", externalSecrets: "existing", externalSecretsVersion: "0.19.2" },
            vault: {
                address: "https://vault.example.com:8200",
                mount: "existing",
                auth: "existing",
                audit: "existing",
                auditFile: "stdout",
                audience: "vault",
                syncTimeoutSeconds: 120,
            },
            image,
            replicas: 1,
        });
    });

    it("refuses what Vault could not use", () => {
        const vault = {
            address: "http://vault.example.com",
            kubernetes: { host: "kubernetes.example.com" },
            auditFile: "logs/audit.log",
            syncTimeoutSeconds: 0,
        };
        const image = `worker@sha256:${"a".repeat(64)}`;
        assert.deepEqual(faults({ ...valid, "clinical-ai": { cluster: { kubernetes: {}, vault, image } } }), [
            '  - clinical-ai.cluster.vault.address: got "http://vault.example.com"; Invalid URL',
            '  - clinical-ai.cluster.vault.kubernetes.host: got "kubernetes.example.com"; Invalid URL',
            "  - clinical-ai.cluster.vault.kubernetes.caCertFile: missing; expected string",
            '  - clinical-ai.cluster.vault.auditFile: got "logs/audit.log"; `stdout` or an absolute path',
            "  - clinical-ai.cluster.vault.syncTimeoutSeconds: got 0; Too small: expected number to be >0",
        ]);
    });

    it("refuses a setting of another identity mode", () => {
        const identity = { mode: "podIdentity", clusterName: "main", oidcProviderArn: "arn" };
        assert.match(faults({ ...valid, "clinical-ai": { identity } })[0], /oidcProviderArn: unknown key/);
    });
});

describe("secrets provider of production", () => {
    it("takes a KMS key", () => {
        assert.equal(secretsProviderFault("secretsprovider: awskms://alias/state?region=us-east-1\n"), undefined);
    });

    it("takes a key in quotes, as YAML has them", () => {
        for (const value of [
            '"awskms://alias/state"',
            "'awskms://alias/state' # the key",
            ">-\n  awskms://alias/state",
        ]) {
            assert.equal(secretsProviderFault(`secretsprovider: ${value}\nconfig: {}\n`), undefined, value);
        }
        assert.match(secretsProviderFault('"encryptionsalt": v1:abc\n')!, /passphrase, expected a KMS key/);
    });

    it("refuses a passphrase, also beside a key", () => {
        const text = "secretsprovider: awskms://alias/state\nencryptionsalt: v1:abc\n";
        assert.match(secretsProviderFault(text)!, /passphrase, expected a KMS key/);
    });

    it("refuses the absence of a provider and every other one", () => {
        assert.match(secretsProviderFault("config: {}\n")!, /secretsprovider is missing/);
        assert.match(secretsProviderFault("")!, /secretsprovider is missing/);
        assert.match(secretsProviderFault("config:\n  secretsprovider: awskms://key\n")!, /secretsprovider is missing/);
        assert.match(secretsProviderFault("secretsprovider: passphrase\n")!, /secretsprovider is passphrase/);
    });
});
