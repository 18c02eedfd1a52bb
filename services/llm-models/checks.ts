import { bedrockServices } from "../../components/bedrock-budget-tier/budgets";
import { declaredKeysInWords } from "../access-keys";
import { accountCheck, check, foreignBucketChecks, refused } from "../check-helpers";
import {
    allowed,
    anyModel,
    type Check,
    type CheckContext,
    deniedByBedrock,
    healthy,
    notServed,
    type Probe,
    routesInWords,
} from "../checks";
import { grantsInWords } from "../grants";
import { gateCallChecks, gateChecks } from "./gate-checks";
import { denyChecks, keeperChecks } from "./keeper-checks";
import { attachingGrants, callGrants, invokingGrants, invokingRoles, lookingGrants } from "./grants";
import { names, rising } from "./names";
import { type LlmModelsOutputs } from "./schema";
import { sessionChecks } from "./session";
import { tellingChecks } from "./telling-checks";

/** What must hold for llm-models (E1–E4, E10, E11). */
export function llmModelsChecks(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    return [
        accountCheck("E1", context),
        ...declaredUser(outputs, context),
        ...modelChecks(outputs),
        ...profileChecks(outputs),
        ...healthChecks(outputs),
        ...gateCallChecks(outputs),
        ...refusals(outputs, context),
        ...budgetChecks(outputs, context),
        ...shutOffChecks(outputs, context),
        ...keeperChecks(outputs, context),
        ...gateChecks(outputs, context),
        ...tellingChecks(outputs, context),
        ...sessionChecks(outputs, context),
    ];
}

function declaredUser(outputs: LlmModelsOutputs, context: CheckContext): Check[] {
    const { userName: user, gate } = outputs;
    const declared = (aspect: "grants" | "groups" | "keys", name: string, expected: string) =>
        check("E1", name, expected, { kind: "user", aspect, user });
    const looking = lookingGrants(outputs, context);
    return [
        gate
            ? declared(
                  "grants",
                  "user's policy: sees these models, calls the gate",
                  grantsInWords([...looking, ...callGrants(outputs.region, gate, context)]),
              )
            : declared(
                  "grants",
                  "user's policy: these models only",
                  grantsInWords([...looking, ...invokingGrants(outputs, context)]),
              ),
        declared("groups", "user's groups", "none"),
        declared("keys", "user's keys", declaredKeysInWords(outputs)),
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

/** The allowed models one by one, then one that is not. Behind a gate, the service invokes none of them itself. */
function modelChecks({ models, inferenceProfiles = [], gate }: LlmModelsOutputs): Check[] {
    const other = models.includes(anyModel) ? "amazon.titan-text-express-v1" : anyModel;
    const get = (model: string, expected: string) => bedrock(`get ${model}`, expected, { call: "get", model });
    const invoke = (model: string, expected: string) => [
        bedrock(`invoke ${model}`, expected, { call: "invoke", model }),
        bedrock(`invoke with a stream ${model}`, expected, { call: "invokeStream", model }),
    ];
    const invoked = gate ? deniedByBedrock : allowed;
    return [
        bedrock("list models", allowed, { call: "list" }),
        ...models.flatMap((model) => [{ ...get(model, allowed), ...mayBeMissing }, ...invoke(model, invoked)]),
        // Without a gate, whether they may be invoked is told by their health.
        ...(gate ? inferenceProfiles.flatMap(({ profileId }) => invoke(profileId, deniedByBedrock)) : []),
        get(other, deniedByBedrock),
        ...invoke(other, deniedByBedrock),
    ];
}

/** That each inference profile routes to the regions that the policy lets it. */
function profileChecks({ inferenceProfiles = [] }: LlmModelsOutputs): Check[] {
    return inferenceProfiles.map(({ profileId, modelId, destinationRegions }) => ({
        ...check(
            "E1",
            `profile ${profileId}: regions as AWS routes`,
            routesInWords(modelId, destinationRegions),
            { kind: "inferenceProfile", profileId },
            "service",
        ),
        ...mayBeMissing,
    }));
}

/** One line for each model and inference profile that is to answer: through the gate, where there is one. */
function healthChecks({ models, inferenceProfiles = [], gate }: LlmModelsOutputs): Check[] {
    return [...models, ...inferenceProfiles.map(({ profileId }) => profileId)].map((model) =>
        check(
            "E10",
            `health of ${model}`,
            healthy,
            gate ? { kind: "gateHealth", url: gate.url, model } : { kind: "modelHealth", model },
            "service",
        ),
    );
}

function bedrock(name: string, expected: string, probe: Omit<Extract<Probe, { kind: "bedrock" }>, "kind">): Check {
    return check("E1", name, expected, { kind: "bedrock", ...probe }, "service");
}

function refusals({ userName: user }: LlmModelsOutputs, context: CheckContext): Check[] {
    return [
        ...foreignBucketChecks("E1", context),
        refused("E1", "list all buckets", { kind: "s3", call: "listBuckets", bucket: "" }),
        refused("E1", "read its own user", { kind: "iam", call: "getUser", user }),
    ];
}

function budgetChecks(outputs: LlmModelsOutputs, { partition, accountId }: CheckContext): Check[] {
    const { budgetName: budget, topicArn, monthlyLimitUsd, alertPercent, alertEmails, costTag } = outputs;
    const { budgetServices = bedrockServices } = outputs;
    const levels = rising([...names.usualAlertPercents, alertPercent]);
    const costs = [
        `Service = ${[...budgetServices].sort().join(", ")}`,
        ...(costTag ? [`TagKeyValue = user:${costTag.key}$${costTag.value}`] : []),
        "without Credit, Refund",
    ];
    return [
        check("E2", "monthly budget", `COST, MONTHLY, ${monthlyLimitUsd} USD; ${costs.join("; ")}`, {
            kind: "budget",
            aspect: "limit",
            budget,
        }),
        check(
            "E2",
            "who is told",
            `every alert to ${[...alertEmails].sort().join(", ")} and topic ${topicArn.slice(topicArn.lastIndexOf(":") + 1)}`,
            { kind: "budget", aspect: "subscribers", budget },
        ),
        check(
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
        check(
            "E3",
            "alert levels, each once",
            `ACTUAL > ${levels.join("%, ")}%; FORECASTED > ${names.forecastAlertPercent}%`,
            { kind: "budget", aspect: "notifications", budget },
        ),
    ];
}

function shutOffChecks(outputs: LlmModelsOutputs, { partition, accountId }: CheckContext): Check[] {
    const { userName: user, denyPolicyArn: policyArn, shutOffRoleArn, sessionRoleArn, budgetAction } = outputs;
    const { budgetName, gate } = outputs;
    const role = shutOffRoleArn.slice(shutOffRoleArn.lastIndexOf("/") + 1);
    const targets = [`user ${user}`, ...invokingRoles(outputs).map((name) => `role ${name}`)];
    const declared = (name: string, expected: string, probe: Probe) => check("E4", name, expected, probe);
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
    const others = [...(gate ? ["the gate"] : []), ...(sessionRoleArn === undefined ? [] : ["its sessions"])];
    const of = ["user", ...others].join(" and ");
    return [
        ...denyChecks("deny policy", "no shut-off in force", policyArn),
        declared(
            `shut-off role: that policy, that ${of}`,
            grantsInWords(attachingGrants(outputs, { partition, accountId }, policyArn, ["Attach", "Detach"])),
            { kind: "role", aspect: "grants", role },
        ),
        declared("shut-off role's trust: AWS Budgets", grantsInWords(trust), { kind: "role", aspect: "trust", role }),
        ...(budgetAction
            ? [
                  declared(
                      `budget action: that policy, that ${of}, by itself`,
                      `APPLY_IAM_POLICY, AUTOMATIC, ACTUAL > ${names.shutOffPercent}%: ${policyArn} for ` +
                          `${targets.join(", ")}: by ${shutOffRoleArn}`,
                      { kind: "budgetAction", budget: budgetName },
                  ),
              ]
            : []),
        ...(gate ? [] : [denyByHand(outputs)]),
    ];
}

/** The service's own keys before and after: behind a gate they invoke nothing in either case. */
function denyByHand({ userName: user, denyPolicyArn: policyArn, models, inferenceProfiles = [] }: LlmModelsOutputs) {
    return {
        ...check(
            "E4",
            "deny policy attached by hand",
            `attached: ${deniedByBedrock}; detached: ${allowed}`,
            { kind: "shutOff", user, policyArn, model: models[0] ?? inferenceProfiles[0].profileId },
            "deployer",
        ),
        note: "The policy was attached by hand: this does not show that AWS Budgets attaches it at 95 %.",
    };
}
