import { policyDocument, type PolicyDocument } from "../components/policy-document";

/**
 * The exact actions that `pulumi up`, `refresh` and `destroy` of this program need, on any resource of the account: what
 * its owner gives to the deployer. The local cloud deploys with nothing else, so a missing action shows there first.
 *
 * @param partition `aws`, `aws-cn` or `aws-us-gov`
 * @param accountId twelve digits
 * @param emulator adds what MiniStack asks for where AWS asks for something narrower; a policy for AWS goes without it
 */
export function deployerPolicy(partition: string, accountId: string, emulator = false): PolicyDocument {
    const iam = (resource: string) => `arn:${partition}:iam::${accountId}:${resource}`;
    return policyDocument(
        {
            Sid: "Buckets",
            Effect: "Allow",
            Action: bucketActions,
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
                    "iam:PassedToService": [
                        "ecs-tasks.amazonaws.com",
                        "budgets.amazonaws.com",
                        "pods.eks.amazonaws.com",
                    ],
                },
            },
        },
        {
            Sid: "Services",
            Effect: "Allow",
            Action: serviceActions,
            // Some of these have no resource level; the names of the others are the services' and their stacks'.
            Resource: "*",
        },
        ...(emulator ? [{ Sid: "Emulator", Effect: "Allow", Action: emulatorActions, Resource: "*" } as const] : []),
    );
}

/**
 * What a deployer needs beyond that to verify a stack: to plant the objects that a service is to read, delete or be
 * refused, and to remove what a check wrote. `pulumi up` needs none of it: give it only to whoever verifies.
 *
 * @param partition `aws`, `aws-cn` or `aws-us-gov`
 */
export function verifierPolicy(partition: string): PolicyDocument {
    return policyDocument(
        {
            Sid: "TestObjects",
            Effect: "Allow",
            Action: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject"],
            // Every test object is in a folder `verify-<run>/`, at the top or under a service's prefix.
            Resource: [`arn:${partition}:s3:::*/verify-*`, `arn:${partition}:s3:::*/*/verify-*`],
        },
        {
            Sid: "FindTestObjects",
            Effect: "Allow",
            Action: ["s3:ListBucketMultipartUploads", "s3:ListBucketVersions"],
            Resource: `arn:${partition}:s3:::*`,
        },
    );
}

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

const bucketActions = [
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    ...readByThePlugin,
    "s3:GetBucketLocation",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
] as const;

const identityActions = [
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateGroup",
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:CreateRole",
    "iam:CreateUser",
    "iam:DeleteAccessKey",
    "iam:DeleteGroup",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DeleteUser",
    "iam:DeleteUserPolicy",
    "iam:DetachGroupPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:GetAccessKeyLastUsed",
    "iam:GetGroup",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAccessKeys",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListInstanceProfilesForRole",
    "iam:ListPolicyTags",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
    "iam:ListUserPolicies",
    "iam:ListUserTags",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:RemoveUserFromGroup",
    "iam:TagPolicy",
    "iam:TagRole",
    "iam:TagUser",
    "iam:UntagPolicy",
    "iam:UntagRole",
    "iam:UntagUser",
    "iam:UpdateAccessKey",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateUser",
] as const;

const serviceActions = [
    "budgets:ListTagsForResource",
    "budgets:ModifyBudget",
    "budgets:TagResource",
    "budgets:UntagResource",
    "budgets:ViewBudget",
    "budgets:CreateBudgetAction",
    "budgets:DeleteBudgetAction",
    "budgets:DescribeBudgetAction",
    "budgets:UpdateBudgetAction",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:RegisterTaskDefinition",
    "ecs:TagResource",
    "ecs:UntagResource",
    "eks:CreatePodIdentityAssociation",
    "eks:DeletePodIdentityAssociation",
    "eks:DescribePodIdentityAssociation",
    "eks:TagResource",
    "eks:UntagResource",
    "eks:UpdatePodIdentityAssociation",
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
    "sns:CreateTopic",
    "sns:DeleteTopic",
    "sns:GetTopicAttributes",
    "sns:ListTagsForResource",
    "sns:SetTopicAttributes",
    "sns:TagResource",
    "sns:UntagResource",
    "sts:GetCallerIdentity",
] as const;

/** MiniStack names its actions on budgets after the calls, and asks for these of IAM on every resource. */
const emulatorActions = [
    "budgets:CreateBudget",
    "budgets:CreateNotification",
    "budgets:CreateSubscriber",
    "budgets:DeleteBudget",
    "budgets:DeleteNotification",
    "budgets:DeleteSubscriber",
    "budgets:DescribeBudget",
    "budgets:DescribeNotificationsForBudget",
    "budgets:DescribeSubscribersForNotification",
    "budgets:UpdateBudget",
    "budgets:UpdateNotification",
    "budgets:UpdateSubscriber",
    "iam:CreatePolicy",
    "iam:GetAccessKeyLastUsed",
] as const;
