import { listOf, type Resource } from "./rule";

/** What rules read of a container of ECS. */
interface TaskContainer {
    readonly name: string;
    readonly image: string;
    readonly privileged?: boolean;
    readonly readonlyRootFilesystem?: boolean;
    readonly logConfiguration?: { readonly logDriver?: string };
    readonly environment?: readonly { readonly name: string; readonly value?: string }[];
}

/** What rules read of a pod. */
export interface PodSpec {
    readonly hostNetwork?: boolean;
    readonly hostPID?: boolean;
    readonly hostIPC?: boolean;
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext?: SecurityContext;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
}

export interface Container {
    readonly name: string;
    readonly image: string;
    readonly securityContext?: SecurityContext;
    readonly ports?: readonly { readonly hostPort?: number }[];
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
}

interface SecurityContext {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly seccompProfile?: { readonly type?: string };
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

/** Types of resources of Kubernetes that are pods, or make some. */
export const podTypes = [
    "kubernetes:core/v1:Pod",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:apps/v1:DaemonSet",
    "kubernetes:batch/v1:Job",
    "kubernetes:batch/v1:CronJob",
];

/** The pod that a resource is, or makes. */
export function podOf({ type, props }: Resource): PodSpec {
    if (type === "kubernetes:core/v1:Pod") return props.spec as PodSpec;
    const { template } = type === "kubernetes:batch/v1:CronJob" ? props.spec.jobTemplate.spec : props.spec;
    return template.spec as PodSpec;
}

/** Every container of a pod: the ones that run, and those before them. */
export function containersOf(resource: Resource): readonly Container[] {
    const { containers, initContainers } = podOf(resource);
    return [...listOf(initContainers), ...containers];
}

/** The containers of a task definition, which are JSON in it. */
export function taskContainers({ props }: Resource): readonly TaskContainer[] {
    return JSON.parse(props.containerDefinitions as string) as TaskContainer[];
}
