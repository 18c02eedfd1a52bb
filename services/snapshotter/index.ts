import { ownRegion, ownSet } from "../credential-sources";
import { type ServiceFacts } from "../service";
import { awsVariables } from "../variables";
import { snapshotterChecks } from "./checks";
import { names } from "./names";
import { outputs, settings, type SnapshotterOutputs, type SnapshotterSettings } from "./schema";

export { type SnapshotterOutputs, type SnapshotterSettings } from "./schema";

/** snapshotter: scans of repositories, written by a Fargate task. */
export const snapshotter = {
    name: "snapshotter",
    ...names,
    gets:
        `bucket \`${names.bucketStem}-<environment>\`, which refuses uploads without \`AES256\`; task role ` +
        `\`${names.taskRole}\` with policy \`${names.policy}\`, which it shares with group \`${names.group}\` and its ` +
        `member \`${names.agentUser}\`; a Fargate task definition`,
    settings,
    outputs,
    resources: (_, { name, environmentName }) => {
        const family = name(names.taskFamily);
        return [
            { kind: "bucket", name: environmentName(names.bucketStem), adopt: "bucket" },
            { kind: "user", name: name(names.agentUser), adopt: "user" },
            { kind: "group", name: name(names.group) },
            { kind: "policy", name: name(names.policy) },
            { kind: "role", name: name(names.taskRole), receiver: "ecs" },
            { kind: "role", name: `${name(names.taskRole)}-execution`, receiver: "ecs" },
            { kind: "taskDefinition", name: family },
            { kind: "logGroup", name: `/ecs/${family}` },
        ];
    },
    buckets: ({ bucketName }) => [bucketName],
    // C6.
    credentials: {
        kind: "variables",
        user: names.agentUser,
        files: [".env"],
        processEnvironment: true,
        sets: [ownSet],
        region: ownRegion,
    },
    // C6, the agent's: the task has a role, and its bucket and prefix from its definition.
    environment: [...awsVariables, { name: "S3_BUCKET_NAME", from: "bucketName" }],
    keys: {
        user: ({ agentUserName }) => agentUserName,
        settings: ["accessKeys"],
        probe: ({ bucketName: bucket, prefix: under }) => ({ kind: "s3", call: "list", bucket, under }),
        maximumAgeDays: 90,
        unseenConsumers: () => "whatever runs as agent-repo-snapshotter with keys of its environment or its .env",
    },
    checks: snapshotterChecks,
} as const satisfies ServiceFacts<SnapshotterSettings, SnapshotterOutputs>;
