import { environmentName, physicalName } from "../components/naming";

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
    | "podIdentity"
    | "table"
    | "function"
    | "alarm"
    | "schedule";

/** One of them, by its physical name. */
export type AwsResource = Adoptable | OtherResource;

/** A bucket or a user: where it exists before its stack does, it can be adopted. */
export interface Adoptable {
    readonly kind: "bucket" | "user";
    readonly name: string;
    /** The key under which its parts stand in the settings' `adopt`. */
    readonly adopt: string;
    readonly receiver?: undefined;
}

/** What cannot be adopted. Where something of its kind and name exists, an update fails. */
export interface OtherResource {
    readonly kind: Exclude<ResourceKind, Adoptable["kind"]>;
    /**
     * A budget's action bears its budget's name, a pod identity the name of its EKS cluster, a schedule its own; aliases
     * and URLs are part of their function.
     */
    readonly name: string;
    /** Of a role: the service of AWS that it is handed over to. */
    readonly receiver?: "ecs" | "budgets" | "eks" | "lambda" | "scheduler";
    readonly adopt?: undefined;
}

/** How a stack makes physical names. */
export interface Names {
    /** Of what adds its environment outside of production. */
    name(production: string): string;
    /** Of what carries its environment everywhere. */
    environmentName(stem: string): string;
}

export function namesIn(environment: string): Names {
    return {
        name: (production) => physicalName(production, environment),
        environmentName: (stem) => environmentName(stem, environment),
    };
}
