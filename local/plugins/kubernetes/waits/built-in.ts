// What the official provider waits for by itself, kind by kind. All other kinds are done as soon as they are applied.

import { isDeepStrictEqual } from "node:util";
import { isRecord, type Properties } from "../../wire";
import type { Cluster } from "../cluster";
import { at, numberAt, textAt, type Kind } from "../identity";
import { conditionsOf } from "./wait-for";

export interface BuiltIn {
    /** Ends the sentence "waited for …". */
    text: string;
    timeoutSeconds: number;
    /** Undefined when the object is as expected, else what is not yet so. */
    lacks(object: Properties, cluster: Cluster): Promise<string | undefined> | string | undefined;
    /** Why it never will be. */
    failed?(object: Properties): string | undefined;
}

const MINUTE = 60;

const BUILT_IN: Record<string, BuiltIn> = {
    "apps/v1 Deployment": { text: "its rollout", timeoutSeconds: 10 * MINUTE, lacks: deploymentLacks },
    "apps/v1 StatefulSet": { text: "its rollout", timeoutSeconds: 10 * MINUTE, lacks: statefulSetLacks },
    "apps/v1 DaemonSet": { text: "its rollout", timeoutSeconds: 10 * MINUTE, lacks: daemonSetLacks },
    "batch/v1 Job": {
        text: "its completion",
        timeoutSeconds: 10 * MINUTE,
        lacks: (job) => conditionLacks(job, "Complete"),
        failed: (job) => (isTrue(job, "Failed") ? "it has failed" : undefined),
    },
    "networking.k8s.io/v1 Ingress": {
        text: "its address",
        timeoutSeconds: 10 * MINUTE,
        lacks: (ingress) => listLacks(at(ingress, "status", "loadBalancer", "ingress"), "it has no address"),
    },
    "v1 PersistentVolume": {
        text: "the phase Available or Bound",
        timeoutSeconds: 5 * MINUTE,
        lacks: (volume) => phaseLacks(volume, ["Available", "Bound"]),
    },
    "v1 PersistentVolumeClaim": { text: "its volume", timeoutSeconds: 5 * MINUTE, lacks: claimLacks },
    "v1 Pod": {
        text: "the condition Ready",
        timeoutSeconds: 5 * MINUTE,
        lacks: (pod) => (textAt(pod, "status", "phase") === "Succeeded" ? undefined : conditionLacks(pod, "Ready")),
    },
    "v1 ReplicationController": {
        text: "its replicas",
        timeoutSeconds: 10 * MINUTE,
        lacks: (controller) => {
            const wanted = numberAt(controller, "spec", "replicas") ?? 1;
            return countLacks(controller, "availableReplicas", wanted, "available");
        },
    },
    "v1 ResourceQuota": {
        text: "its limits to be in force",
        timeoutSeconds: MINUTE,
        lacks: (quota) =>
            isDeepStrictEqual(at(quota, "spec", "hard"), at(quota, "status", "hard"))
                ? undefined
                : "status.hard differs from spec.hard",
    },
    "v1 Secret": {
        text: "its token",
        // No more: the official provider gives up after this.
        timeoutSeconds: 5,
        lacks: (secret) =>
            textAt(secret, "type") !== "kubernetes.io/service-account-token" || hasMembers(secret["data"])
                ? undefined
                : "its data is empty; is there such a service account?",
    },
    "v1 Service": { text: "a ready endpoint", timeoutSeconds: 10 * MINUTE, lacks: serviceLacks },
};

export function builtInFor({ apiVersion, kind }: Kind): BuiltIn | undefined {
    return BUILT_IN[`${apiVersion} ${kind}`];
}

function deploymentLacks(deployment: Properties): string | undefined {
    const wanted = numberAt(deployment, "spec", "replicas") ?? 1;
    const updated = status(deployment, "updatedReplicas");
    const total = status(deployment, "replicas");
    return (
        generationLacks(deployment) ??
        countLacks(deployment, "updatedReplicas", wanted, "updated") ??
        (total > updated ? `${total - updated} of the old replicas are still there` : undefined) ??
        countLacks(deployment, "availableReplicas", wanted, "available") ??
        conditionLacks(deployment, "Available")
    );
}

function statefulSetLacks(set: Properties): string | undefined {
    const wanted = numberAt(set, "spec", "replicas") ?? 1;
    const rolls = textAt(set, "spec", "updateStrategy", "type") !== "OnDelete";
    const partition = numberAt(set, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
    const updating = rolls ? Math.max(0, wanted - partition) : 0;
    return (
        generationLacks(set) ??
        countLacks(set, "readyReplicas", wanted, "ready") ??
        (updating > 0 ? countLacks(set, "updatedReplicas", updating, "updated") : undefined) ??
        (rolls && partition === 0 && wanted > 0 && differ(set, "currentRevision", "updateRevision")
            ? "the update is not complete"
            : undefined)
    );
}

function daemonSetLacks(set: Properties): string | undefined {
    const wanted = status(set, "desiredNumberScheduled");
    const rolls = textAt(set, "spec", "updateStrategy", "type") !== "OnDelete";
    return (
        generationLacks(set) ??
        (rolls ? countLacks(set, "updatedNumberScheduled", wanted, "updated") : undefined) ??
        countLacks(set, "numberAvailable", wanted, "available")
    );
}

async function claimLacks(claim: Properties, cluster: Cluster): Promise<string | undefined> {
    const name = textAt(claim, "spec", "storageClassName");
    const storageClass =
        name === undefined
            ? undefined
            : await cluster.get({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name });
    const late = textAt(storageClass, "volumeBindingMode") === "WaitForFirstConsumer";
    return phaseLacks(claim, late ? ["Pending", "Bound"] : ["Bound"]);
}

async function serviceLacks(service: Properties, cluster: Cluster): Promise<string | undefined> {
    const type = textAt(service, "spec", "type");
    const headless = textAt(service, "spec", "clusterIP") === "None";
    if (type === "ExternalName" || headless || !hasMembers(at(service, "spec", "selector"))) {
        return undefined;
    }
    if (type === "LoadBalancer") {
        const lacks = listLacks(at(service, "status", "loadBalancer", "ingress"), "it has no external address");
        if (lacks !== undefined) {
            return lacks;
        }
    }
    const slices = await cluster.list(
        { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
        textAt(service, "metadata", "namespace") ?? "",
        `kubernetes.io/service-name=${textAt(service, "metadata", "name") ?? ""}`,
    );
    const endpoints = slices.flatMap(({ endpoints }) => (Array.isArray(endpoints) ? endpoints : []));
    if (endpoints.some((endpoint) => at(endpoint, "conditions", "ready") !== false)) {
        return undefined;
    }
    return endpoints.length === 0 ? "no pod has its labels" : "none of the pods with its labels is ready";
}

function generationLacks(object: Properties): string | undefined {
    const generation = numberAt(object, "metadata", "generation") ?? 0;
    const observed = numberAt(object, "status", "observedGeneration") ?? 0;
    return observed < generation ? "its controller has not seen the change yet" : undefined;
}

function conditionLacks(object: Properties, type: string): string | undefined {
    return isTrue(object, type) ? undefined : `the condition ${type} is not True`;
}

function isTrue(object: Properties, type: string): boolean {
    return conditionsOf(object).some((one) => one["type"] === type && one["status"] === "True");
}

function countLacks(object: Properties, counted: string, wanted: number, word: string): string | undefined {
    const present = status(object, counted);
    return present < wanted ? `${present} of ${wanted} replicas are ${word}` : undefined;
}

function phaseLacks(object: Properties, wanted: readonly string[]): string | undefined {
    const phase = textAt(object, "status", "phase");
    return phase !== undefined && wanted.includes(phase) ? undefined : `its phase is ${phase ?? "not set"}`;
}

function listLacks(list: unknown, otherwise: string): string | undefined {
    return Array.isArray(list) && list.length > 0 ? undefined : otherwise;
}

function differ(object: Properties, left: string, right: string): boolean {
    return textAt(object, "status", left) !== textAt(object, "status", right);
}

function status(object: Properties, count: string): number {
    return numberAt(object, "status", count) ?? 0;
}

function hasMembers(value: unknown): boolean {
    return isRecord(value) && Object.keys(value).length > 0;
}
