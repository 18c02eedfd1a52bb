import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

import { ownerOf, type Part, partTypes } from "../../ops/adopt/declared";
import { resourcesOf } from "../../ops/stack/resources";
import { readStackSettings } from "../../ops/stack/settings";
import { RecordingMocks, valueOf } from "../support/mocks";
import { committedText, runProgram, stackConfig, stackNames, type StackName } from "../support/stack-files";

const environments = ["dev", "staging", "prod"] as const;

/** What each stack file registers, run once. */
const registered = {} as Record<StackName, RecordingMocks>;
before(async () => {
    for (const stack of stackNames) {
        registered[stack] = new RecordingMocks();
        await runProgram(registered[stack], stackConfig(stack), { stack });
    }
});

function names(stack: StackName, type: string, property = "name"): string[] {
    return registered[stack]
        .all(type)
        .map(({ inputs }) => String(inputs[property]))
        .sort();
}

const servicesOf = (stack: StackName) => stackConfig(stack)["platform:services"] as string[];

describe("every stack file", () => {
    for (const stack of stackNames) {
        for (const preview of [false, true]) {
            it(`${stack} deploys every service${preview ? ", in a preview" : ""}`, async () => {
                const mocks = new RecordingMocks();
                const outputs = await runProgram(mocks, stackConfig(stack), { stack, preview });
                assert.deepEqual(Object.keys(outputs), servicesOf(stack));
                assert.ok(mocks.all("aws:s3/bucket:Bucket").length >= 5);
            });
        }

        it(`${stack} exports every secret key as a secret and nothing else as one`, async () => {
            const outputs = await runProgram(new RecordingMocks(), stackConfig(stack), { stack });
            for (const [service, values] of Object.entries(outputs)) {
                for (const [name, value] of Object.entries(values)) {
                    const secret = pulumi.Output.isInstance(value) && (await pulumi.isSecret(value));
                    assert.equal(secret, name === "secretAccessKey", `${service}.${name}`);
                }
            }
        });
    }

    it("is refused by an update for as long as it has examples, each by its path; the local one has none", async () => {
        const committed = (stack: StackName) =>
            (parse(committedText(stack)) as { config: Record<string, unknown> }).config;
        for (const stack of environments) {
            await assert.rejects(
                runProgram(new RecordingMocks(), committed(stack), { stack }),
                ({ message }: Error) => {
                    const paths = [...message.matchAll(/^ {2}- ([^ ]+): /gm)].map(([, path]) => path);
                    assert.deepEqual(paths, [
                        "aws:allowedAccountIds",
                        "platform:clinical-ai.cluster.vault.address",
                        "platform:clinical-ai.cluster.image",
                        "platform:snapshotter.image",
                    ]);
                    return message.startsWith(`Pulumi.${stack}.yaml still has examples`);
                },
            );
            await runProgram(new RecordingMocks(), committed(stack), { stack, preview: true });
        }
        await runProgram(new RecordingMocks(), committed("local"), { stack: "local" });
    });

    it("names an account of its own, so that no two environments share one by accident", () => {
        const accounts = [...environments, "local" as const].flatMap(
            (stack) => stackConfig(stack)["aws:allowedAccountIds"] as string[],
        );
        assert.equal(new Set(accounts).size, accounts.length);
    });
});

/** Further services have further names. */
function requireNames(found: readonly string[], wanted: readonly string[]): void {
    assert.deepEqual(
        wanted.filter((name) => !found.includes(name)),
        [],
    );
}

describe("the environments", () => {
    const suffixes = { dev: "-dev", staging: "-staging", prod: "", local: "-dev" } as const;
    for (const stack of stackNames) {
        const suffix = suffixes[stack];
        it(`${stack} has the names of SERVICES with the suffix "${suffix}"`, () => {
            const environment = stack === "local" ? "dev" : stack;
            requireNames(names(stack, "aws:s3/bucket:Bucket", "bucket"), [
                `clinical-ai-destination${suffix}`,
                `clinical-ai-source${suffix}`,
                `fruitful-lab-snapshots-${environment}`,
                `mlflow-basketworld${suffix}`,
                `rl-studio-rollouts${suffix}`,
            ]);
            requireNames(names(stack, "aws:iam/user:User"), [
                `agent-repo-snapshotter${suffix}`,
                `clinical-ai-prefect-worker${suffix}`,
                `deployer-ddf-llm-models${suffix}`,
                `mlflow-basketworld${suffix}`,
                `rl-studio-rollouts-service-user${suffix}`,
            ]);
            requireNames(names(stack, "aws:iam/group:Group"), [`fruitful-agents${suffix}`]);
            requireNames(names(stack, "aws:budgets/budget:Budget"), [`deployer-ddf-llm-models-budget${suffix}`]);
            requireNames(names(stack, "aws:dynamodb/table:Table"), [`deployer-ddf-llm-models-gate${suffix}`]);
            requireNames(names(stack, "aws:lambda/function:Function"), [
                `deployer-ddf-llm-models-${environment}`,
                `deployer-ddf-llm-models-${environment}-control`,
            ]);
        });
    }

    const tiers = { dev: ["50", 80], staging: ["100", 75], prod: ["200", 70], local: ["50", 80] } as const;
    for (const stack of stackNames) {
        it(`${stack} has the tier of E2: ${tiers[stack][0]} USD, alert at ${tiers[stack][1]} %`, () => {
            const [budget] = registered[stack].all("aws:budgets/budget:Budget");
            const [limit, alert] = tiers[stack];
            assert.equal(Number(budget.inputs.limitAmount), Number(limit));
            const thresholds = budget.inputs.notifications.map(
                ({ threshold }: { threshold: number }) => threshold,
            ) as number[];
            assert.ok(thresholds.includes(alert), `${alert} in ${thresholds.join(", ")}`);
        });
    }

    it("protects and retains every bucket in prod, and none elsewhere", () => {
        for (const stack of stackNames) {
            for (const { name, options } of registered[stack].all("aws:s3/bucket:Bucket")) {
                assert.equal(options.protect, stack === "prod", `${stack} ${name} protect`);
                assert.equal(options.retainOnDelete, stack === "prod", `${stack} ${name} retainOnDelete`);
            }
        }
    });

    it("protects the gate's table, which knows what was spent, in prod, and not elsewhere", () => {
        for (const stack of stackNames) {
            const [{ inputs, options }] = registered[stack].all("aws:dynamodb/table:Table");
            assert.equal(options.protect, stack === "prod", stack);
            assert.equal(inputs.deletionProtectionEnabled, stack === "prod", stack);
        }
    });

    it("lets AWS attach the deny at 95 % everywhere but in the local AWS, which cannot", () => {
        for (const stack of stackNames) {
            const actions = registered[stack].all("aws:budgets/budgetAction:BudgetAction");
            assert.equal(actions.length, stack === "local" ? 0 : 1, stack);
            for (const { inputs } of actions) {
                assert.equal(inputs.actionThreshold.actionThresholdValue, 95);
                assert.equal(inputs.approvalModel, "AUTOMATIC");
            }
        }
    });
});

describe("any subset of services", () => {
    for (const service of servicesOf("dev")) {
        it(`${service} alone`, async () => {
            const mocks = new RecordingMocks();
            const config = { ...stackConfig("dev"), "platform:services": [service] };
            const outputs = await runProgram(mocks, config, { stack: "dev" });
            assert.deepEqual(Object.keys(outputs), [service]);
            const tags = mocks.resources.map(({ inputs }) => inputs.tags?.["platform:service"]).filter(Boolean);
            assert.deepEqual([...new Set(tags)], [service]);
            assert.ok(mocks.resources.length > 0);
        });
    }

    it("registers the same resources as the whole stack does", async () => {
        const parts = new Set<string>();
        for (const service of servicesOf("dev")) {
            const mocks = new RecordingMocks();
            await runProgram(mocks, { ...stackConfig("dev"), "platform:services": [service] }, { stack: "dev" });
            for (const resource of mocks.list()) parts.add(resource);
        }
        assert.deepEqual([...parts].sort(), registered.dev.list());
    });
});

describe("faulty settings", () => {
    it("that are no JSON, though they begin as such, are listed like any other fault", async () => {
        const config = {
            ...stackConfig("dev"),
            "platform:environment": "[dev",
            "aws:allowedAccountIds": "[1",
        };
        await assert.rejects(
            runProgram(new RecordingMocks(), config, { stack: "dev" }),
            (error: Error) =>
                pulumi.RunError.isInstance(error) &&
                /environment: got "\[dev"/.test(error.message) &&
                /allowedAccountIds: got "\[1"/.test(error.message),
        );
    });

    it("register nothing, and one message lists them all", async () => {
        const mocks = new RecordingMocks();
        const config = { ...stackConfig("dev"), "platform:services": ["billing"], "platform:speed": "high" };
        await assert.rejects(
            runProgram(mocks, config, { stack: "dev" }),
            (error: Error) =>
                pulumi.RunError.isInstance(error) &&
                /services\.0: got "billing"/.test(error.message) &&
                /speed: unknown key/.test(error.message),
        );
        assert.deepEqual(mocks.list(), ["pulumi:pulumi:Stack platform-dev"]);
    });

    it("of a bucket that is not to be adopted in part are named", async () => {
        const config = { ...stackConfig("dev"), "platform:rl-studio": { adopt: { bucket: ["cors"] } } };
        await assert.rejects(runProgram(new RecordingMocks(), config, { stack: "dev" }), /rl-studio\.adopt\.bucket\.0/);
    });
});

/** Types whose creation fails when the name is taken. */
const colliding = {
    bucket: "aws:s3/bucket:Bucket",
    user: "aws:iam/user:User",
    role: "aws:iam/role:Role",
    group: "aws:iam/group:Group",
    policy: "aws:iam/policy:Policy",
    logGroup: "aws:cloudwatch/logGroup:LogGroup",
    topic: "aws:sns/topic:Topic",
    budget: "aws:budgets/budget:Budget",
    table: "aws:dynamodb/table:Table",
    function: "aws:lambda/function:Function",
    schedule: "aws:scheduler/schedule:Schedule",
} as const;

/** The parts that the program registers of a bucket or a user, by the name of its key in `adopt`. */
function partsOf(kind: "bucket" | "user", setting: string, name: string) {
    return Object.entries(partTypes[kind]).flatMap(([part, type]) =>
        registered.dev.all(type).some(({ inputs }) => ownerOf(kind, part as Part, inputs) === name)
            ? [{ setting, part, type, name }]
            : [],
    );
}

describe("adoption", () => {
    it("imports what the settings name, under the names that exist, and protects it", async () => {
        const mocks = new RecordingMocks();
        const config = {
            ...stackConfig("dev"),
            "platform:services": ["rl-studio"],
            "platform:rl-studio": { adopt: { bucket: ["bucket", "versioning"], user: ["user"] } },
        };
        await runProgram(mocks, config, { stack: "dev" });
        const imported = mocks.resources.filter(({ importId }) => importId);
        assert.deepEqual(imported.map(({ type, importId }) => [type, importId]).sort(), [
            ["aws:iam/user:User", "rl-studio-rollouts-service-user-dev"],
            ["aws:s3/bucket:Bucket", "rl-studio-rollouts-dev"],
            ["aws:s3/bucketVersioning:BucketVersioning", "rl-studio-rollouts-dev"],
        ]);
        assert.ok(imported.every(({ options }) => options.protect));
    });

    const dev = readStackSettings("dev");
    for (const service of dev.services) {
        it(`of ${service} imports every part that can be adopted, under the names that its file gives`, async () => {
            const parts = resourcesOf(service, dev).flatMap(({ kind, adopt, name }) =>
                adopt === undefined ? [] : partsOf(kind, adopt, name),
            );
            assert.ok(parts.length > 0);
            const mocks = new RecordingMocks();
            const section = `platform:${service}`;
            const settings = [...new Set(parts.map(({ setting }) => setting))];
            const adopt = Object.fromEntries(
                settings.map((key) => [key, parts.filter(({ setting }) => setting === key).map(({ part }) => part)]),
            );
            const config = {
                ...stackConfig("dev"),
                "platform:services": [service],
                [section]: { ...(stackConfig("dev")[section] as object), adopt },
            };
            await runProgram(mocks, config, { stack: "dev" });
            const adopted = Object.fromEntries(
                mocks.resources
                    .filter(({ importId }) => importId)
                    .map(({ type, importId }) => [`${type} ${importId}`, 1]),
            );
            const expected = parts.map(
                ({ type, name, part }) =>
                    `${type} ${name}${part === "policy" && type === partTypes.user.policy ? `:${name}-policy` : ""}`,
            );
            assert.deepEqual(Object.keys(adopted).sort(), expected.sort());
        });
    }

    for (const stack of stackNames) {
        it(`knows every name of ${stack} under which a resource may exist already, and registers no other`, () => {
            const settings = readStackSettings(stack);
            const known = settings.services
                .flatMap((service) => resourcesOf(service, settings))
                .filter(({ kind }) => Object.hasOwn(colliding, kind))
                .map(({ kind, name }) => `${kind} ${name}`);
            const taken = Object.entries(colliding).flatMap(([kind, type]) =>
                registered[stack].all(type).map(({ inputs }) => `${kind} ${String(inputs.bucket ?? inputs.name)}`),
            );
            assert.deepEqual(taken.sort(), known.sort());
        });
    }

    it("imports nothing where the settings name nothing", () => {
        assert.deepEqual(
            registered.dev.resources.filter(({ importId }) => importId),
            [],
        );
    });
});

describe("valueOf of an output", () => {
    it("of mlflow names its artifact root (D1)", async () => {
        const outputs = await runProgram(new RecordingMocks(), stackConfig("prod"), { stack: "prod" });
        assert.equal(await valueOf(outputs.mlflow.artifactRoot), "s3://mlflow-basketworld/mlflow-artifacts");
    });
});
