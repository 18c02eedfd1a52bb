import { type ClinicalAiOutputs } from "./clinical-ai";

/** Kinds of AWS resources that a service is made of, as far as a deployer needs other rights for them. */
export type ResourceKind =
    | "bucket"
    | "user"
    | "role"
    | "group"
    | "policy"
    | "budget"
    | "budgetAction"
    | "topic"
    | "taskDefinition"
    | "logGroup"
    | "podIdentity";

/** One of them, by its physical name. */
export interface AwsResource {
    readonly kind: ResourceKind;
    /** A budget's action bears its budget's name, a pod identity the name of its EKS cluster. */
    readonly name: string;
    /** Of a role: the service of AWS that it is handed over to. */
    readonly receiver?: "ecs" | "budgets" | "eks";
}

/** What of a stack's settings decides which resources a service has. */
export interface Deployment {
    readonly environment: string;
    /** How clinical-ai's worker gets its credentials. @default "static" */
    readonly identityMode?: ClinicalAiOutputs["identityMode"];
    /** The EKS cluster of a pod identity. */
    readonly clusterName?: string;
    /** Whether AWS Budgets starts llm-models' shut-off by itself. */
    readonly budgetAction?: boolean;
}
