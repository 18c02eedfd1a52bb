import { readFileSync } from "node:fs";

import {
    KubeConfig,
    KubernetesObjectApi,
    loadAllYaml,
    PatchStrategy,
    type KubernetesObject,
} from "@kubernetes/client-node";

import { kubernetesDeployerRules, kubernetesOperatorRules, type KubernetesRule } from "../../ops/rights/cluster";
import { nodeName, userName } from "./accounts";
import { kubeconfigOf, type User } from "./places";

const manager = "local-cluster";

/** The cluster's API with the rights of a user. */
export function objectsOf(folder: string, user: User): KubernetesObjectApi {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigOf(folder, user));
    return KubernetesObjectApi.makeApiClient(config);
}

/** Declares an object: made if it is not there, else made as it says. */
export async function apply(api: KubernetesObjectApi, object: KubernetesObject): Promise<void> {
    await api.patch(object, undefined, undefined, manager, true, PatchStrategy.ServerSideApply);
}

/** The node that kwok looks after; without a node controller nobody else takes the taint of a new node away. */
export async function createNode(api: KubernetesObjectApi): Promise<void> {
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: nodeName } };
    await apply(api, { ...node, metadata: { ...node.metadata, labels: { "kubernetes.io/hostname": nodeName } } });
    const untainted = { ...node, spec: { taints: null } } as KubernetesObject;
    await api.patch(untainted, undefined, undefined, manager, undefined, PatchStrategy.MergePatch);
}

/** The custom resource definitions of External Secrets. */
export async function createDefinitions(api: KubernetesObjectApi, file: string): Promise<void> {
    // The client's own reader: it knows properties by other names than YAML does (`x-kubernetes-…`).
    const definitions = loadAllYaml(readFileSync(file, "utf8")) as KubernetesObject[];
    for (const definition of definitions.filter(Boolean)) await apply(api, definition);
}

/**
 * Gives the deployer and the read-only operator what they need in the cluster. In the whole cluster, since the program
 * makes the namespace of its objects itself: whoever may make Deployments in any namespace may act as any service
 * account, so this deployer is the administrator of a laptop's cluster in effect. Where it matters, an administrator makes
 * the namespace and binds the same rules as Roles in it (`kubernetesDeployerRights`).
 */
export async function grantRights(api: KubernetesObjectApi): Promise<void> {
    await grant(api, "deployer", kubernetesDeployerRules());
    await grant(api, "operator", kubernetesOperatorRules());
}

const rbac = "rbac.authorization.k8s.io";

async function grant(api: KubernetesObjectApi, user: User, rules: readonly KubernetesRule[]): Promise<void> {
    const name = userName(user);
    const head = { apiVersion: `${rbac}/v1`, metadata: { name } };
    await apply(api, { ...head, kind: "ClusterRole", rules } as KubernetesObject);
    const roleRef = { apiGroup: rbac, kind: "ClusterRole", name };
    const subjects = [{ apiGroup: rbac, kind: "User", name }];
    await apply(api, { ...head, kind: "ClusterRoleBinding", roleRef, subjects } as KubernetesObject);
}

/** Whether the cluster has a namespace. */
export async function hasNamespace(api: KubernetesObjectApi, name: string): Promise<boolean> {
    try {
        await api.read({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
        return true;
    } catch (error) {
        if ((error as { code?: number }).code === 404) return false;
        throw error;
    }
}
