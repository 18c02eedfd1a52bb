import { type V1Deployment, type V1NetworkPolicy, type V1PodSpec } from "@kubernetes/client-node";

import { type ObjectReference } from "../../services/checks";
import { at, placesInWords } from "../../services/fields";
import { ClusterFailure } from "../kubernetes/access";
import { type AnyObject, type Kubernetes } from "../kubernetes/client";
import { livePods } from "../kubernetes/pods";
import { NotTried } from "../aws/outcome";
import {
    agesInWords,
    availabilityInWords,
    conditionInWords,
    peersInWords,
    rulesInWords,
    variablesInWords,
    versionsInWords,
} from "./words-kubernetes";
import { type ClusterExecutor } from "./run";

/** Whether both systems of the cluster side answer, and know who asks. */
export const clusterAccess: ClusterExecutor<"clusterAccess"> = async ({ vault }, { cluster, caller }) => {
    await (await cluster.kubernetesAs(caller)).whoAmI();
    await cluster.vaultAs(caller, vault).read("auth/token/lookup-self");
    return { got: "both answer" };
};

export const servedResources: ClusterExecutor<"servedResources"> = async (probe, { cluster, caller }) => {
    const served = await (await cluster.kubernetesAs(caller)).served(probe.groupVersion);
    return { got: probe.resources.filter((name) => served.includes(name)).join(", ") || "none of them" };
};

/** What an object declares, and how it is. */
export const objectState: ClusterExecutor<"kubernetes"> = async ({ aspect, object }, { cluster, caller }) => {
    const found = await (await cluster.kubernetesAs(caller)).read(object);
    if (aspect === "exists") return { got: found ? "there" : "not there" };
    return found ? states[aspect](found) : absent(object);
};

export const objectFields: ClusterExecutor<"kubernetesFields"> = async ({ object, fields }, { cluster, caller }) => {
    const found = await (await cluster.kubernetesAs(caller)).read(object);
    return found ? { got: placesInWords(fields.map((place) => [place, at(place, found)])) } : absent(object);
};

function absent({ kind, name }: ObjectReference) {
    return { got: `there is no ${kind} ${name}` };
}

const states = {
    ready: (object: AnyObject) => conditionInWords(object, "Ready"),
    variables: (object: AnyObject) => ({ got: variablesInWords((object as V1Deployment).spec?.template.spec) }),
    ingress: (object: AnyObject) => ({
        got: rulesInWords((object as V1NetworkPolicy).spec?.ingress, (rule) => peersInWords(at(["from"], rule))),
    }),
    egress: (object: AnyObject) => ({
        got: rulesInWords((object as V1NetworkPolicy).spec?.egress, (rule) => peersInWords(at(["to"], rule))),
    }),
    available: (object: AnyObject) => ({ got: availabilityInWords(object as V1Deployment) }),
};

export const podVersions: ClusterExecutor<"podVersions"> = async (probe, { cluster, caller }) => {
    const { pods } = await livePods(await cluster.kubernetesAs(caller), probe);
    return { got: versionsInWords(pods, probe.annotations) };
};

export const podAges: ClusterExecutor<"podAges"> = async (probe, { cluster, caller }) => {
    if (probe.seconds === undefined) throw new NotTried("the stack exports no cluster.dynamic");
    const { pods } = await livePods(await cluster.kubernetesAs(caller), probe);
    return { got: agesInWords(pods, probe.seconds, new Date()) };
};

/** Has the API decide, without making it, whether a pod of the template may be there. */
export const podSecurity: ClusterExecutor<"podSecurity"> = async (probe, { cluster, caller, runId }) => {
    const { namespace, deployment: name, gainsPrivileges } = probe;
    const api = await cluster.kubernetesAs(caller);
    const deployment = await api.read({ apiVersion: "apps/v1", kind: "Deployment", namespace, name });
    const { metadata, spec } = (deployment as V1Deployment | undefined)?.spec?.template ?? {};
    if (!spec) return { got: `there is no Deployment ${name}` };
    const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { ...metadata, name: `verify-${runId}` },
        spec: gainsPrivileges ? gaining(spec) : spec,
    };
    return dryRun(api, pod, namespace);
};

async function dryRun(api: Kubernetes, pod: object, namespace: string) {
    try {
        await api.create(pod, { apiVersion: "v1", kind: "Pod", namespace }, true);
        return { got: "accepted" };
    } catch (error) {
        if (error instanceof ClusterFailure) return { got: error.words, note: error.detail };
        throw error;
    }
}

/** What only the level of the namespace forbids: a cluster may forbid more by itself. */
function gaining(spec: V1PodSpec): V1PodSpec {
    const [first, ...others] = spec.containers;
    const securityContext = { ...first.securityContext, allowPrivilegeEscalation: true };
    return { ...spec, containers: [{ ...first, securityContext }, ...others] };
}

/** What a pod of a Deployment has in its environment; the probe names the variables, and never one with a secret value. */
export const environmentOfPods: ClusterExecutor<"podEnvironment"> = async (probe, { cluster }) => {
    const { environment } = await cluster.environment(probe);
    const set = probe.variables.filter((name) => Object.hasOwn(environment, name));
    const words = probe.aspect === "names" ? set : set.map((name) => `${name}=${environment[name]}`);
    return { got: words.join(", ") || "none" };
};

/** Everybody may ask what he may do himself. */
const everybodys = /^selfsubject(accessreviews|rulesreviews|reviews)$/;

export const ownRights: ClusterExecutor<"ownRights"> = async ({ namespace }, { cluster, caller }) => {
    const rules = await (await cluster.kubernetesAs(caller)).ownRules(namespace);
    const more = (rules?.resourceRules ?? [])
        .map(({ verbs, resources = [], resourceNames = [] }) => ({
            verbs,
            resources: resources.filter((name) => !everybodys.test(name)),
            resourceNames,
        }))
        .filter(({ resources }) => resources.length > 0)
        .map(
            ({ verbs, resources, resourceNames }) => `${verbs.join("+")} ${[...resources, ...resourceNames].join(" ")}`,
        );
    return {
        got: more.sort().join("; ") || "nothing",
        ...(rules?.incomplete
            ? { note: `The API does not know all rules: ${rules.evaluationError ?? "no reason"}.` }
            : {}),
    };
};
