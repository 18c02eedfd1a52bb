import { type Check, type CheckContext } from "./checks";
import {
    clinicalAi,
    clinicalAiBuckets,
    clinicalAiChecks,
    clinicalAiEnvironment,
    type ClinicalAiOutputs,
} from "./clinical-ai";
import { clinicalAiClusterChecks } from "./clinical-ai-cluster";
import { llmModels, llmModelsChecks, llmModelsEnvironment, type LlmModelsOutputs } from "./llm-models";
import { mlflow, mlflowChecks, mlflowEnvironment, type MlflowOutputs } from "./mlflow";
import { rlStudio, rlStudioChecks, rlStudioEnvironment, type RlStudioOutputs } from "./rl-studio";
import { snapshotter, snapshotterChecks, snapshotterEnvironment, type SnapshotterOutputs } from "./snapshotter";
import { type EnvironmentFacts } from "./variables";

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

/** What a service's file knows of its checks, its buckets and its environment. */
export interface ServiceFacts<Outputs> {
    checks(outputs: Outputs, context: CheckContext): Check[];
    buckets(outputs: Outputs): readonly string[];
    readonly environment: EnvironmentFacts<Outputs>;
}

/** The facts of every service. */
export const serviceFacts: { readonly [Name in ServiceName]: ServiceFacts<ServiceOutputs[Name]> } = {
    "rl-studio": {
        checks: rlStudioChecks,
        buckets: ({ bucketName }) => [bucketName],
        environment: rlStudioEnvironment,
    },
    "clinical-ai": {
        checks: (outputs, context) => [
            ...clinicalAiChecks(outputs, context),
            ...clinicalAiClusterChecks(outputs, context),
        ],
        buckets: clinicalAiBuckets,
        environment: clinicalAiEnvironment,
    },
    snapshotter: {
        checks: snapshotterChecks,
        buckets: ({ bucketName }) => [bucketName],
        environment: snapshotterEnvironment,
    },
    mlflow: { checks: mlflowChecks, buckets: ({ bucketName }) => [bucketName], environment: mlflowEnvironment },
    "llm-models": { checks: llmModelsChecks, buckets: () => [], environment: llmModelsEnvironment },
};
