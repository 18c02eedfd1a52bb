// What the contract's samples lean on: a bucket, a user, a role, two groups, a policy, a topic and an
// EKS cluster, made by the SDK.

import { randomBytes } from "node:crypto";
import { BudgetsClient } from "@aws-sdk/client-budgets";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECSClient } from "@aws-sdk/client-ecs";
import { CreateClusterCommand, DeleteClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import * as iam from "@aws-sdk/client-iam";
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, DeleteTopicCommand, SNSClient } from "@aws-sdk/client-sns";

/** The account of the emulator's root key. */
const ACCOUNT = "000000000000";
const NOTHING_ALLOWED = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Action: "s3:ListBucket", Resource: "*" }],
});
const TRUST = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" } }],
});

export type World = ReturnType<typeof describeWorld>;

/** Names and clients; nothing is made yet. */
export function describeWorld(endpoint: string) {
    const unique = randomBytes(4).toString("hex");
    const options = {
        region: "us-east-1",
        endpoint,
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    return {
        unique,
        account: ACCOUNT,
        bucket: `contract-${unique}`,
        user: `contract-user-${unique}`,
        role: `contract-role-${unique}`,
        group: `contract-group-${unique}`,
        otherGroup: `contract-other-${unique}`,
        cluster: `contract-cluster-${unique}`,
        policyName: `contract-policy-${unique}`,
        policy: `arn:aws:iam::${ACCOUNT}:policy/contract-policy-${unique}`,
        topic: `arn:aws:sns:us-east-1:${ACCOUNT}:contract-topic-${unique}`,
        byHand: {
            budgets: new BudgetsClient(options),
            ecs: new ECSClient(options),
            eks: new EKSClient(options),
            iam: new iam.IAMClient(options),
            logs: new CloudWatchLogsClient(options),
            s3: new S3Client({ ...options, forcePathStyle: true }),
            sns: new SNSClient(options),
        },
    };
}

export async function makeWorld({ byHand, ...names }: World): Promise<void> {
    await Promise.all([
        byHand.s3.send(new CreateBucketCommand({ Bucket: names.bucket })),
        byHand.iam.send(new iam.CreateUserCommand({ UserName: names.user })),
        byHand.iam.send(new iam.CreateRoleCommand({ RoleName: names.role, AssumeRolePolicyDocument: TRUST })),
        byHand.iam.send(new iam.CreateGroupCommand({ GroupName: names.group })),
        byHand.iam.send(new iam.CreateGroupCommand({ GroupName: names.otherGroup })),
        byHand.iam.send(new iam.CreatePolicyCommand({ PolicyName: names.policyName, PolicyDocument: NOTHING_ALLOWED })),
        byHand.sns.send(new CreateTopicCommand({ Name: `contract-topic-${names.unique}` })),
    ]);
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/${names.role}`;
    await byHand.eks.send(new CreateClusterCommand({ name: names.cluster, roleArn, resourcesVpcConfig: {} }));
}

/** Fails if a sample left something behind in it. */
export async function removeWorld({ byHand, ...names }: World): Promise<void> {
    await Promise.all([
        byHand.eks.send(new DeleteClusterCommand({ name: names.cluster })),
        byHand.s3.send(new DeleteBucketCommand({ Bucket: names.bucket })),
        byHand.iam.send(new iam.DeleteUserCommand({ UserName: names.user })),
        byHand.iam.send(new iam.DeleteRoleCommand({ RoleName: names.role })),
        byHand.iam.send(new iam.DeleteGroupCommand({ GroupName: names.group })),
        byHand.iam.send(new iam.DeleteGroupCommand({ GroupName: names.otherGroup })),
        byHand.iam.send(new iam.DeletePolicyCommand({ PolicyArn: names.policy })),
        byHand.sns.send(new DeleteTopicCommand({ TopicArn: names.topic })),
    ]);
}
