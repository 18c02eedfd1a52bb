import { policyDocument, type PolicyDocument } from "../../components/policy-document";
import { type ResourceKind } from "../../services/resources";

/**
 * The exact actions that `pulumi up`, `refresh` and `destroy` of this program need, on any resource of the account: what
 * its owner gives to the deployer. The local cloud deploys with nothing else, so a missing action shows there first.
 *
 * @param partition `aws`, `aws-cn` or `aws-us-gov`
 * @param accountId twelve digits
 */
export function deployerPolicy(partition: string, accountId: string): PolicyDocument {
    const iam = (resource: string) => `arn:${partition}:iam::${accountId}:${resource}`;
    const regional = (service: string, resource: string) => `arn:${partition}:${service}:*:${accountId}:${resource}`;
    return policyDocument(
        {
            Sid: "Buckets",
            Effect: "Allow",
            Action: actionsOn.bucket,
            // Bucket names have no account in them; their owner decides, and the names are the services'.
            Resource: `arn:${partition}:s3:::*`,
        },
        {
            Sid: "Identities",
            Effect: "Allow",
            Action: identityActions,
            Resource: [iam("user/*"), iam("role/*"), iam("group/*"), iam("policy/*")],
        },
        {
            Sid: "HandRolesOver",
            Effect: "Allow",
            Action: "iam:PassRole",
            Resource: iam("role/*"),
            Condition: {
                StringEquals: {
                    "iam:PassedToService": Object.values(roleReceivers),
                },
            },
        },
        {
            Sid: "Functions",
            Effect: "Allow",
            Action: [...actionsOn.table, ...actionsOn.function, ...actionsOn.schedule, ...actionsOn.alarm],
            Resource: [
                regional("dynamodb", "table/*"),
                regional("lambda", "function:*"),
                // In the group that schedules are in when they name none.
                regional("scheduler", "schedule/default/*"),
                regional("cloudwatch", "alarm:*"),
            ],
        },
        {
            Sid: "Services",
            Effect: "Allow",
            Action: serviceActions,
            // Some of these have no resource level; the names of the others are the services' and their stacks'.
            Resource: "*",
        },
    );
}

/**
 * What of that a preview needs, with `--refresh` too: what only looks. No object of a bucket and no item of a table is
 * read; settings of functions are, and hold no secret.
 *
 * @param partition `aws`, `aws-cn` or `aws-us-gov`
 * @param accountId twelve digits
 */
export function previewerPolicy(partition: string, accountId: string): PolicyDocument {
    const statements = deployerPolicy(partition, accountId).Statement.flatMap((statement) => {
        const looks = [statement.Action].flat().filter((action) => /:(Describe|Get|List|View)/.test(action!));
        return looks.length === 0 ? [] : [{ ...statement, Action: looks as string[] }];
    });
    return policyDocument(...statements);
}

/**
 * What a deployer needs beyond that to verify a stack: to plant the objects that a service is to read, delete or be
 * refused, to remove what a check wrote and what a killed run has left, and to ask about its own rights. `pulumi up` needs none of it: give it only to
 * whoever verifies.
 *
 * @param partition `aws`, `aws-cn` or `aws-us-gov`
 * @param accountId twelve digits: another account's gates, budgets and identities are none of its business
 */
export function verifierPolicy(partition: string, accountId: string): PolicyDocument {
    const iam = (resource: string) => `arn:${partition}:iam::${accountId}:${resource}`;
    const functions = (name: string) => `arn:${partition}:lambda:*:${accountId}:function:${name}`;
    return policyDocument(
        {
            Sid: "TestObjects",
            Effect: "Allow",
            Action: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject"],
            // Every test object is in a folder `verify-<run>/`, at the top or under a service's prefix: IAM's asterisk
            // stands for slashes, too.
            Resource: `arn:${partition}:s3:::*/verify-*`,
        },
        {
            Sid: "FindTestObjects",
            Effect: "Allow",
            Action: ["s3:ListBucketMultipartUploads", "s3:ListBucketVersions"],
            Resource: `arn:${partition}:s3:::*`,
        },
        {
            Sid: "SeeInstances",
            Effect: "Allow",
            Action: "lambda:GetProvisionedConcurrencyConfig",
            // Of a gate's alias.
            Resource: functions("*:live"),
        },
        {
            Sid: "KnowOwnRights",
            Effect: "Allow",
            // With it `infra doctor` asks which of the deployer's rights are missing.
            Action: "iam:SimulatePrincipalPolicy",
            Resource: [iam("user/*"), iam("role/*")],
        },
        {
            Sid: "AskGateKeepers",
            Effect: "Allow",
            // They restore a budget, try a shut-off, and create and revoke gate keys.
            Action: "lambda:InvokeFunction",
            Resource: functions("*-control"),
        },
        {
            Sid: "RestoreBudgets",
            Effect: "Allow",
            Action: ["budgets:DescribeBudgetActionsForBudget", "budgets:ExecuteBudgetAction"],
            Resource: `arn:${partition}:budgets::${accountId}:budget/*`,
        },
        {
            Sid: "FindWhatKilledRunsLeft",
            Effect: "Allow",
            Action: "iam:ListUsers",
            // IAM narrows this action to no resource.
            Resource: "*",
        },
    );
}

/** The services of AWS that the program hands roles over to. */
export const roleReceivers = {
    ecs: "ecs-tasks.amazonaws.com",
    budgets: "budgets.amazonaws.com",
    eks: "pods.eks.amazonaws.com",
    lambda: "lambda.amazonaws.com",
    scheduler: "scheduler.amazonaws.com",
} as const;

/** What the official plugin reads of every bucket, whether the program declares it or not. */
const readByThePlugin = [
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketWebsite",
    "s3:GetReplicationConfiguration",
] as const;

/**
 * The exact actions that each kind of resource needs; those that IAM lets nobody narrow to one of them stand apart.
 */
export const actionsOn = {
    bucket: [
        "s3:CreateBucket",
        "s3:DeleteBucket",
        ...readByThePlugin,
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListBucket",
        // Buckets' tags, of S3 Control.
        "s3:ListTagsForResource",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:TagResource",
        "s3:UntagResource",
    ],
    group: [
        "iam:AddUserToGroup",
        "iam:AttachGroupPolicy",
        "iam:CreateGroup",
        "iam:DeleteGroup",
        "iam:DetachGroupPolicy",
        "iam:GetGroup",
        "iam:ListAttachedGroupPolicies",
        "iam:RemoveUserFromGroup",
    ],
    policy: [
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:ListPolicyVersions",
        "iam:TagPolicy",
        "iam:UntagPolicy",
    ],
    role: [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:PutRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRoleDescription",
    ],
    user: [
        "iam:AttachUserPolicy",
        "iam:CreateAccessKey",
        "iam:CreateUser",
        "iam:DeleteAccessKey",
        // A user that something may deny is deleted with all that a user can have: what nobody gives it is only looked for.
        "iam:DeleteLoginProfile",
        "iam:DeleteUser",
        "iam:DeleteUserPolicy",
        "iam:DetachUserPolicy",
        "iam:GetAccessKeyLastUsed",
        "iam:GetUser",
        "iam:GetUserPolicy",
        "iam:ListAccessKeys",
        "iam:ListAttachedUserPolicies",
        "iam:ListGroupsForUser",
        "iam:ListMFADevices",
        "iam:ListSSHPublicKeys",
        "iam:ListServiceSpecificCredentials",
        "iam:ListSigningCertificates",
        "iam:ListUserPolicies",
        "iam:ListUserTags",
        "iam:PutUserPolicy",
        "iam:TagUser",
        "iam:UntagUser",
        "iam:UpdateAccessKey",
    ],
    budget: [
        "budgets:ListTagsForResource",
        "budgets:ModifyBudget",
        "budgets:TagResource",
        "budgets:UntagResource",
        "budgets:ViewBudget",
    ],
    budgetAction: [
        "budgets:CreateBudgetAction",
        "budgets:DeleteBudgetAction",
        "budgets:DescribeBudgetAction",
        "budgets:UpdateBudgetAction",
    ],
    taskDefinition: ["ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource"],
    podIdentity: [
        "eks:CreatePodIdentityAssociation",
        "eks:DeletePodIdentityAssociation",
        "eks:DescribePodIdentityAssociation",
        "eks:TagResource",
        "eks:UntagResource",
        "eks:UpdatePodIdentityAssociation",
    ],
    logGroup: [
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:ListTagsForResource",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
    ],
    table: [
        "dynamodb:CreateTable",
        "dynamodb:DeleteTable",
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:ListTagsOfResource",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups",
        // Its deletion protection.
        "dynamodb:UpdateTable",
        "dynamodb:UpdateTimeToLive",
    ],
    // With its versions, its aliases, their URLs and, of one that asks for no signature, its permissions.
    function: [
        "lambda:AddPermission",
        "lambda:CreateAlias",
        "lambda:CreateFunction",
        "lambda:CreateFunctionUrlConfig",
        "lambda:DeleteAlias",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionUrlConfig",
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        // Asked until a function that is changed is ready.
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionUrlConfig",
        "lambda:GetPolicy",
        "lambda:ListVersionsByFunction",
        "lambda:PublishVersion",
        "lambda:RemovePermission",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:UpdateFunctionUrlConfig",
    ],
    schedule: [
        "scheduler:CreateSchedule",
        "scheduler:DeleteSchedule",
        "scheduler:GetSchedule",
        "scheduler:UpdateSchedule",
    ],
    alarm: [
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
    ],
    topic: [
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:GetTopicAttributes",
        "sns:ListTagsForResource",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
        "sns:TagResource",
        "sns:UntagResource",
    ],
} as const satisfies Readonly<Record<ResourceKind, readonly string[]>>;

/** What of these kinds IAM lets nobody narrow to one resource. */
export const unnamedActionsOn: Readonly<Partial<Record<ResourceKind, readonly string[]>>> = {
    // Looked through as such a user is deleted.
    user: ["iam:ListVirtualMFADevices"],
    taskDefinition: ["ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition"],
    logGroup: ["logs:DescribeLogGroups"],
    // Of its subscriptions.
    topic: ["sns:GetSubscriptionAttributes", "sns:Unsubscribe"],
};

const identityActions = [...actionsOn.user, ...actionsOn.role, ...actionsOn.group, ...actionsOn.policy];

const serviceActions = [
    ...actionsOn.budget,
    ...actionsOn.budgetAction,
    ...actionsOn.taskDefinition,
    ...actionsOn.podIdentity,
    ...actionsOn.logGroup,
    ...actionsOn.topic,
    ...Object.values(unnamedActionsOn).flat(),
];
