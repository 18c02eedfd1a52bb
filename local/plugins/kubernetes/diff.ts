// What changes between old and new inputs, and which of it the API server lets nobody change in place. Pure.

import * as general from "../diff";
import type { Difference } from "../diff";
import type { Properties } from "../wire";
import { isAutonamed } from "./check";
import { isConfigMap, isSecret, kindOf, metadataOf, textAt, type Kind, type TypeToken } from "./identity";
import type { KubernetesSettings } from "./settings";

const ANYTHING = { token: "", inputs: {}, outputs: [] };

const WORKLOAD = ["spec.selector"];
const STATEFUL_SET = [
    ...WORKLOAD,
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
];
const JOB = ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"];
const VOLUME_SOURCES =
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs " +
    "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume";

/** What the official provider replaces an object for, besides its name and namespace. */
const REPLACED: Record<string, readonly string[]> = {
    "apps/v1 Deployment": WORKLOAD,
    "apps/v1 DaemonSet": WORKLOAD,
    "apps/v1 StatefulSet": STATEFUL_SET,
    "batch/v1 Job": JOB,
    "rbac.authorization.k8s.io/v1 RoleBinding": ["roleRef"],
    "rbac.authorization.k8s.io/v1 ClusterRoleBinding": ["roleRef"],
    "storage.k8s.io/v1 StorageClass": ["parameters", "provisioner"],
    "v1 PersistentVolume": VOLUME_SOURCES.split(" ").map((source) => `spec.${source}`),
    "v1 PersistentVolumeClaim": ["spec"],
    "v1 Pod": ["spec"],
    "v1 ResourceQuota": ["spec.scopes"],
    "v1 Service": ["spec.clusterIP"],
};
/** The API server lets a running pod change in these. */
const POD_IN_PLACE = ["spec.activeDeadlineSeconds", "spec.tolerations", "spec.schedulingGates"];

export function diff(
    type: TypeToken,
    settings: Pick<KubernetesSettings, "secretMutable" | "configMapMutable">,
    defaultNamespace: string,
    olds: Properties,
    news: Properties,
    oldOutputs: Properties,
): Difference {
    const oldPlace = textAt(oldOutputs, "metadata", "namespace");
    const moved =
        oldPlace !== undefined && oldPlace !== (metadataOf(news)["namespace"] ?? defaultNamespace) ? oldPlace : false;
    // Said or left out, a namespace that stays is no change.
    const changed = general
        .diff(ANYTHING, olds, news)
        .changes.filter(({ path }) => path !== "metadata.namespace" || oldPlace === undefined || moved !== false);
    const paths = type.patch ? [] : replacedPaths(kindOf(type, news), settings, olds);
    const changes = changed.map((change) => ({
        ...change,
        replace:
            change.path === "metadata.namespace"
                ? moved !== false
                : isWithin(change.path, ["apiVersion", "kind", "metadata.name", ...paths]) &&
                  !(paths === REPLACED["v1 Pod"] && isWithin(change.path, POD_IN_PLACE)),
    }));
    if (moved !== false && !changes.some(({ path }) => isWithin(path, ["metadata.namespace"]))) {
        changes.push({ path: "metadata.namespace", kind: "update", replace: true });
    }
    const replaced = changes.some(({ replace }) => replace);
    return { changes, deleteBeforeReplace: replaced && moved === false && keepsName(olds, news) };
}

/** Old and new would have one name. A name made by us is made anew instead. */
function keepsName(olds: Properties, news: Properties): boolean {
    return !isAutonamed(news) && metadataOf(olds)["name"] === metadataOf(news)["name"];
}

function replacedPaths(
    kind: Kind,
    { secretMutable, configMapMutable }: Pick<KubernetesSettings, "secretMutable" | "configMapMutable">,
    olds: Properties,
): readonly string[] {
    const immutable = olds["immutable"] === true;
    if (isSecret(kind)) {
        return !secretMutable || immutable ? ["type", "stringData", "data", "immutable"] : ["type"];
    }
    if (isConfigMap(kind)) {
        return !configMapMutable || immutable ? ["binaryData", "data", "immutable"] : [];
    }
    return REPLACED[`${kind.apiVersion} ${kind.kind}`] ?? [];
}

function isWithin(path: string, roots: readonly string[]): boolean {
    return roots.some((root) => path === root || path.startsWith(`${root}.`) || path.startsWith(`${root}[`));
}
