import { z } from "zod";

import { cpuFault, memoryFault, retentionFault } from "../../components/ecs-task-role/task";
import { accessKeyOutputs } from "../access-keys";
import { accessKeys, adopt, having, imageByDigest, without } from "../settings";

export const settings = z
    .strictObject({
        image: imageByDigest,
        /** CPU units of the Fargate task: 256 is a quarter of a vCPU. */
        cpu: z.number().superRefine(without(cpuFault)).default(256),
        /** Memory of the Fargate task in MiB. */
        memory: z.number().default(512),
        logRetentionDays: z.number().superRefine(without(retentionFault)).default(30),
        adopt,
        accessKeys,
    })
    .superRefine(
        ({ cpu, memory }, context) => {
            const message = cpuFault(cpu) ? undefined : memoryFault(cpu, memory);
            if (message) context.addIssue({ code: "custom", path: ["memory"], message });
        },
        having({ cpu: z.number(), memory: z.number() }),
    );

export type SnapshotterSettings = z.infer<typeof settings>;

/** What the stack exports for snapshotter. */
export const outputs = accessKeyOutputs.extend({
    region: z.string(),
    bucketName: z.string(),
    prefix: z.string(),
    taskRoleArn: z.string(),
    executionRoleArn: z.string(),
    policyArn: z.string(),
    taskDefinitionArn: z.string(),
    groupName: z.string(),
    agentUserName: z.string(),
});

export type SnapshotterOutputs = Readonly<z.infer<typeof outputs>>;
