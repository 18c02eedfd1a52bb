import { type Check, type CheckContext } from "./checks";
import {
    clinicalAi,
    clinicalAiBuckets,
    clinicalAiChecks,
    clinicalAiResources,
    type ClinicalAiOutputs,
} from "./clinical-ai";
import { clinicalAiClusterChecks } from "./clinical-ai-cluster";
import { llmModels, llmModelsChecks, llmModelsResources, type LlmModelsOutputs } from "./llm-models";
import { mlflow, mlflowChecks, mlflowResources, type MlflowOutputs } from "./mlflow";
import { type AwsResource, type Deployment } from "./resources";
import { rlStudio, rlStudioChecks, rlStudioResources, type RlStudioOutputs } from "./rl-studio";
import { snapshotter, snapshotterChecks, snapshotterResources, type SnapshotterOutputs } from "./snapshotter";

/** The name of every service, in the order in which they are listed and checked. */
export const serviceNames = [rlStudio.name, clinicalAi.name, snapshotter.name, mlflow.name, llmModels.name] as const;

export type ServiceName = (typeof serviceNames)[number];

/** What the stack exports, by service. */
export interface ServiceOutputs {
    readonly "rl-studio": RlStudioOutputs;
    readonly "clinical-ai": ClinicalAiOutputs;
    readonly snapshotter: SnapshotterOutputs;
    readonly mlflow: MlflowOutputs;
    readonly "llm-models": LlmModelsOutputs;
}

/** What a service's file knows of its checks. */
export interface ServiceFacts<Outputs> {
    checks(outputs: Outputs, context: CheckContext): Check[];
    buckets(outputs: Outputs): readonly string[];
    /** What it consists of in AWS, before it is deployed too. */
    resources(deployment: Deployment): AwsResource[];
    /** The IAM user whose keys it publishes; undefined where it has none. */
    user(outputs: Outputs): string | undefined;
    /** Days after which its key is to have been rotated. @default no limit */
    readonly keyMaxAgeDays?: number;
}

/** The checks and the buckets of every service. */
export const serviceFacts: { readonly [Name in ServiceName]: ServiceFacts<ServiceOutputs[Name]> } = {
    "rl-studio": {
        checks: rlStudioChecks,
        buckets: ({ bucketName }) => [bucketName],
        resources: rlStudioResources,
        user: ({ userName }) => userName,
    },
    "clinical-ai": {
        checks: (outputs, context) => [
            ...clinicalAiChecks(outputs, context),
            ...clinicalAiClusterChecks(outputs, context),
        ],
        buckets: clinicalAiBuckets,
        resources: clinicalAiResources,
        user: ({ userName }) => userName,
    },
    snapshotter: {
        checks: snapshotterChecks,
        buckets: ({ bucketName }) => [bucketName],
        resources: snapshotterResources,
        user: ({ agentUserName }) => agentUserName,
    },
    mlflow: {
        checks: mlflowChecks,
        buckets: ({ bucketName }) => [bucketName],
        resources: mlflowResources,
        user: ({ userName }) => userName,
    },
    "llm-models": {
        checks: llmModelsChecks,
        buckets: () => [],
        resources: llmModelsResources,
        user: ({ userName }) => userName,
        keyMaxAgeDays: llmModels.keyMaxAgeDays,
    },
};
