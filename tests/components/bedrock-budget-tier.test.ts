import { strict as assert } from "node:assert";

import * as pulumi from "@pulumi/pulumi";

import { BedrockBudgetTier, type BedrockBudgetTierArgs } from "../../components/bedrock-budget-tier";
import { costTagKeyFault, tierNotifications } from "../../components/bedrock-budget-tier/budgets";
import { spendingDeny } from "../../components/bedrock-budget-tier/deny";
import {
    allowBudgetsToPublish,
    allowShutOff,
    denySpending,
    trustBudgets,
} from "../../components/bedrock-budget-tier/policy";
import { RecordingMocks, runWithMocks, valueOf } from "../support/mocks";

const scope = { partition: "aws", accountId: "123456789012", region: "us-east-1" };
const topicArn = "arn:aws:sns:us-east-1:123456789012:the-topic";
const denyArn = "arn:aws:iam::123456789012:policy/the-deny";
const roleArn = "arn:aws:iam::123456789012:role/the-role";
const tags = { team: "models" };

const args: BedrockBudgetTierArgs = {
    scope,
    monthlyLimitUsd: 50,
    alertPercents: [50, 75, 80, 90],
    alertEmails: ["one@example.com"],
    budgetName: "the-budget",
    topicName: "the-topic",
    shutOff: { denyPolicyArn: denyArn, executionRoleName: "the-role", users: ["the-user"], budgetAction: true },
    tags,
};

async function run(changes: Partial<BedrockBudgetTierArgs> = {}, preview = false) {
    const mocks = new RecordingMocks();
    const tier = await runWithMocks(mocks, () => new BedrockBudgetTier("tier", { ...args, ...changes }), { preview });
    return { mocks, tier };
}

const everything = [
    "aws:budgets/budget:Budget tier-budget",
    "aws:budgets/budgetAction:BudgetAction tier-action",
    "aws:iam/role:Role tier-execution",
    "aws:iam/rolePolicy:RolePolicy tier-execution-policy",
    "aws:sns/topic:Topic tier-topic",
    "aws:sns/topicPolicy:TopicPolicy tier-topic-policy",
    "platform:ai:BedrockBudgetTier tier",
    "pulumi:pulumi:Stack platform-test",
];

describe("BedrockBudgetTier", () => {
    it("makes the topic, the budget and the guard: no policy, and attaches none to anybody", async () => {
        const { mocks } = await run();
        assert.deepEqual(mocks.list(), everything);
        for (const resource of mocks.resources.filter(({ custom }) => custom)) {
            assert.equal(resource.options.parent, "tier", resource.name);
        }
    });

    it("E4: leaves the shut-off to others where there are no budget actions", async () => {
        const { mocks } = await run({ shutOff: { ...args.shutOff, budgetAction: false } });
        assert.deepEqual(
            mocks.list(),
            everything.filter((name) => !name.includes("BudgetAction")),
        );
    });

    it("declares the same in a preview", async () => {
        const { mocks } = await run({}, true);
        assert.deepEqual(mocks.list(), everything);
    });

    it("E2: the budget", async () => {
        const { mocks } = await run({ costTag: { key: "environment", value: "dev" }, monthlyLimitUsd: 99.5 });
        const budget = mocks.get("aws:budgets/budget:Budget", "tier-budget");
        assert.deepEqual(budget.inputs, {
            name: "the-budget",
            budgetType: "COST",
            timeUnit: "MONTHLY",
            limitAmount: "99.5",
            limitUnit: "USD",
            costFilters: [
                { name: "Service", values: ["Amazon Bedrock"] },
                { name: "TagKeyValue", values: ["user:environment$dev"] },
            ],
            costTypes: { includeCredit: false, includeRefund: false },
            notifications: tierNotifications([50, 75, 80, 90], ["one@example.com"], topicArn),
            tags,
        });
        assert.ok(budget.options.dependsOn.includes("tier-topic-policy"));
    });

    it("E2: the budget of services that are billed under other names", async () => {
        const services = ["Amazon Bedrock", "Claude 3 Haiku (Amazon Bedrock Edition)"];
        const { mocks } = await run({ services });
        const { costFilters } = mocks.get("aws:budgets/budget:Budget", "tier-budget").inputs;
        assert.deepEqual(costFilters, [{ name: "Service", values: services }]);
    });

    it("the topic, with which only AWS Budgets may publish", async () => {
        const { mocks } = await run();
        assert.deepEqual(mocks.get("aws:sns/topic:Topic", "tier-topic").inputs, { name: "the-topic", tags });
        const { arn, policy } = mocks.get("aws:sns/topicPolicy:TopicPolicy", "tier-topic-policy").inputs;
        assert.equal(arn, topicArn);
        assert.deepEqual(JSON.parse(policy), allowBudgetsToPublish(scope, topicArn));
    });

    it("E4: the role and the action", async () => {
        const { mocks } = await run({
            shutOff: { ...args.shutOff, users: ["the-user", pulumi.output("later")], roles: ["a-role"] },
        });
        const role = mocks.get("aws:iam/role:Role", "tier-execution").inputs;
        assert.deepEqual(
            { ...role, assumeRolePolicy: JSON.parse(role.assumeRolePolicy) },
            {
                name: "the-role",
                description: "Lets AWS Budgets attach and detach the policy that ends spending in Bedrock.",
                assumeRolePolicy: trustBudgets(scope),
                tags,
            },
        );
        const permission = mocks.get("aws:iam/rolePolicy:RolePolicy", "tier-execution-policy").inputs;
        assert.deepEqual(
            { ...permission, policy: JSON.parse(permission.policy) },
            {
                name: "shut-off",
                role: "the-role",
                policy: allowShutOff(scope, denyArn, { users: ["the-user", "later"], roles: ["a-role"] }),
            },
        );
        const action = mocks.get("aws:budgets/budgetAction:BudgetAction", "tier-action");
        assert.deepEqual(action.inputs, {
            budgetName: "the-budget",
            actionType: "APPLY_IAM_POLICY",
            approvalModel: "AUTOMATIC",
            notificationType: "ACTUAL",
            actionThreshold: { actionThresholdType: "PERCENTAGE", actionThresholdValue: 95 },
            definition: {
                iamActionDefinition: { policyArn: denyArn, users: ["the-user", "later"], roles: ["a-role"] },
            },
            executionRoleArn: roleArn,
            subscribers: [{ subscriptionType: "SNS", address: topicArn }],
            tags,
        });
        assert.ok(action.options.dependsOn.includes("tier-execution-policy"));
    });

    it("E4: waits for the policy that it is to attach", async () => {
        const mocks = new RecordingMocks();
        await runWithMocks(mocks, () => {
            const { arn } = spendingDeny("deny", { policyName: "the-deny" });
            new BedrockBudgetTier("tier", { ...args, shutOff: { ...args.shutOff, denyPolicyArn: arn } });
        });
        for (const [type, name] of [
            ["aws:budgets/budgetAction:BudgetAction", "tier-action"],
            ["aws:iam/rolePolicy:RolePolicy", "tier-execution-policy"],
        ]) {
            assert.ok(mocks.get(type, name).options.dependsOn.includes("deny"), name);
        }
    });

    it("names no roles where there are none, and no users where there are none", async () => {
        const definition = async (shutOff: Partial<BedrockBudgetTierArgs["shutOff"]>) => {
            const { mocks } = await run({ shutOff: { ...args.shutOff, percent: 80, ...shutOff } });
            return mocks.get("aws:budgets/budgetAction:BudgetAction", "tier-action").inputs;
        };
        const users = await definition({});
        assert.deepEqual(users.definition.iamActionDefinition, { policyArn: denyArn, users: ["the-user"] });
        assert.equal(users.actionThreshold.actionThresholdValue, 80);
        const roles = await definition({ users: [], roles: ["a-role"] });
        assert.deepEqual(roles.definition.iamActionDefinition, { policyArn: denyArn, roles: ["a-role"] });
    });

    it("gives out names and ARNs", async () => {
        const { tier } = await run();
        assert.deepEqual(await valueOf(pulumi.all([tier.budgetName, tier.topicArn, tier.executionRoleArn])), [
            "the-budget",
            topicArn,
            roleArn,
        ]);
    });

    const email = (count: number) => Array.from({ length: count }, (_, index) => `${index}@example.com`);
    const faults: [Partial<BedrockBudgetTierArgs>, string][] = [
        [{ monthlyLimitUsd: 0 }, "monthlyLimitUsd is 0, expected a number of US dollars above 0"],
        [{ monthlyLimitUsd: NaN }, "monthlyLimitUsd is null, expected a number of US dollars above 0"],
        [{ alertPercents: [50, 101] }, "alertPercents[1] is 101, expected a number above 0 and up to 100"],
        [{ alertPercents: [0] }, "alertPercents[0] is 0, expected a number above 0 and up to 100"],
        [{ alertPercents: [] }, "alertPercents is [], expected one to nine levels, each once"],
        [{ alertPercents: [50, 50] }, "alertPercents is [50,50], expected one to nine levels, each once"],
        [{ alertEmails: [] }, "alertEmails is [], expected one to ten addresses, each once"],
        [
            { alertEmails: email(11) },
            `alertEmails is ${JSON.stringify(email(11))}, expected one to ten addresses, each once`,
        ],
        [
            { alertEmails: ["a@b.c", "a@b.c"] },
            'alertEmails is ["a@b.c","a@b.c"], expected one to ten addresses, each once',
        ],
        [{ alertEmails: ["a@b.c", "nobody"] }, 'alertEmails[1] is "nobody", expected an e-mail address'],
        [{ services: [] }, "services is [], expected names of services, at least one, each once"],
        [{ services: [""] }, 'services is [""], expected names of services, at least one, each once'],
        [{ services: ["a", "a"] }, 'services is ["a","a"], expected names of services, at least one, each once'],
        ...["user:team", "aws:createdBy", ""].map((key): [Partial<BedrockBudgetTierArgs>, string] => [
            { costTag: { key, value: "models" } },
            `costTag.key is ${JSON.stringify(key)}, expected ${costTagKeyFault(key)}`,
        ]),
        [{ budgetName: "a:b" }, 'budgetName is "a:b", expected 1 to 100 characters without `:`, `\\` and `/action/`'],
        [
            { budgetName: "a/action/b" },
            'budgetName is "a/action/b", expected 1 to 100 characters without `:`, `\\` and `/action/`',
        ],
        [
            { topicName: "the topic" },
            'topicName is "the topic", expected 1 to 256 letters, digits, hyphens and underscores',
        ],
        [
            { shutOff: { ...args.shutOff, users: [] } },
            "shutOff.users is [], expected at least one user, here or a role in shutOff.roles",
        ],
        [
            { shutOff: { ...args.shutOff, percent: 120 } },
            "shutOff.percent is 120, expected a number above 0 and up to 100",
        ],
    ];
    for (const [changes, sentence] of faults) {
        it(`refuses: ${sentence}`, async () => {
            const mocks = new RecordingMocks();
            await assert.rejects(
                runWithMocks(mocks, () => new BedrockBudgetTier("tier", { ...args, ...changes })),
                (error: Error) => pulumi.ResourceError.isInstance(error) && error.message === sentence,
            );
            assert.deepEqual(
                mocks.resources.filter(({ type }) => type.startsWith("aws:")),
                [],
            );
        });
    }
});

describe("spendingDeny", () => {
    it("E4: denies everything that spends, and nobody has it", async () => {
        const mocks = new RecordingMocks();
        await runWithMocks(mocks, () => spendingDeny("deny", { policyName: "the-deny", tags }));
        assert.deepEqual(mocks.list(), ["aws:iam/policy:Policy deny", "pulumi:pulumi:Stack platform-test"]);
        const { inputs } = mocks.get("aws:iam/policy:Policy", "deny");
        assert.deepEqual(
            { ...inputs, policy: JSON.parse(inputs.policy) },
            {
                name: "the-deny",
                description: "Denies everything in Bedrock that spends; attached while the monthly budget is used up.",
                policy: denySpending(),
                tags,
            },
        );
    });
});
