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

/** What a gate's two functions share. */
export interface ControlRights {
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
        ...models,
    );
}

/** What the keeper's role may do: count, write its log, shut off and restore. */
export function allowControl(scope: ArnScope, functionName: string, rights: ControlRights): PolicyDocument {
    const { users, roles } = rights.brake;
    return policyDocument(
        ...common(scope, functionName, rights),
        ...onTargets(scope, rights.brake, "AttachingAndDetaching", ["Attach", "Detach"]),
        {
            Sid: "AllowSeeingAttachments",
            Effect: "Allow",
            Action: ["iam:ListAttachedRolePolicies", "iam:ListAttachedUserPolicies"],
            Resource: [...users.map((user) => userArn(scope, user)), ...roles.map((role) => roleArn(scope, role))],
        },
        {
            Sid: "AllowWatching",
            Effect: "Allow",
            // None of them has a resource level.
            Action: ["ce:GetCostAndUsage", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
            Resource: "*",
        },
    );
}

function common(scope: ArnScope, functionName: string, { tableName, topicArn }: ControlRights): PolicyStatement[] {
    return [
        {
            Sid: "AllowCounting",
            Effect: "Allow",
            // A transaction is authorised as the writes that it is made of.
            Action: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"],
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
    { policyArn, users, roles }: BrakeTargets,
    sid: string,
    verbs: readonly ("Attach" | "Detach")[],
): PolicyStatement[] {
    const onlyThePolicy = { ArnEquals: { "iam:PolicyARN": policyArn } };
    const on = (kind: "User" | "Role", arns: readonly string[]): PolicyStatement[] =>
        arns.length === 0
            ? []
            : [
                  {
                      Sid: `Allow${sid}To${kind}s`,
                      Effect: "Allow",
                      Action: verbs.map((verb) => `iam:${verb}${kind}Policy`),
                      Resource: arns,
                      Condition: onlyThePolicy,
                  },
              ];
    return [
        ...on(
            "User",
            users.map((user) => userArn(scope, user)),
        ),
        ...on(
            "Role",
            roles.map((role) => roleArn(scope, role)),
        ),
    ];
}

const userArn = (scope: ArnScope, user: string) => globalArn(scope, "iam", `user/${user}`);
const roleArn = (scope: ArnScope, role: string) => globalArn(scope, "iam", `role/${role}`);
