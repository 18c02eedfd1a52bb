// One sample for each type that the stand-in makes for real: what it is declared with, and how somebody changes it by hand.

import * as budgets from "@aws-sdk/client-budgets";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as ecs from "@aws-sdk/client-ecs";
import * as eks from "@aws-sdk/client-eks";
import * as iam from "@aws-sdk/client-iam";
import * as s3 from "@aws-sdk/client-s3";
import * as sns from "@aws-sdk/client-sns";
import type { Properties } from "../../../local/plugins/wire";
import type { World } from "./world";

export interface Sample {
    inputs: Properties;
    /** Changes it behind the plugin's back. */
    drift(id: string, outputs: Properties): Promise<unknown>;
    /** Where the drift must show; "gone" if it was removed. */
    shows: string;
    /** A changed input that cannot be changed in place; left out where every one can. */
    replacedBy?: Properties;
    importId?(outputs: Properties): string;
    /** Inputs that nobody tells: an import does not find them. */
    untold?: readonly string[];
    /** AWS always has one: deleting it brings the default back. */
    lasting?: boolean;
    /** The emulator takes tags when it is made and refuses to change them. */
    tagsStay?: boolean;
}

/** Token → sample. */
export function contractSamples(world: World): Record<string, Sample> {
    const { account, byHand, unique } = world;
    const document = (action: string, principal?: string) =>
        JSON.stringify({
            Version: "2012-10-17",
            Statement: [
                {
                    Effect: "Allow",
                    Action: action,
                    ...(principal === undefined ? {} : { Principal: { AWS: principal } }),
                    ...(action === "sts:AssumeRole" ? {} : { Resource: `arn:aws:s3:::${world.bucket}` }),
                },
            ],
        });
    const root = `arn:aws:iam::${account}:root`;
    const topicDocument = (action: string) =>
        JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Action: action, Principal: { AWS: root }, Resource: world.topic }],
        });

    return {
        "aws:s3/bucket:Bucket": {
            inputs: { bucket: `contract-own-${unique}`, tags: { team: "a", "with.dot": "b" } },
            drift: (id) =>
                byHand.s3.send(
                    new s3.PutBucketTaggingCommand({
                        Bucket: id,
                        Tagging: { TagSet: [{ Key: "team", Value: "changed" }] },
                    }),
                ),
            shows: "tags.team",
            replacedBy: { bucket: `contract-renamed-${unique}` },
        },
        "aws:s3/bucketVersioning:BucketVersioning": {
            inputs: { bucket: world.bucket, versioningConfiguration: { status: "Enabled" } },
            drift: (id) =>
                byHand.s3.send(
                    new s3.PutBucketVersioningCommand({ Bucket: id, VersioningConfiguration: { Status: "Suspended" } }),
                ),
            shows: "versioningConfiguration.status",
            replacedBy: { bucket: "another" },
            lasting: true,
        },
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
            inputs: {
                bucket: world.bucket,
                rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
            },
            drift: (id) =>
                byHand.s3.send(
                    new s3.PutBucketEncryptionCommand({
                        Bucket: id,
                        ServerSideEncryptionConfiguration: {
                            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
                        },
                    }),
                ),
            shows: "rules",
            replacedBy: { bucket: "another" },
            lasting: true,
        },
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
            inputs: {
                bucket: world.bucket,
                blockPublicAcls: true,
                blockPublicPolicy: true,
                restrictPublicBuckets: false,
            },
            drift: (id) =>
                byHand.s3.send(
                    new s3.PutPublicAccessBlockCommand({
                        Bucket: id,
                        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: false },
                    }),
                ),
            shows: "blockPublicPolicy",
            replacedBy: { bucket: "another" },
        },
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
            inputs: { bucket: world.bucket, rule: { objectOwnership: "BucketOwnerPreferred" } },
            drift: (id) =>
                byHand.s3.send(
                    new s3.PutBucketOwnershipControlsCommand({
                        Bucket: id,
                        OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
                    }),
                ),
            shows: "rule.objectOwnership",
            replacedBy: { bucket: "another" },
        },
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
            inputs: {
                bucket: world.bucket,
                rules: [
                    {
                        id: "expire",
                        status: "Enabled",
                        filter: {},
                        expiration: { days: 365 },
                        noncurrentVersionExpiration: { noncurrentDays: 30 },
                        abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
                    },
                    { id: "markers", status: "Enabled", filter: {}, expiration: { expiredObjectDeleteMarker: true } },
                ],
            },
            drift: async (id) => {
                const { Rules = [] } = await byHand.s3.send(
                    new s3.GetBucketLifecycleConfigurationCommand({ Bucket: id }),
                );
                const changed = Rules.map((rule) =>
                    rule.ID === "expire" ? { ...rule, Expiration: { Days: 3 } } : rule,
                );
                await byHand.s3.send(
                    new s3.PutBucketLifecycleConfigurationCommand({
                        Bucket: id,
                        LifecycleConfiguration: { Rules: changed },
                    }),
                );
            },
            shows: "rules[0].expiration.days",
            replacedBy: { bucket: "another" },
        },
        "aws:s3/bucketPolicy:BucketPolicy": {
            inputs: { bucket: world.bucket, policy: document("s3:ListBucket", root) },
            drift: (id) =>
                byHand.s3.send(
                    new s3.PutBucketPolicyCommand({ Bucket: id, Policy: document("s3:GetBucketLocation", root) }),
                ),
            shows: "policy",
            replacedBy: { bucket: "another" },
        },
        "aws:iam/user:User": {
            inputs: { name: `contract-own-${unique}`, tags: { team: "a" } },
            drift: (id) =>
                byHand.iam.send(new iam.TagUserCommand({ UserName: id, Tags: [{ Key: "extra", Value: "by hand" }] })),
            shows: "tags.extra",
        },
        "aws:iam/accessKey:AccessKey": {
            inputs: { user: world.user },
            drift: (id) =>
                byHand.iam.send(
                    new iam.UpdateAccessKeyCommand({ UserName: world.user, AccessKeyId: id, Status: "Inactive" }),
                ),
            shows: "status",
            replacedBy: { user: "another" },
        },
        "aws:iam/policy:Policy": {
            inputs: { name: `contract-own-${unique}`, policy: document("s3:ListBucket"), tags: { team: "a" } },
            drift: (id) =>
                byHand.iam.send(
                    new iam.CreatePolicyVersionCommand({
                        PolicyArn: id,
                        PolicyDocument: document("s3:*"),
                        SetAsDefault: true,
                    }),
                ),
            shows: "policy",
            replacedBy: { description: "changed" },
        },
        "aws:iam/role:Role": {
            inputs: {
                name: `contract-own-${unique}`,
                assumeRolePolicy: document("sts:AssumeRole", root),
                tags: { team: "a" },
            },
            drift: (id) =>
                byHand.iam.send(
                    new iam.UpdateAssumeRolePolicyCommand({
                        RoleName: id,
                        PolicyDocument: document("sts:AssumeRole", `arn:aws:iam::${account}:user/${world.user}`),
                    }),
                ),
            shows: "assumeRolePolicy",
            replacedBy: { path: "/other/" },
        },
        "aws:iam/userPolicy:UserPolicy": {
            inputs: { name: "inline", user: world.user, policy: document("s3:ListBucket") },
            drift: () =>
                byHand.iam.send(
                    new iam.PutUserPolicyCommand({
                        UserName: world.user,
                        PolicyName: "inline",
                        PolicyDocument: document("s3:*"),
                    }),
                ),
            shows: "policy",
            replacedBy: { user: "another" },
        },
        "aws:iam/rolePolicy:RolePolicy": {
            inputs: { name: "inline", role: world.role, policy: document("s3:ListBucket") },
            drift: () =>
                byHand.iam.send(new iam.DeleteRolePolicyCommand({ RoleName: world.role, PolicyName: "inline" })),
            shows: "gone",
            replacedBy: { name: "another" },
        },
        "aws:iam/group:Group": {
            inputs: { name: `contract-own-${unique}` },
            drift: (id) => byHand.iam.send(new iam.DeleteGroupCommand({ GroupName: id })),
            shows: "gone",
        },
        "aws:iam/userGroupMembership:UserGroupMembership": {
            inputs: { user: world.user, groups: [world.otherGroup, world.group] },
            drift: () =>
                byHand.iam.send(new iam.RemoveUserFromGroupCommand({ UserName: world.user, GroupName: world.group })),
            shows: "groups",
            replacedBy: { user: "another" },
            importId: () => `${world.user}/${world.group}/${world.otherGroup}`,
            lasting: true,
        },
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
            inputs: { role: world.role, policyArn: world.policy },
            drift: () =>
                byHand.iam.send(new iam.DetachRolePolicyCommand({ RoleName: world.role, PolicyArn: world.policy })),
            shows: "gone",
            replacedBy: { role: "another" },
        },
        "aws:iam/userPolicyAttachment:UserPolicyAttachment": {
            inputs: { user: world.user, policyArn: world.policy },
            drift: () =>
                byHand.iam.send(new iam.DetachUserPolicyCommand({ UserName: world.user, PolicyArn: world.policy })),
            shows: "gone",
            replacedBy: { user: "another" },
        },
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": {
            inputs: { group: world.group, policyArn: world.policy },
            drift: () =>
                byHand.iam.send(new iam.DetachGroupPolicyCommand({ GroupName: world.group, PolicyArn: world.policy })),
            shows: "gone",
            replacedBy: { group: "another" },
        },
        "aws:ecs/taskDefinition:TaskDefinition": {
            inputs: {
                family: `contract-${unique}`,
                containerDefinitions: JSON.stringify([
                    {
                        name: "main",
                        image: "busybox",
                        environment: [
                            { name: "B", value: "2" },
                            { name: "A", value: "1" },
                        ],
                    },
                ]),
                cpu: "256",
                memory: "512",
                networkMode: "awsvpc",
                requiresCompatibilities: ["FARGATE"],
                tags: { team: "a" },
            },
            drift: (_id, outputs) =>
                byHand.ecs.send(
                    new ecs.TagResourceCommand({
                        resourceArn: String(outputs["arn"]),
                        tags: [{ key: "team", value: "changed" }],
                    }),
                ),
            shows: "tags.team",
            replacedBy: { cpu: "512" },
            importId: (outputs) => String(outputs["arn"]),
        },
        "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
            inputs: {
                clusterName: world.cluster,
                namespace: "contract",
                serviceAccount: `contract-${unique}`,
                roleArn: `arn:aws:iam::${account}:role/${world.role}`,
                tags: { team: "a" },
            },
            drift: (id) =>
                byHand.eks.send(
                    new eks.UpdatePodIdentityAssociationCommand({
                        clusterName: world.cluster,
                        associationId: id,
                        disableSessionTags: true,
                    }),
                ),
            shows: "disableSessionTags",
            tagsStay: true,
            replacedBy: { serviceAccount: "another" },
            importId: (outputs) => `${world.cluster},${String(outputs["associationId"])}`,
        },
        "aws:cloudwatch/logGroup:LogGroup": {
            inputs: { name: `/contract/${unique}`, retentionInDays: 30, tags: { team: "a" } },
            drift: (id) =>
                byHand.logs.send(new logs.PutRetentionPolicyCommand({ logGroupName: id, retentionInDays: 90 })),
            shows: "retentionInDays",
            replacedBy: { name: "/contract/other" },
        },
        "aws:sns/topic:Topic": {
            inputs: { name: `contract-own-${unique}`, displayName: "Contract", tags: { team: "a" } },
            drift: (id) =>
                byHand.sns.send(
                    new sns.SetTopicAttributesCommand({
                        TopicArn: id,
                        AttributeName: "DisplayName",
                        AttributeValue: "changed",
                    }),
                ),
            shows: "displayName",
            replacedBy: { name: "another" },
        },
        "aws:sns/topicPolicy:TopicPolicy": {
            inputs: { arn: world.topic, policy: topicDocument("sns:Publish") },
            drift: (id) =>
                byHand.sns.send(
                    new sns.SetTopicAttributesCommand({
                        TopicArn: id,
                        AttributeName: "Policy",
                        AttributeValue: topicDocument("sns:Subscribe"),
                    }),
                ),
            shows: "policy",
            replacedBy: { arn: "arn:aws:sns:us-east-1:000000000000:another" },
            lasting: true,
        },
        "aws:sns/topicSubscription:TopicSubscription": {
            inputs: { topic: world.topic, protocol: "email", endpoint: "contract@example.org" },
            drift: (id) => byHand.sns.send(new sns.UnsubscribeCommand({ SubscriptionArn: id })),
            shows: "gone",
            replacedBy: { endpoint: "other@example.org" },
        },
        "aws:budgets/budget:Budget": {
            inputs: {
                name: `contract-${unique}`,
                budgetType: "COST",
                timeUnit: "MONTHLY",
                limitAmount: "50",
                limitUnit: "USD",
                costFilters: [{ name: "Service", values: ["Amazon Bedrock"] }],
                notifications: [50, 80].map((threshold) => ({
                    comparisonOperator: "GREATER_THAN",
                    notificationType: "ACTUAL",
                    threshold,
                    thresholdType: "PERCENTAGE",
                    subscriberEmailAddresses: ["contract@example.org"],
                })),
                tags: { team: "a" },
            },
            drift: (_id, outputs) =>
                byHand.budgets.send(
                    new budgets.DeleteNotificationCommand({
                        AccountId: account,
                        BudgetName: String(outputs["name"]),
                        Notification: {
                            ComparisonOperator: "GREATER_THAN",
                            NotificationType: "ACTUAL",
                            Threshold: 80,
                            ThresholdType: "PERCENTAGE",
                        },
                    }),
                ),
            shows: "notifications",
            replacedBy: { name: "another" },
        },
    };
}
