import { type ArnScope, globalArn, regionalArn } from "../arn";
import { type PolicyDocument, policyDocument, type PolicyStatement } from "../policy-document";
import { logGroupName } from "./names";

/** The alias behind the URL: what is deployed goes live at once, and provisioned concurrency has a place. */
export const gateAlias = "live";

/** The alias behind the URL that asks for no signature. */
export const keysAlias = "keys";

/**
 * What an identity needs to call the gate through its URL, and not in any other way. AWS asks for both actions
 * (AWS Lambda, "Control access to Lambda function URLs").
 */
export function callStatements(scope: ArnScope, functionName: string): PolicyStatement[] {
    const alias = regionalArn(scope, "lambda", `function:${functionName}:${gateAlias}`);
    return [
        {
            Sid: "AllowCallingGate",
            Effect: "Allow",
            Action: "lambda:InvokeFunctionUrl",
            Resource: alias,
            Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
        },
        {
            Sid: "AllowCallingGateThroughUrl",
            Effect: "Allow",
            Action: "lambda:InvokeFunction",
            Resource: alias,
            Condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } },
        },
    ];
}

/** Lets Lambda assume a role for the functions that have it; who may give it to one is said by `iam:PassRole`. */
export function trustLambda(): PolicyDocument {
    return policyDocument({
        Sid: "TrustLambda",
        Effect: "Allow",
        Principal: { Service: "lambda.amazonaws.com" },
        Action: "sts:AssumeRole",
    });
}

/** Lets EventBridge Scheduler, for this account's schedules only, assume a role. */
export function trustScheduler(accountId: string): PolicyDocument {
    return policyDocument({
        Sid: "TrustScheduler",
        Effect: "Allow",
        Principal: { Service: "scheduler.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:SourceAccount": accountId } },
    });
}

/** Lets CloudWatch, for these alarms only, publish to the topic. */
export function allowAlarmsToPublish(scope: ArnScope, topicArn: string, alarmNames: readonly string[]): PolicyDocument {
    return policyDocument({
        Sid: "AllowAlarmsToPublish",
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: "sns:Publish",
        Resource: topicArn,
        Condition: {
            StringEquals: { "aws:SourceAccount": scope.accountId },
            ArnLike: {
                "aws:SourceArn": alarmNames.map((name) => regionalArn(scope, "cloudwatch", `alarm:${name}`)),
            },
        },
    });
}

/** Lets a schedule start a function. */
export function allowStarting(functionArn: string): PolicyDocument {
    return policyDocument({
        Sid: "AllowStarting",
        Effect: "Allow",
        Action: "lambda:InvokeFunction",
        Resource: functionArn,
    });
}

/** Whom a shut-off reaches, and with what. */
export interface BrakeTargets {
    readonly policyArn: string;
    /** Names of users and roles of this account. */
    readonly users: readonly string[];
    readonly roles: readonly string[];
}

/** Instances that wait for requests. */
export interface ProvisionedRights {
    readonly functionName: string;
    /** 0 where none are kept ready. */
    readonly instances: number;
}

/** What a keeper and a gate share. */
export interface ControlRights {
    /** Of the gate, where there is one. */
    readonly provisioned?: ProvisionedRights;
    readonly brake: BrakeTargets;
    readonly tableName: string;
    /** Where people are told of a shut-off. */
    readonly topicArn: string;
}

/** What the gate's role may do: count, write its log, invoke models, and shut off. To restore is the keeper's right alone. */
export function gatePolicy(
    scope: ArnScope,
    functionName: string,
    rights: ControlRights,
    models: readonly PolicyStatement[],
): PolicyDocument {
    return policyDocument(
        ...common(scope, functionName, rights),
        ...onTargets(scope, rights.brake, "Attaching", ["Attach"]),
        ...(rights.provisioned && rights.provisioned.instances > 0
            ? [onInstances(scope, rights.provisioned, "Beginning", "Put")]
            : []),
        ...models,
    );
}

/** What the keeper's role may do: count, write its log, shut off and restore. */
export function allowControl(scope: ArnScope, functionName: string, rights: ControlRights): PolicyDocument {
    return policyDocument(
        ...common(scope, functionName, rights),
        ...onTargets(scope, rights.brake, "AttachingAndDetaching", ["Attach", "Detach"]),
        ...forEach(scope, rights.brake, (kind) => ({
            Sid: `AllowSeeingAttachmentsTo${kind}s`,
            Action: `iam:ListAttached${kind}Policies`,
        })),
        // Also where none are kept ready: a former setting may have left some.
        ...(rights.provisioned ? [onInstances(scope, rights.provisioned, "Ending", "Delete")] : []),
        {
            Sid: "AllowLookingThroughTheTable",
            Effect: "Allow",
            Action: "dynamodb:Query",
            Resource: regionalArn(scope, "dynamodb", `table/${rights.tableName}`),
        },
        {
            Sid: "AllowWatching",
            Effect: "Allow",
            // AWS narrows them by optional resources, of which none stands for what is asked here.
            Action: ["ce:GetCostAndUsage", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
            Resource: "*",
        },
    );
}

/** The instances of the one alias. */
function onInstances(
    scope: ArnScope,
    { functionName }: ProvisionedRights,
    sid: string,
    verb: "Put" | "Delete",
): PolicyStatement {
    return {
        Sid: `Allow${sid}Instances`,
        Effect: "Allow",
        Action: `lambda:${verb}ProvisionedConcurrencyConfig`,
        Resource: regionalArn(scope, "lambda", `function:${functionName}:${gateAlias}`),
    };
}

function common(scope: ArnScope, functionName: string, { tableName, topicArn }: ControlRights): PolicyStatement[] {
    return [
        {
            Sid: "AllowCounting",
            Effect: "Allow",
            // A transaction is authorised as the writes that it is made of.
            Action: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
            Resource: regionalArn(scope, "dynamodb", `table/${tableName}`),
        },
        {
            Sid: "AllowLogging",
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
            Resource: regionalArn(scope, "logs", `log-group:${logGroupName(functionName)}:*`),
        },
        { Sid: "AllowTelling", Effect: "Allow", Action: "sns:Publish", Resource: topicArn },
    ];
}

/** The one policy, on those users and roles. */
function onTargets(
    scope: ArnScope,
    targets: BrakeTargets,
    sid: string,
    verbs: readonly ("Attach" | "Detach")[],
): PolicyStatement[] {
    return forEach(scope, targets, (kind) => ({
        Sid: `Allow${sid}To${kind}s`,
        Action: verbs.map((verb) => `iam:${verb}${kind}Policy`),
        Condition: { ArnEquals: { "iam:PolicyARN": targets.policyArn } },
    }));
}

/** A statement for the users and one for the roles, where there are any. */
function forEach(
    scope: ArnScope,
    { users, roles }: BrakeTargets,
    statement: (kind: "User" | "Role") => Pick<PolicyStatement, "Sid" | "Action" | "Condition">,
): PolicyStatement[] {
    const on = (kind: "User" | "Role", names: readonly string[]): PolicyStatement[] => {
        const Resource = names.map((name) => globalArn(scope, "iam", `${kind.toLowerCase()}/${name}`));
        return names.length > 0 ? [{ Effect: "Allow", ...statement(kind), Resource }] : [];
    };
    return [...on("User", users), ...on("Role", roles)];
}
