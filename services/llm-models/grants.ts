import { isGlobal } from "../../components/bedrock-budget-tier/policy";
import { logGroupName } from "../../components/bedrock-gate/names";
import { gateAlias } from "../../components/bedrock-gate/policy";
import { type CheckContext } from "../checks";
import { type Statement } from "../grants";
import { type GateOutputs } from "./gate";
import { type LlmModelsOutputs } from "./schema";

type Account = Pick<CheckContext, "partition" | "accountId">;
type Models = Pick<LlmModelsOutputs, "region" | "models" | "inferenceProfiles">;

export const invokeActions = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

/** What whoever invokes the models may do: these, and no others. */
export function invokingGrants({ region, models, inferenceProfiles = [] }: Models, account: Account): Statement[] {
    const allow = (resources: readonly string[], condition?: Record<string, string>): Statement => ({
        Effect: "Allow",
        Action: invokeActions,
        Resource: resources,
        ...(condition ? { Condition: { StringEquals: condition } } : {}),
    });
    return [
        ...(models.length > 0 ? [allow(models.map((model) => modelArn(account, region, model)))] : []),
        ...inferenceProfiles.flatMap(({ profileId, modelId, destinationRegions }) => {
            const profile = profileArn(account, region, profileId);
            const through = { "bedrock:InferenceProfileArn": profile };
            const regions = isGlobal(profileId) ? [region] : destinationRegions;
            return [
                allow([profile]),
                allow(
                    regions.map((where) => modelArn(account, where, modelId)),
                    through,
                ),
                ...(isGlobal(profileId)
                    ? [allow([modelArn(account, "", modelId)], { ...through, "aws:RequestedRegion": "unspecified" })]
                    : []),
            ];
        }),
    ];
}

/** What whoever asks which models there are may do. */
export function lookingGrants({ region, models, inferenceProfiles = [] }: Models, account: Account): Statement[] {
    const ids = [...models, ...inferenceProfiles.map(({ modelId }) => modelId)];
    return [
        {
            Effect: "Allow",
            Action: "bedrock:GetFoundationModel",
            Resource: [...new Set(ids)].map((model) => modelArn(account, region, model)),
        },
        ...inferenceProfiles.map(({ profileId }) => ({
            Effect: "Allow",
            Action: "bedrock:GetInferenceProfile",
            Resource: profileArn(account, region, profileId),
        })),
        { Effect: "Allow", Action: "bedrock:ListFoundationModels", Resource: "*" },
    ];
}

/** What calling the gate takes: its URL, and nothing but its URL. */
export function callGrants(region: string, { functionName }: GateOutputs, account: Account): Statement[] {
    const alias = `${functionArn(account, region, functionName)}:${gateAlias}`;
    return [
        {
            Effect: "Allow",
            Action: "lambda:InvokeFunctionUrl",
            Resource: alias,
            Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
        },
        {
            Effect: "Allow",
            Action: "lambda:InvokeFunction",
            Resource: alias,
            Condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } },
        },
    ];
}

/** The instances that wait at the URL's alias. */
export function instancesGrant(
    region: string,
    { functionName }: GateOutputs,
    account: Account,
    verb: "Put" | "Delete",
): Statement {
    return {
        Effect: "Allow",
        Action: `lambda:${verb}ProvisionedConcurrencyConfig`,
        Resource: `${functionArn(account, region, functionName)}:${gateAlias}`,
    };
}

/** What the gate and the keeper do beside their own work: counting, writing a log, telling people. */
export function countingGrants(
    { region, keeper: { tableName, topicArn } }: LlmModelsOutputs,
    functionName: string,
    account: Account,
): Statement[] {
    return [
        {
            Effect: "Allow",
            Action: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
            Resource: regional(account, "dynamodb", region, `table/${tableName}`),
        },
        {
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
            Resource: regional(account, "logs", region, `log-group:${logGroupName(functionName)}:*`),
        },
        { Effect: "Allow", Action: "sns:Publish", Resource: topicArn },
    ];
}

/** Names of the roles that invoke, which a shut-off reaches besides the service's user. */
export function invokingRoles({ gate, sessionRoleArn }: Pick<LlmModelsOutputs, "gate" | "sessionRoleArn">): string[] {
    return [
        ...(gate ? [gate.roleName] : []),
        ...(sessionRoleArn === undefined ? [] : [sessionRoleArn.slice(sessionRoleArn.lastIndexOf("/") + 1)]),
    ];
}

/** That one policy, on the service's user and on the roles that invoke, and on nobody else. */
export function attachingGrants(
    outputs: LlmModelsOutputs,
    account: Account,
    policyArn: string,
    verbs: readonly ("Attach" | "Detach")[],
): Statement[] {
    const on = (kind: "User" | "Role", arn: string): Statement => ({
        Effect: "Allow",
        Action: verbs.map((verb) => `iam:${verb}${kind}Policy`),
        Resource: arn,
        Condition: { ArnEquals: { "iam:PolicyARN": policyArn } },
    });
    return [
        on("User", iamArn(account, `user/${outputs.userName}`)),
        ...invokingRoles(outputs).map((role) => on("Role", iamArn(account, `role/${role}`))),
    ];
}

/** Who of them has which policies. */
export function seeingGrants(outputs: LlmModelsOutputs, account: Account): Statement[] {
    const on = (kind: "User" | "Role", name: string): Statement => ({
        Effect: "Allow",
        Action: `iam:ListAttached${kind}Policies`,
        Resource: iamArn(account, `${kind.toLowerCase()}/${name}`),
    });
    return [on("User", outputs.userName), ...invokingRoles(outputs).map((role) => on("Role", role))];
}

/** What Bedrock has counted and what AWS bills: neither has a resource level. */
export const watchingGrants: readonly Statement[] = [
    {
        Effect: "Allow",
        Action: ["ce:GetCostAndUsage", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
        Resource: "*",
    },
];

export const functionArn = (account: Account, region: string, name: string) =>
    regional(account, "lambda", region, `function:${name}`);

const modelArn = ({ partition }: Account, region: string, model: string) =>
    `arn:${partition}:bedrock:${region}::foundation-model/${model}`;
const profileArn = (account: Account, region: string, id: string) =>
    regional(account, "bedrock", region, `inference-profile/${id}`);
export const iamArn = ({ partition, accountId }: Account, resource: string) =>
    `arn:${partition}:iam::${accountId}:${resource}`;
export const regional = ({ partition, accountId }: Account, service: string, region: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${accountId}:${resource}`;
