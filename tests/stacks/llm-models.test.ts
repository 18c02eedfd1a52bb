import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { gateSettings, keeperSettings } from "../../functions/bedrock-gate/core/settings";
import { RecordingMocks, type Registered } from "../support/mocks";
import { runProgram, stackConfig } from "../support/stack-files";

/** Stack dev, with llm-models alone and changed settings. */
async function run(changed: object, mocks = new RecordingMocks()): Promise<RecordingMocks> {
    const dev = stackConfig("dev");
    const section = { ...(dev["platform:llm-models"] as object), ...changed };
    const config = { ...dev, "platform:services": ["llm-models"], "platform:llm-models": section };
    await runProgram(mocks, config, { stack: "dev" });
    return mocks;
}

const claude = "anthropic.claude-3-haiku-20240307-v1:0";

/** What stack dev, with llm-models alone and changed settings, warns of, and of which resource. */
async function warnings(
    changed: object,
    mocks?: RecordingMocks,
): Promise<[resource: string | undefined, message: string][]> {
    const found: [string | undefined, string][] = [];
    const { warn } = pulumi.log;
    const log = pulumi.log as { warn: typeof warn };
    log.warn = (message, resource) => {
        found.push([(resource as { __name?: string } | undefined)?.__name, message]);
        return Promise.resolve();
    };
    try {
        await run(changed, mocks);
    } finally {
        log.warn = warn;
    }
    return found;
}

describe("llm-models warns of a budget that does not count what its models cost", () => {
    const profile = (modelId: string) => [
        { profileId: `us.${modelId}`, modelId, destinationRegions: ["us-east-1", "us-west-2"] },
    ];

    it("for a model that is sold through AWS Marketplace, once, with the cause and the fix", async () => {
        const [[resource, message], ...others] = await warnings({
            models: ["amazon.nova-micro-v1:0", claude],
            inferenceProfiles: profile(claude),
        });
        assert.deepEqual(others, []);
        assert.equal(resource, "llm-models-budget");
        assert.match(message, /^The budget does not count anthropic\.claude-3-haiku-20240307-v1:0: AWS sells/);
        assert.match(message, /llm-models\.budgetServices\.$/);
    });

    it("for one behind an inference profile", async () => {
        const found = await warnings({ inferenceProfiles: profile("openai.gpt-5.6-terra") });
        assert.equal(found.length, 1);
    });

    for (const [what, changed] of Object.entries({
        "where no model is": {},
        "for open weights of a provider that has both": { models: ["openai.gpt-oss-120b-1:0"] },
        "once a service is named beside the default": {
            models: [claude],
            budgetServices: ["Amazon Bedrock", "Claude 3 Haiku (Amazon Bedrock Edition)"],
        },
    })) {
        it(`not ${what}`, async () => assert.deepEqual(await warnings(changed), []));
    }
});

describe("llm-models says that a shut-off is in force", () => {
    const attachments = (count: (arn: string) => number) =>
        new RecordingMocks({
            invokes: {
                "aws:iam/getPolicy:getPolicy": ({ arn }: { arn: string }) => ({
                    name: arn.split("/").at(-1),
                    attachmentCount: count(arn),
                }),
            },
        });

    for (const [brake, policy] of [
        ["brake", "llm-models-brake"],
        ["shut-off", "llm-models-budget-deny"],
    ]) {
        it(`by the policy ${policy}`, async () => {
            const mocks = attachments((arn) => (arn.endsWith(`deployer-ddf-llm-models-${brake}-dev`) ? 2 : 0));
            const [[resource, message], ...others] = await warnings({}, mocks);
            assert.deepEqual(others, []);
            assert.equal(resource, policy);
            assert.match(message, new RegExp(`-${brake}-dev denies spending to 2 of .*infra budget restore`));
        });
    }

    it("not where nobody has either policy", async () => {
        assert.deepEqual(
            await warnings(
                {},
                attachments(() => 0),
            ),
            [],
        );
    });
});

describe("llm-models shuts off by two brakes with a policy each (E4)", () => {
    const deny = "deployer-ddf-llm-models-shut-off-dev";
    const brake = "deployer-ddf-llm-models-brake-dev";
    const user = "deployer-ddf-llm-models-dev";
    const role = "deployer-ddf-llm-models-gate-role-dev";
    const sessionRole = "deployer-ddf-llm-models-session-role-dev";
    const named = (mocks: RecordingMocks, type: string, name: string): Registered => {
        const found = mocks.all(type).filter(({ inputs }) => inputs.name === name);
        assert.equal(found.length, 1, name);
        return found[0];
    };
    const policies = (mocks: RecordingMocks) => mocks.all("aws:iam/policy:Policy").map(({ inputs }) => inputs.name);
    const action = (mocks: RecordingMocks) => {
        const [{ inputs }] = mocks.all("aws:budgets/budgetAction:BudgetAction");
        return inputs.definition.iamActionDefinition;
    };

    it("the deny of the budget was the budget's child: an existing stack sees no replacement", async () => {
        const { name, options } = named(await run({}), "aws:iam/policy:Policy", deny);
        assert.equal(options.parent, "platform-dev");
        assert.deepEqual(options.aliases, [
            `urn:pulumi:dev::platform::platform:ai:BedrockBudgetTier$aws:iam/policy:Policy::${name}`,
        ]);
        assert.equal(name, "llm-models-budget-deny");
    });

    it("reaches whoever invokes: the user and the gate's role, with both policies", async () => {
        const mocks = await run({});
        assert.deepEqual(policies(mocks).sort(), [brake, deny]);
        assert.deepEqual(action(mocks), {
            policyArn: `arn:aws:iam::123456789012:policy/${deny}`,
            users: [user],
            roles: [role],
        });
        const { variables } = mocks.get("aws:lambda/function:Function", "llm-models-gate-control").inputs.environment;
        assert.deepEqual(JSON.parse(variables.KEEPER_SETTINGS).brake, {
            policyArn: `arn:aws:iam::123456789012:policy/${brake}`,
            users: [user],
            roles: [role],
        });
        // Whom a policy may be attached to is deleted before the policy.
        for (const [type, name] of [
            ["aws:iam/user:User", user],
            ["aws:iam/role:Role", role],
        ]) {
            const { dependsOn } = named(mocks, type, name).options;
            assert.deepEqual([...dependsOn].sort(), ["llm-models-brake", "llm-models-budget-deny"], name);
        }
    });

    it("without a gate reaches the user and its sessions' role, with both, by the keeper's estimate", async () => {
        const mocks = await run({ gate: undefined });
        assert.deepEqual(policies(mocks).sort(), [brake, deny]);
        assert.deepEqual(action(mocks), {
            policyArn: `arn:aws:iam::123456789012:policy/${deny}`,
            users: [user],
            roles: [sessionRole],
        });
        for (const [type, name] of [
            ["aws:iam/user:User", user],
            ["aws:iam/role:Role", sessionRole],
        ]) {
            const { dependsOn } = named(mocks, type, name).options;
            for (const policy of ["llm-models-brake", "llm-models-budget-deny"]) assert.ok(dependsOn.includes(policy));
        }
        const [{ inputs }, ...others] = mocks.all("aws:lambda/function:Function");
        assert.deepEqual(others, []);
        const told = keeperSettings.parse(JSON.parse(inputs.environment.variables.KEEPER_SETTINGS));
        assert.equal(told.hasGate, false);
        assert.deepEqual(told.brake.users, [user]);
        assert.deepEqual(told.brake.roles, [sessionRole]);
    });

    it("whose keeper is told what it reads, with a gate too", async () => {
        const mocks = await run({});
        const { variables } = mocks.get("aws:lambda/function:Function", "llm-models-gate-control").inputs.environment;
        const told = keeperSettings.parse(JSON.parse(variables.KEEPER_SETTINGS));
        assert.deepEqual([told.hasGate, told.microUsdPerMonth], [true, 50_000_000n]);
    });
});

describe("llm-models' sessions that are narrowed to a model (E11)", () => {
    const roleOf = (mocks: RecordingMocks) => mocks.get("aws:iam/role:Role", "llm-models-session-role").inputs;
    const statements = (text: string) =>
        (JSON.parse(text) as { Statement: { Action: string | string[]; Resource: string[] }[] }).Statement;

    it("are of a role that trusts the service's user alone, and invokes what that invokes", async () => {
        const mocks = await run({ gate: undefined });
        const [trust, ...others] = statements(roleOf(mocks).assumeRolePolicy);
        assert.deepEqual(others, []);
        assert.deepEqual(trust, {
            Sid: "TrustUser",
            Effect: "Allow",
            Principal: { AWS: "arn:aws:iam::123456789012:user/deployer-ddf-llm-models-dev" },
            Action: "sts:AssumeRole",
        });
        const { policy } = mocks.get("aws:iam/rolePolicy:RolePolicy", "llm-models-session-policy").inputs;
        const [granted, ...more] = statements(policy);
        assert.deepEqual(more, []);
        assert.deepEqual(granted.Action, ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]);
        const user = statements(mocks.get("aws:iam/userPolicy:UserPolicy", "llm-models-service-policy").inputs.policy);
        assert.deepEqual(granted.Resource, user[0].Resource);
        assert.doesNotMatch(JSON.stringify(user), /sts:/, "E1 stands: the trust is enough");
    });

    it("are not there behind a gate, where the service invokes nothing", async () => {
        const mocks = await run({});
        assert.ok(!mocks.list().some((resource) => resource.includes("llm-models-session")));
    });
});

describe("llm-models' gate", () => {
    it("tells people on a topic of its own: AWS Budgets mails them its alerts itself", async () => {
        const mocks = await run({ alertEmails: ["one@example.org"] });
        const { variables } = mocks.get("aws:lambda/function:Function", "llm-models-gate-function").inputs.environment;
        const { topicArn } = JSON.parse(variables.GATE_SETTINGS) as { topicArn: string };
        assert.equal(topicArn, "arn:aws:sns:us-east-1:123456789012:deployer-ddf-llm-models-gate-alerts-dev");
        const subscribed = mocks.all("aws:sns/topicSubscription:TopicSubscription").map(({ inputs }) => inputs);
        assert.deepEqual(subscribed, [{ topic: topicArn, protocol: "email", endpoint: "one@example.org" }]);
        const [{ inputs }] = mocks.all("aws:budgets/budget:Budget");
        for (const { subscriberEmailAddresses, subscriberSnsTopicArns } of inputs.notifications) {
            assert.deepEqual(subscriberEmailAddresses, ["one@example.org"]);
            assert.notDeepEqual(subscriberSnsTopicArns, [topicArn]);
        }
    });

    it("takes the settings that the function reads", async () => {
        const mocks = await run({});
        const { variables } = mocks.get("aws:lambda/function:Function", "llm-models-gate-function").inputs.environment;
        const settings = gateSettings.parse(JSON.parse(variables.GATE_SETTINGS));
        assert.equal(settings.microUsdPerMonth, 50_000_000n);
        assert.deepEqual(
            [settings.requestsPerHour, settings.requestsPerDay, settings.cacheSeconds, settings.shutOffPercent],
            [500n, 5000n, 3600, 95],
        );
    });
});
