import { type V1Deployment, type V1Secret } from "@kubernetes/client-node";

import { clinicalAi } from "../../services/clinical-ai";
import { versionAnnotations, writtenAnnotations } from "../../services/clinical-ai/cluster-checks";
import { objects } from "../../services/clinical-ai/workload-checks";
import { type ClusterAccess } from "../kubernetes/access";
import { Kubernetes } from "../kubernetes/client";
import { type PodsSeen } from "./evidence";

/** Phases in which a pod's containers have ended. */
const ended = ["Succeeded", "Failed"];

/**
 * Looks at the Secret and at every pod of the worker; one that is ending still has its keys.
 *
 * @throws ClusterFailure when the API does not answer
 */
export async function lookAtPods(access: Pick<ClusterAccess, "kubeconfig" | "context">): Promise<PodsSeen> {
    const kubernetes = Kubernetes.connect(access);
    const [secret, deployment] = (await Promise.all([
        kubernetes.read({ apiVersion: "v1", kind: "Secret", namespace: clinicalAi.namespace, name: clinicalAi.secret }),
        kubernetes.read(objects.deployment),
    ])) as [V1Secret | undefined, V1Deployment | undefined];
    const all = await kubernetes.pods(clinicalAi.namespace, deployment?.spec?.selector.matchLabels ?? {});
    const pods = all.filter(({ status }) => !ended.includes(status?.phase ?? ""));
    const annotations = secret?.metadata?.annotations;
    const isOld = (own: Readonly<Record<string, string>> | undefined) =>
        own?.[versionAnnotations.pod] !== annotations?.[versionAnnotations.secret] ||
        own?.[writtenAnnotations.pod] !== annotations?.[writtenAnnotations.secret];
    const encoded = secret?.data?.[clinicalAi.secretKeys.accessKeyId];
    return {
        ...(encoded === undefined ? {} : { keyInSecret: Buffer.from(encoded, "base64").toString("utf8") }),
        oldPods: pods
            .filter(({ metadata }) => isOld(metadata?.annotations))
            .map(({ metadata }) => metadata?.name ?? ""),
        pods: pods.length,
    };
}
