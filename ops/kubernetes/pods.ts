import {
    type V1ConfigMap,
    type V1Container,
    type V1Deployment,
    type V1Pod,
    type V1Secret,
    type V1Service,
} from "@kubernetes/client-node";

import { ClusterFailure } from "./access";
import { type Kubernetes } from "./client";
import { resolveEnvironment, sourcesOf, Unresolved, type Environment } from "./container-environment";

/** Which Deployment is meant. */
export interface DeploymentName {
    readonly namespace: string;
    readonly deployment: string;
}

/** A pod's first container, as a kubelet starts it. */
export interface PodEnvironment {
    /** The pod; undefined where the Deployment wants none and its template was taken instead. */
    readonly pod?: string;
    readonly environment: Environment;
    /** The container as its pod declares it. */
    readonly container: V1Container;
}

/**
 * Resolves what the newest running pod of a Deployment has in its environment, from the objects as they are now.
 *
 * @param find may read Deployments and pods
 * @param read may read Secrets, ConfigMaps and Services, as the pod's node may
 * @throws ClusterFailure when there is no pod, or when a kubelet could not start it
 */
export async function podEnvironment(
    find: Kubernetes,
    read: Kubernetes,
    name: DeploymentName,
): Promise<PodEnvironment> {
    const pod = await podOf(find, name);
    const container = pod.spec?.containers[0];
    if (!container) throw new ClusterFailure("Kubernetes", `the pods of ${name.deployment} have no container`);
    const { namespace } = name;
    const wanted = sourcesOf(container);
    const [secrets, configMaps, own, api] = await Promise.all([
        objects<V1Secret>(read, "Secret", namespace, wanted.secrets),
        objects<V1ConfigMap>(read, "ConfigMap", namespace, wanted.configMaps),
        read.list("v1", "Service", namespace),
        // Who may not see it goes without its address, of which a kubelet makes variables too.
        read.read({ apiVersion: "v1", kind: "Service", namespace: "default", name: "kubernetes" }).catch(unlessDenied),
    ]);
    const services = [...own, ...(api ? [api] : [])] as V1Service[];
    try {
        const environment = resolveEnvironment(pod, container, { secrets, configMaps, services });
        return { pod: pod.metadata?.name, environment, container };
    } catch (error) {
        if (error instanceof Unresolved) throw new ClusterFailure("Kubernetes", error.message);
        throw error;
    }
}

function unlessDenied(error: unknown): undefined {
    if (!(error instanceof ClusterFailure) || error.status !== 403) throw error;
}

/** The Deployment and its pods that are or will be at work, the newest first. */
export async function livePods(
    find: Kubernetes,
    { namespace, deployment: name }: DeploymentName,
): Promise<{ deployment: V1Deployment; pods: V1Pod[] }> {
    const deployment = (await find.read({ apiVersion: "apps/v1", kind: "Deployment", namespace, name })) as
        V1Deployment | undefined;
    if (!deployment) throw new ClusterFailure("Kubernetes", `Deployment ${name} is not there`);
    const pods = await find.pods(namespace, deployment.spec?.selector.matchLabels ?? {});
    const created = ({ metadata }: V1Pod) => String(metadata?.creationTimestamp ?? "");
    return {
        deployment,
        pods: pods
            .filter(({ metadata, status }) => !metadata?.deletionTimestamp && !ended.includes(status?.phase ?? ""))
            .sort((one, other) => created(other).localeCompare(created(one))),
    };
}

/** Phases of pods that do not come back. */
const ended = ["Succeeded", "Failed"];

/** The newest pod that runs; the template as a pod where none is wanted. */
async function podOf(find: Kubernetes, name: DeploymentName): Promise<V1Pod> {
    const { deployment, pods } = await livePods(find, name);
    const running = pods.find(({ status }) => status?.phase === "Running");
    if (running) return running;
    if (deployment.spec?.replicas !== 0) {
        throw new ClusterFailure("Kubernetes", `no pod of ${name.deployment} runs`);
    }
    const { metadata, spec } = deployment.spec.template;
    return { metadata: { ...metadata, namespace: name.namespace }, spec };
}

async function objects<Kind>(
    read: Kubernetes,
    kind: string,
    namespace: string,
    names: readonly string[],
): Promise<Map<string, Kind>> {
    const found = new Map<string, Kind>();
    for (const name of names) {
        const object = await read.read({ apiVersion: "v1", kind, namespace, name });
        if (object) found.set(name, object as Kind);
    }
    return found;
}
