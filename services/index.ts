import { type z } from "zod";

import { type KeyFacts } from "./access-keys";
import { type Check, type CheckContext } from "./checks";
import {
    clinicalAi,
    clinicalAiBuckets,
    clinicalAiChecks,
    clinicalAiEnvironment,
    clinicalAiKeys,
    clinicalAiNames,
    clinicalAiResources,
    clinicalAiOutputs,
    type ClinicalAiOutputs,
} from "./clinical-ai";
import { clinicalAiClusterChecks } from "./clinical-ai-cluster";
import {
    llmModels,
    llmModelsChecks,
    llmModelsEnvironment,
    llmModelsKeys,
    llmModelsNames,
    llmModelsResources,
    llmModelsOutputs,
    type LlmModelsOutputs,
} from "./llm-models";
import {
    mlflow,
    mlflowChecks,
    mlflowEnvironment,
    mlflowKeys,
    mlflowNames,
    mlflowResources,
    mlflowOutputs,
    type MlflowOutputs,
} from "./mlflow";
import {
    rlStudio,
    rlStudioChecks,
    rlStudioEnvironment,
    rlStudioKeys,
    rlStudioNames,
    rlStudioResources,
    rlStudioOutputs,
    type RlStudioOutputs,
} from "./rl-studio";
import {
    snapshotter,
    snapshotterChecks,
    snapshotterEnvironment,
    snapshotterKeys,
    snapshotterNames,
    snapshotterResources,
    snapshotterOutputs,
    type SnapshotterOutputs,
} from "./snapshotter";
import { type EnvironmentFacts } from "./variables";
import { type AwsResource, type Deployment } from "./resources";
import { type ExistingNames, type Names } from "./existing";

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

/** What a service's file knows of its checks, its buckets, its environment and its keys. */
export interface ServiceFacts<Outputs> {
    /** What the stack exports of it. */
    readonly outputs: z.ZodType<Outputs>;
    checks(outputs: Outputs, context: CheckContext): Check[];
    buckets(outputs: Outputs): readonly string[];
    readonly environment: EnvironmentFacts<Outputs>;
    readonly keys: KeyFacts<Outputs>;
    /** What it consists of in AWS, before it is deployed too. */
    resources(deployment: Deployment): AwsResource[];
    /** Names under which something of it may exist already. */
    existing(names: Names): ExistingNames;
    /** What denies it its work when its budget is used up. @default nothing does */
    shutOff?(outputs: Outputs): ShutOffFacts;
}

/** The policy that denies a service its work, attached to its user. */
export interface ShutOffFacts {
    readonly userName: string;
    readonly policyArn: string;
}

/** The facts of every service. */
export const serviceFacts: { readonly [Name in ServiceName]: ServiceFacts<ServiceOutputs[Name]> } = {
    "rl-studio": {
        outputs: rlStudioOutputs,
        checks: rlStudioChecks,
        buckets: ({ bucketName }) => [bucketName],
        environment: rlStudioEnvironment,
        keys: rlStudioKeys,
        resources: rlStudioResources,
        existing: rlStudioNames,
    },
    "clinical-ai": {
        outputs: clinicalAiOutputs,
        checks: (outputs, context) => [
            ...clinicalAiChecks(outputs, context),
            ...clinicalAiClusterChecks(outputs, context),
        ],
        buckets: clinicalAiBuckets,
        environment: clinicalAiEnvironment,
        keys: clinicalAiKeys,
        resources: clinicalAiResources,
        existing: clinicalAiNames,
    },
    snapshotter: {
        outputs: snapshotterOutputs,
        checks: snapshotterChecks,
        buckets: ({ bucketName }) => [bucketName],
        environment: snapshotterEnvironment,
        keys: snapshotterKeys,
        resources: snapshotterResources,
        existing: snapshotterNames,
    },
    mlflow: {
        outputs: mlflowOutputs,
        checks: mlflowChecks,
        buckets: ({ bucketName }) => [bucketName],
        environment: mlflowEnvironment,
        keys: mlflowKeys,
        resources: mlflowResources,
        existing: mlflowNames,
    },
    "llm-models": {
        outputs: llmModelsOutputs,
        checks: llmModelsChecks,
        buckets: () => [],
        environment: llmModelsEnvironment,
        keys: llmModelsKeys,
        resources: llmModelsResources,
        existing: llmModelsNames,
        shutOff: ({ userName, denyPolicyArn: policyArn }) => ({ userName, policyArn }),
    },
};
