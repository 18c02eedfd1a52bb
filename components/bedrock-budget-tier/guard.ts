import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../arn";
import { allowShutOff, trustBudgets } from "./policy";

/** The automatic end of spending. */
export interface ShutOffArgs {
    /** ARN of the policy that a shut-off attaches: a `spendingDeny` of `deny.ts`. */
    readonly denyPolicyArn: pulumi.Input<string>;
    /** Name of the role with which AWS Budgets attaches and detaches that policy. */
    readonly executionRoleName: string;
    /** Names of the IAM users that a shut-off reaches. At least one user or role. */
    readonly users: readonly pulumi.Input<string>[];
    /**
     * Names of the IAM roles that a shut-off reaches.
     *
     * @default none
     */
    readonly roles?: readonly pulumi.Input<string>[];
    /**
     * Share of the monthly limit, in percent of what was really spent, at which the shut-off happens.
     *
     * @default 95
     */
    readonly percent?: number;
    /**
     * Whether AWS Budgets runs the shut-off by itself. Where its API has no budget actions (an emulator), or where
     * something else attaches the policy, only the policy and the role are made.
     */
    readonly budgetAction: boolean;
}

/** What the guard needs to know of its tier. */
export interface GuardArgs {
    readonly scope: pulumi.Output<ArnScope>;
    readonly shutOff: ShutOffArgs;
    readonly budgetName: pulumi.Output<string>;
    readonly topicArn: pulumi.Output<string>;
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Share of the monthly limit at which a shut-off happens when nothing else is said. */
const defaultPercent = 95;

/** Makes the role that attaches the deny policy and, if asked, the budget action that does so by itself; answers the role. */
export function createGuard(parent: pulumi.Resource, name: string, args: GuardArgs): aws.iam.Role {
    const role = createExecutionRole(parent, name, args);
    const permission = allowTheRole(parent, name, args, role);
    if (args.shutOff.budgetAction) createBudgetAction(parent, name, args, role, permission);
    return role;
}

function createExecutionRole(parent: pulumi.Resource, name: string, args: GuardArgs): aws.iam.Role {
    return new aws.iam.Role(
        `${name}-execution`,
        {
            name: args.shutOff.executionRoleName,
            description: "Lets AWS Budgets attach and detach the policy that ends spending in Bedrock.",
            assumeRolePolicy: pulumi.jsonStringify(args.scope.apply(trustBudgets)),
            tags: args.tags,
        },
        { parent },
    );
}

function allowTheRole(parent: pulumi.Resource, name: string, args: GuardArgs, role: aws.iam.Role): aws.iam.RolePolicy {
    const { users, roles = [], denyPolicyArn } = args.shutOff;
    const document = pulumi
        .all([args.scope, denyPolicyArn, pulumi.all([...users]), pulumi.all([...roles])])
        .apply(([scope, arn, userNames, roleNames]) =>
            allowShutOff(scope, arn, { users: userNames, roles: roleNames }),
        );
    return new aws.iam.RolePolicy(
        `${name}-execution-policy`,
        { name: "shut-off", role: role.name, policy: pulumi.jsonStringify(document) },
        { parent },
    );
}

function createBudgetAction(
    parent: pulumi.Resource,
    name: string,
    args: GuardArgs,
    role: aws.iam.Role,
    permission: aws.iam.RolePolicy,
): void {
    const { users, roles = [], percent = defaultPercent, denyPolicyArn } = args.shutOff;
    new aws.budgets.BudgetAction(
        `${name}-action`,
        {
            budgetName: args.budgetName,
            actionType: "APPLY_IAM_POLICY",
            approvalModel: "AUTOMATIC",
            notificationType: "ACTUAL",
            actionThreshold: { actionThresholdType: "PERCENTAGE", actionThresholdValue: percent },
            definition: {
                iamActionDefinition: {
                    policyArn: denyPolicyArn,
                    ...(users.length > 0 ? { users: [...users] } : {}),
                    ...(roles.length > 0 ? { roles: [...roles] } : {}),
                },
            },
            executionRoleArn: role.arn,
            subscribers: [{ subscriptionType: "SNS", address: args.topicArn }],
            tags: args.tags,
        },
        // The role is of use to the action only with its permission.
        { parent, dependsOn: permission },
    );
}
