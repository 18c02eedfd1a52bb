import { z } from "zod";

import { cpuFault, cpuUnits, memoryFault, retentionDays, retentionFault } from "../../components/ecs-task-role/task";
import { accessKeyOutputs } from "../access-keys";
import { accessKeys, adopt, having, imageByDigest, without } from "../settings";
import { names } from "./names";

export const settings = z
    .strictObject({
        image: imageByDigest,
        cpu: z
            .number()
            .superRefine(without(cpuFault))
            .default(256)
            .meta({
                enum: cpuUnits,
                unit: "CPU units, 1024 are one vCPU",
                description: `one of Fargate's values: ${cpuUnits.join(", ")}`,
            }),
        memory: z.number().default(512).meta({
            unit: "MiB",
            description: "a value that Fargate offers with `cpu`; with 256: 512, 1024 or 2048",
        }),
        logRetentionDays: z
            .number()
            .superRefine(without(retentionFault))
            .default(30)
            .meta({
                enum: retentionDays,
                unit: "days",
                description: `one of CloudWatch's values: ${retentionDays.join(", ")}`,
            }),
        adopt,
        accessKeys: accessKeys.meta({ description: `the keys of \`${names.agentUser}\`` }),
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
