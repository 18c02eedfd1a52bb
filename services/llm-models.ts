import { z } from "zod";

import { accessKeyOutputs, declaredKeysInWords, type KeyFacts } from "./access-keys";
import { physicalName } from "../components/naming";
import {
    accountCheck,
    allowed,
    anyModel,
    denied,
    deniedByBedrock,
    foreignBucketChecks,
    healthy,
    notServed,
    type Check,
    type CheckContext,
    type Probe,
} from "./checks";
import { type ExistingNames, type Names } from "./existing";
import { grantsInWords, type Statement } from "./grants";
import { type EnvironmentFacts } from "./variables";
import { type AwsResource, type Deployment } from "./resources";

/** llm-models: Bedrock models behind a budget per environment. */
export const llmModels = {
    name: "llm-models",
    user: "deployer-ddf-llm-models",
    budget: "deployer-ddf-llm-models-budget",
    topic: "deployer-ddf-llm-models-alerts",
    denyPolicy: "deployer-ddf-llm-models-shut-off",
    shutOffRole: "deployer-ddf-llm-models-shut-off-role",
    /** Share of the monthly limit, in percent, at which invocations are denied. */
    shutOffPercent: 95,
    /** Levels, in percent of the limit, at which every tier is told of what was spent; the tier's own comes on top. */
    usualAlertPercents: [50, 75, 90],
    /** The level of the projected month end at which every tier is told. */
    forecastAlertPercent: 100,
} as const;

export function llmModelsNames({ name }: Names): ExistingNames {
    const { user, budget, topic, denyPolicy, shutOffRole } = llmModels;
    return { buckets: {}, users: { user: name(user) }, others: [budget, topic, denyPolicy, shutOffRole].map(name) };
}

export const inferenceProfileOutput = z.object({
    profileId: z.string(),
    modelId: z.string(),
    destinationRegions: z.array(z.string()).readonly(),
});

export type InferenceProfileOutput = Readonly<z.infer<typeof inferenceProfileOutput>>;

/** What the stack exports for llm-models. */
export const llmModelsOutputs = accessKeyOutputs.extend({
    region: z.string(),
    models: z.array(z.string()).readonly(),
    userName: z.string(),
    budgetName: z.string(),
    monthlyLimitUsd: z.number(),
    alertPercent: z.number(),
    alertEmails: z.array(z.string()).readonly(),
    topicArn: z.string(),
    denyPolicyArn: z.string(),
    shutOffRoleArn: z.string(),
    /** Whether AWS Budgets starts the shut-off by itself. */
    budgetAction: z.boolean(),
    /** The cost-allocation tag that the budget counts by, where it does. */
    costTag: z.object({ key: z.string(), value: z.string() }).readonly().optional(),
    /** Models reached through an inference profile, where there are any. */
    inferenceProfiles: z.array(inferenceProfileOutput).readonly().optional(),
});

export type LlmModelsOutputs = Readonly<z.infer<typeof llmModelsOutputs>>;

/** What a rotation of its keys has to know. */
export const llmModelsKeys: KeyFacts<LlmModelsOutputs> = {
    user: ({ userName }) => userName,
    settings: ["accessKeys"],
    probe: () => ({ kind: "bedrock", call: "list" }),
    // E11: monthly.
    maximumAgeDays: 30,
    unseenConsumers: () => "whatever reads AWS_ACCESS_KEY_ID from the service's .env",
};

/** What the service reads from its environment (E12): the limit in US dollars a month, the threshold in percent of it. */
export const llmModelsEnvironment: EnvironmentFacts<LlmModelsOutputs> = [
    { name: "AWS_ACCESS_KEY_ID", from: "accessKeyId" },
    { name: "AWS_SECRET_ACCESS_KEY", from: "secretAccessKey" },
    { name: "AWS_DEFAULT_REGION", from: "region" },
    { name: "AWS_BUDGET_LIMIT", from: "monthlyLimitUsd" },
    { name: "AWS_COST_ALERT_THRESHOLD", from: "alertPercent" },
];

/** What llm-models consists of. */
export function llmModelsResources({ environment, budgetAction }: Deployment): AwsResource[] {
    const named = (name: string) => physicalName(name, environment);
    const budget = named(llmModels.budget);
    return [
        { kind: "user", name: named(llmModels.user) },
        { kind: "budget", name: budget },
        { kind: "topic", name: named(llmModels.topic) },
        { kind: "policy", name: named(llmModels.denyPolicy) },
        { kind: "role", name: named(llmModels.shutOffRole), ...(budgetAction ? { receiver: "budgets" } : {}) },
        ...(budgetAction ? [{ kind: "budgetAction", name: budget } as const] : []),
    ];
}

/** What must hold for llm-models (E1–E4, E10). */
export function llmModelsChecks(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    return [
        accountCheck("E1", context),
        ...declaredUser(outputs, context),
        ...modelChecks(outputs),
        ...healthChecks(outputs),
        ...refusals(outputs, context),
        ...budgetChecks(outputs, context),
        ...shutOffChecks(outputs, context),
    ];
}

const invokeActions = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

function declaredUser(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    const { userName: user } = outputs;
    const declared = (aspect: "grants" | "groups" | "keys", name: string, expected: string): Check => ({
        id: "E1",
        name,
        caller: "operator",
        expected,
        probe: { kind: "user", aspect, user },
    });
    return [
        declared("grants", "user's policy: these models only", grantsInWords(invokeGrants(outputs, context))),
        declared("groups", "user's groups", "none"),
        declared("keys", "user's keys", declaredKeysInWords(outputs)),
    ];
}

function invokeGrants(outputs: LlmModelsOutputs, { partition, accountId }: CheckContext): Statement[] {
    const { region, models, inferenceProfiles = [] } = outputs;
    const modelArn = (where: string, model: string) => `arn:${partition}:bedrock:${where}::foundation-model/${model}`;
    const profileArn = (id: string) => `arn:${partition}:bedrock:${region}:${accountId}:inference-profile/${id}`;
    const onDemand: Statement = {
        Effect: "Allow",
        Action: [...invokeActions, "bedrock:GetFoundationModel"],
        Resource: models.map((model) => modelArn(region, model)),
    };
    const behindProfiles: Statement = {
        Effect: "Allow",
        Action: "bedrock:GetFoundationModel",
        Resource: [...new Set(inferenceProfiles.map(({ modelId }) => modelArn(region, modelId)))],
    };
    return [
        ...(models.length > 0 ? [onDemand] : []),
        ...(inferenceProfiles.length > 0 ? [behindProfiles] : []),
        ...inferenceProfiles.flatMap(({ profileId, modelId, destinationRegions }): Statement[] => [
            {
                Effect: "Allow",
                Action: [...invokeActions, "bedrock:GetInferenceProfile"],
                Resource: profileArn(profileId),
            },
            {
                Effect: "Allow",
                Action: invokeActions,
                Resource: destinationRegions.map((where) => modelArn(where, modelId)),
                Condition: { StringEquals: { "bedrock:InferenceProfileArn": profileArn(profileId) } },
            },
        ]),
        { Effect: "Allow", Action: "bedrock:ListFoundationModels", Resource: "*" },
    ];
}

/**
 * Whether the catalogue has a model is no matter of rights, and the catalogue of an emulator is not AWS's. A model that
 * cannot be invoked is a fault all the same: its two other lines tolerate nothing.
 */
const mayBeMissing = {
    tolerated: [notServed("ResourceNotFoundException")],
    note:
        "Bedrock authorises before it looks a model up: where a model is not served here, the right to get it is " +
        "there and its entry in the catalogue is not. Whether it answers is told by the lines that invoke it.",
};

/** The allowed models one by one, then one that is not. */
function modelChecks({ models }: LlmModelsOutputs): Check[] {
    const other = models.includes(anyModel) ? "amazon.titan-text-express-v1" : anyModel;
    const calls = [
        ["get", "get"],
        ["invoke", "invoke"],
        ["invokeStream", "invoke with a stream"],
    ] as const;
    const each = (model: string, expected: string): Check[] =>
        calls.map(([call, does]) => {
            const check = bedrock(`${does} ${model}`, expected, { call, model });
            return call === "get" && expected === allowed ? { ...check, ...mayBeMissing } : check;
        });
    return [
        bedrock("list models", allowed, { call: "list" }),
        ...models.flatMap((model) => each(model, allowed)),
        ...each(other, deniedByBedrock),
    ];
}

/** One line for each model and inference profile that is to answer. */
function healthChecks({ models, inferenceProfiles = [] }: LlmModelsOutputs): Check[] {
    return [...models, ...inferenceProfiles.map(({ profileId }) => profileId)].map((model) => ({
        id: "E10",
        name: `health of ${model}`,
        caller: "service",
        expected: healthy,
        probe: { kind: "modelHealth", model },
    }));
}

function bedrock(name: string, expected: string, probe: Omit<Extract<Probe, { kind: "bedrock" }>, "kind">): Check {
    return { id: "E1", name, caller: "service", expected, probe: { kind: "bedrock", ...probe } };
}

function refusals({ userName: user }: LlmModelsOutputs, context: CheckContext): Check[] {
    const refused = (name: string, probe: Probe): Check => ({
        id: "E1",
        name,
        caller: "service",
        expected: denied,
        probe,
    });
    return [
        ...foreignBucketChecks("E1", llmModels.name, context),
        refused("list all buckets", { kind: "s3", call: "listBuckets", bucket: "" }),
        refused("read its own user", { kind: "iam", call: "getUser", user }),
    ];
}

function budgetChecks(outputs: LlmModelsOutputs, { partition, accountId }: CheckContext): Check[] {
    const { budgetName: budget, topicArn, monthlyLimitUsd, alertPercent, alertEmails, costTag } = outputs;
    const levels = [...new Set([...llmModels.usualAlertPercents, alertPercent])].sort((one, other) => one - other);
    const declared = (id: string, name: string, expected: string, probe: Probe): Check => ({
        id,
        name,
        caller: "operator",
        expected,
        probe,
    });
    const filters = [
        "Service = Amazon Bedrock",
        ...(costTag ? [`TagKeyValue = user:${costTag.key}$${costTag.value}`] : []),
    ];
    return [
        declared("E2", "monthly budget", `COST, MONTHLY, ${monthlyLimitUsd} USD; ${filters.join("; ")}`, {
            kind: "budget",
            aspect: "limit",
            budget,
        }),
        declared(
            "E2",
            "who is told",
            `every alert to ${[...alertEmails].sort().join(", ")} and topic ${topicArn.slice(topicArn.lastIndexOf(":") + 1)}`,
            { kind: "budget", aspect: "subscribers", budget },
        ),
        declared(
            "E2",
            "topic takes alerts of AWS Budgets only",
            grantsInWords([
                {
                    Effect: "Allow",
                    Principal: { Service: "budgets.amazonaws.com" },
                    Action: "sns:Publish",
                    Resource: topicArn,
                    Condition: {
                        StringEquals: { "aws:SourceAccount": accountId },
                        ArnLike: { "aws:SourceArn": `arn:${partition}:budgets::${accountId}:*` },
                    },
                },
            ]),
            { kind: "topic", aspect: "policy", topicArn },
        ),
        declared(
            "E3",
            "alert levels, each once",
            `ACTUAL > ${levels.join("%, ")}%; FORECASTED > ${llmModels.forecastAlertPercent}%`,
            { kind: "budget", aspect: "notifications", budget },
        ),
    ];
}

function shutOffChecks(outputs: LlmModelsOutputs, { partition, accountId }: CheckContext): Check[] {
    const {
        userName: user,
        denyPolicyArn: policyArn,
        shutOffRoleArn,
        models,
        inferenceProfiles = [],
        budgetAction,
        budgetName,
    } = outputs;
    const action = `APPLY_IAM_POLICY, AUTOMATIC, ACTUAL > ${llmModels.shutOffPercent}%: ${policyArn} for user ${user}: by ${shutOffRoleArn}`;
    const role = shutOffRoleArn.slice(shutOffRoleArn.lastIndexOf("/") + 1);
    const declared = (name: string, expected: string, probe: Probe): Check => ({
        id: "E4",
        name,
        caller: "operator",
        expected,
        probe,
    });
    const scope = [
        {
            Effect: "Allow",
            Action: ["iam:AttachUserPolicy", "iam:DetachUserPolicy"],
            Resource: `arn:${partition}:iam::${accountId}:user/${user}`,
            Condition: { ArnEquals: { "iam:PolicyARN": policyArn } },
        },
    ];
    const trust = [
        {
            Effect: "Allow",
            Principal: { Service: "budgets.amazonaws.com" },
            Action: "sts:AssumeRole",
            Condition: {
                StringEquals: { "aws:SourceAccount": accountId },
                ArnLike: { "aws:SourceArn": `arn:${partition}:budgets::${accountId}:budget/*` },
            },
        },
    ];
    return [
        declared("deny policy: every invocation", `denies ${invokeActions.join(", ")} on everything; allows nothing`, {
            kind: "policy",
            aspect: "deniesInvoking",
            policyArn,
        }),
        declared("no shut-off in force", "groups: none; roles: none; users: none", {
            kind: "policy",
            aspect: "attachments",
            policyArn,
        }),
        declared("shut-off role: that policy, that user", grantsInWords(scope), {
            kind: "role",
            aspect: "grants",
            role,
        }),
        declared("shut-off role's trust: AWS Budgets", grantsInWords(trust), { kind: "role", aspect: "trust", role }),
        ...(budgetAction
            ? [
                  declared("budget action: that policy, that user, by itself", action, {
                      kind: "budgetAction",
                      budget: budgetName,
                  }),
              ]
            : []),
        {
            id: "E4",
            name: "deny policy attached by hand",
            caller: "deployer",
            expected: `attached: ${deniedByBedrock}; detached: ${allowed}`,
            probe: { kind: "shutOff", user, policyArn, model: models[0] ?? inferenceProfiles[0].profileId },
            note: "The policy was attached by hand: this does not show that AWS Budgets attaches it at 95 %.",
        },
    ];
}
