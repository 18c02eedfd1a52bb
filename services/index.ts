import { type Check, type CheckContext } from "./checks";
import {
    clinicalAi,
    clinicalAiBuckets,
    clinicalAiChecks,
    clinicalAiNames,
    type ClinicalAiOutputs,
} from "./clinical-ai";
import { clinicalAiClusterChecks } from "./clinical-ai-cluster";
import { type ExistingNames, type Names } from "./existing";
import { llmModels, llmModelsChecks, llmModelsNames, type LlmModelsOutputs } from "./llm-models";
import { mlflow, mlflowChecks, mlflowNames, type MlflowOutputs } from "./mlflow";
import { rlStudio, rlStudioChecks, rlStudioNames, type RlStudioOutputs } from "./rl-studio";
import { snapshotter, snapshotterChecks, snapshotterNames, type SnapshotterOutputs } from "./snapshotter";

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

/** What a service's file knows of its checks and its names. */
export interface ServiceFacts<Outputs> {
    checks(outputs: Outputs, context: CheckContext): Check[];
    buckets(outputs: Outputs): readonly string[];
    existing(names: Names): ExistingNames;
}

/** The checks, the buckets and the names of every service. */
export const serviceFacts: { readonly [Name in ServiceName]: ServiceFacts<ServiceOutputs[Name]> } = {
    "rl-studio": {
        checks: rlStudioChecks,
        buckets: ({ bucketName }) => [bucketName],
        existing: rlStudioNames,
    },
    "clinical-ai": {
        checks: (outputs, context) => [
            ...clinicalAiChecks(outputs, context),
            ...clinicalAiClusterChecks(outputs, context),
        ],
        buckets: clinicalAiBuckets,
        existing: clinicalAiNames,
    },
    snapshotter: {
        checks: snapshotterChecks,
        buckets: ({ bucketName }) => [bucketName],
        existing: snapshotterNames,
    },
    mlflow: { checks: mlflowChecks, buckets: ({ bucketName }) => [bucketName], existing: mlflowNames },
    "llm-models": { checks: llmModelsChecks, buckets: () => [], existing: llmModelsNames },
};
