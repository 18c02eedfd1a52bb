import * as aws from "@pulumi/aws";

import { EcsTaskRole } from "../components/ecs-task-role";
import { ScopedIdentity } from "../components/scoped-identity";
import { SecureBucket } from "../components/secure-bucket";
import { snapshotter, type SnapshotterOutputs, type SnapshotterSettings } from "../services/snapshotter";
import { adoptedUser } from "./adoption";
import { type StackContext } from "./context";
import { type Lifted } from "./lifted";

/** The bucket that takes declared encryption only, the task's role, and the agents who share its policy (C1–C4, C7). */
export function deploy(settings: SnapshotterSettings, context: StackContext): Lifted<SnapshotterOutputs> {
    const tags = context.tags(snapshotter.name);
    const bucket = new SecureBucket("snapshots", {
        bucketName: context.environmentName(snapshotter.bucketStem),
        partition: context.partition,
        versioning: false,
        uploadRule: "requireHeader",
        protect: context.protectData,
        adopt: settings.adopt.bucket,
        tags,
    });
    const agents = new aws.iam.Group("snapshot-agents", { name: context.name(snapshotter.group) });
    const task = new EcsTaskRole("snapshotter-task", {
        roleName: context.name(snapshotter.taskRole),
        policyName: context.name(snapshotter.policy),
        scope: context.scope,
        bucketArn: bucket.arn,
        prefix: snapshotter.prefix,
        groups: [agents.name],
        taskDefinition: {
            family: context.name(snapshotter.taskFamily),
            image: settings.image,
            cpu: settings.cpu,
            memory: settings.memory,
            environment: { S3_BUCKET_NAME: bucket.bucketName, S3_PREFIX: snapshotter.prefix },
            logRetentionDays: settings.logRetentionDays,
        },
        tags,
    });
    const agent = new ScopedIdentity("snapshot-agent", {
        principal: {
            kind: "user",
            userName: context.name(snapshotter.agentUser),
            groups: [agents.name],
            accessKeys: settings.accessKeys,
        },
        grants: [],
        adopt: adoptedUser(settings.adopt.user),
        tags,
    });
    return {
        region: context.region,
        bucketName: bucket.bucketName,
        prefix: snapshotter.prefix,
        taskRoleArn: task.roleArn,
        executionRoleArn: task.executionRoleArn,
        policyArn: task.policyArn,
        taskDefinitionArn: task.taskDefinitionArn,
        groupName: agents.name,
        agentUserName: agent.userName,
        ...agent.accessKeys,
    };
}
