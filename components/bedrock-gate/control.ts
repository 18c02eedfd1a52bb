import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../arn";
import { type PolicyDocument } from "../policy-document";
import { logGroupName, scheduleName, scheduleRoleName, type ScheduleName, schedules } from "./names";
import { allowControl, allowStarting, type ControlRights, trustLambda, trustScheduler } from "./policy";

/** What looks after a budget. */
export interface ControlArgs {
    readonly scope: pulumi.Output<ArnScope>;
    /** Name of the function; its role's and its schedules' begin with it. */
    readonly functionName: string;
    readonly code: pulumi.asset.Archive;
    readonly variables: Record<string, pulumi.Input<string>>;
    readonly rights: pulumi.Input<ControlRights>;
    readonly logRetentionDays: number;
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Makes the function that shuts off and restores, with rights of its own, and its schedules. Answers the function: whoever
 * may invoke it may restore.
 */
export function createControl(parent: pulumi.Resource, name: string, args: ControlArgs): aws.lambda.Function {
    const { functionName, code, variables, rights, logRetentionDays, tags } = args;
    const logGroup = new aws.cloudwatch.LogGroup(
        `${name}-control-log`,
        { name: logGroupName(functionName), retentionInDays: logRetentionDays, tags },
        { parent },
    );
    const role = createRole(parent, `${name}-control-role`, {
        name: functionName,
        description: "The keeper of the budget: attaches and detaches its brake.",
        trust: trustLambda(),
        tags,
    });
    const permission = new aws.iam.RolePolicy(
        `${name}-control-role-policy`,
        {
            name: "control",
            role: role.name,
            policy: pulumi.jsonStringify(
                pulumi.all([args.scope, rights]).apply(([scope, plain]) => allowControl(scope, functionName, plain)),
            ),
        },
        { parent },
    );
    const control = new aws.lambda.Function(
        `${name}-control`,
        {
            name: functionName,
            description: "Keeps the budget's ledger and brake, and restores it.",
            role: role.arn,
            runtime: "nodejs22.x",
            architectures: ["arm64"],
            handler: "index.handler",
            code,
            memorySize: 512,
            timeout: 120,
            environment: { variables },
            tags,
        },
        { parent, dependsOn: [logGroup, permission] },
    );
    createSchedules(parent, name, args, control);
    return control;
}

function createSchedules(parent: pulumi.Resource, name: string, args: ControlArgs, control: aws.lambda.Function): void {
    const role = createRole(parent, `${name}-schedule-role`, {
        name: scheduleRoleName(args.functionName),
        description: "Lets the keeper's schedules start it.",
        trust: args.scope.apply(({ accountId }) => trustScheduler(accountId)),
        tags: args.tags,
    });
    const permission = new aws.iam.RolePolicy(
        `${name}-schedule-role-policy`,
        {
            name: "start",
            role: role.name,
            policy: pulumi.jsonStringify(control.arn.apply(allowStarting)),
        },
        { parent },
    );
    for (const [schedule, { expression, task, description }] of Object.entries(schedules)) {
        new aws.scheduler.Schedule(
            `${name}-schedule-${schedule}`,
            {
                name: scheduleName(args.functionName, schedule as ScheduleName),
                description,
                scheduleExpression: expression,
                scheduleExpressionTimezone: "UTC",
                flexibleTimeWindow: { mode: "OFF" },
                target: {
                    arn: control.arn,
                    roleArn: role.arn,
                    input: JSON.stringify({ task }),
                    retryPolicy: { maximumRetryAttempts: 10, maximumEventAgeInSeconds: 3600 },
                },
            },
            { parent, dependsOn: permission },
        );
    }
}

function createRole(
    parent: pulumi.Resource,
    resourceName: string,
    args: {
        readonly name: string;
        readonly description: string;
        readonly trust: pulumi.Input<PolicyDocument>;
        readonly tags: ControlArgs["tags"];
    },
): aws.iam.Role {
    const { name, description, trust, tags } = args;
    return new aws.iam.Role(
        resourceName,
        { name, description, assumeRolePolicy: pulumi.jsonStringify(trust), tags },
        { parent },
    );
}
