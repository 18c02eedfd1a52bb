import { type V1Deployment, type V1NetworkPolicy, type V1Pod, type V1PodSpec } from "@kubernetes/client-node";

import { type ObjectReference, type WriteAnnotations } from "../../services/checks";
import { at, placesInWords } from "../../services/fields";
import { ClusterFailure } from "../kubernetes/access";
import { type AnyObject, type Kubernetes } from "../kubernetes/client";
import { livePods } from "../kubernetes/pods";
import { type Answer, NotTried } from "./outcome";
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

interface Condition {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
}

/** Whether a condition of an object is true, and if not, what its controller says. */
export function conditionInWords(object: AnyObject, type: string): Answer {
    const { conditions = [] } = (object.status ?? {}) as { conditions?: Condition[] };
    const condition = conditions.find((one) => one.type === type);
    if (!condition) return { got: `not ${type.toLowerCase()}: its controller has said nothing yet` };
    if (condition.status === "True") return { got: type.toLowerCase() };
    const said = [condition.reason, condition.message].filter(Boolean).join(": ");
    return { got: `not ${type.toLowerCase()}: ${said}` };
}

/** Where the variables of a pod's first container come from. */
export function variablesInWords(spec: V1PodSpec | undefined): string {
    const { env = [], envFrom = [] } = spec?.containers[0] ?? {};
    const single = env.map(({ name, value, valueFrom }) => {
        const { secretKeyRef, configMapKeyRef, ...other } = valueFrom ?? {};
        const rest = Object.values(other).some((part) => part !== undefined) ? ` from ${JSON.stringify(other)}` : "";
        const optional = secretKeyRef?.optional || configMapKeyRef?.optional ? " if it is there" : "";
        if (secretKeyRef) return `${name} from Secret ${secretKeyRef.name}/${secretKeyRef.key}${optional}`;
        if (configMapKeyRef) return `${name} from ConfigMap ${configMapKeyRef.name}/${configMapKeyRef.key}${optional}`;
        return rest ? `${name}${rest}` : `${name}=${value ?? ""}`;
    });
    return [...single, ...envFrom.map((source) => `all of ${JSON.stringify(source)}`)].sort().join(", ") || "none";
}

interface NetworkRule {
    readonly ports?: readonly { readonly protocol?: string; readonly port?: unknown; readonly endPort?: number }[];
}

/** What a NetworkPolicy lets through, in an order of its own. */
export function rulesInWords<Rule extends object>(
    rules: readonly Rule[] = [],
    peersOf: (rule: Rule) => string,
): string {
    return (
        rules
            .map((rule) => `${portsInWords(rule)} with ${peersOf(rule)}`)
            .sort()
            .join("; ") || "nothing"
    );
}

function portsInWords({ ports = [] }: NetworkRule): string {
    const protocols = new Map<string, string[]>();
    for (const { protocol = "TCP", port = "every port", endPort } of ports) {
        const range = endPort === undefined ? String(port) : `${String(port)}-${endPort}`;
        protocols.set(range, [...(protocols.get(range) ?? []), protocol]);
    }
    return (
        [...protocols]
            .map(([port, of]) => `${of.sort().join("+")} ${port}`)
            .sort()
            .join(", ") || "every port"
    );
}

interface Selector {
    readonly matchLabels?: Readonly<Record<string, string>>;
    readonly matchExpressions?: unknown;
}

interface Peer {
    readonly podSelector?: Selector;
    readonly namespaceSelector?: Selector;
    readonly ipBlock?: { readonly cidr: string; readonly except?: string[] };
}

/** Whom a rule is about. */
export function peersInWords(peers: unknown): string {
    const list = (peers ?? []) as readonly Peer[];
    return list.map(peerInWords).sort().join(", ") || "anybody";
}

function peerInWords({ podSelector, namespaceSelector, ipBlock }: Peer): string {
    if (ipBlock) return [ipBlock.cidr, ...(ipBlock.except ? ["except", ...[...ipBlock.except].sort()] : [])].join(" ");
    const pods = ["pods", selectorInWords(podSelector)].filter(Boolean).join(" ");
    if (!namespaceSelector) return `${pods} of the namespace`;
    return `${pods} of namespaces ${selectorInWords(namespaceSelector) || "of every name"}`;
}

function selectorInWords({ matchLabels = {}, matchExpressions }: Selector = {}): string {
    const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
    return [...labels.sort(), ...(matchExpressions ? [JSON.stringify(matchExpressions)] : [])].join(" ");
}

/** How far a Deployment has got. */
export function availabilityInWords({ metadata, spec, status = {} }: V1Deployment): string {
    if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0)) {
        return "changed, and its controller has not seen it";
    }
    const { availableReplicas = 0, updatedReplicas = 0 } = status;
    return `${availableReplicas} of ${spec?.replicas ?? 1} available, ${updatedReplicas} up to date`;
}

/** Which pods are older than that many seconds. */
export function agesInWords(pods: readonly V1Pod[], seconds: number, now: Date): string {
    const since = ({ metadata }: V1Pod) =>
        (now.getTime() - new Date(metadata?.creationTimestamp ?? 0).getTime()) / 1000;
    const old = pods.filter((pod) => since(pod) > seconds).map(({ metadata }) => metadata?.name);
    return old.length === 0 ? `none older than ${seconds} s` : `older than ${seconds} s: ${old.sort().join(", ")}`;
}

/** How many pods carry each write of a secret. */
export function versionsInWords(pods: readonly V1Pod[], { version, written }: WriteAnnotations): string {
    const counts = new Map<string, number>();
    for (const { metadata: { annotations = {} } = {} } of pods) {
        const words =
            annotations[version] === undefined
                ? "without a version"
                : `with version ${annotations[version]} of ${annotations[written] ?? "no time"}`;
        counts.set(words, (counts.get(words) ?? 0) + 1);
    }
    return (
        [...counts]
            .map(([words, count]) => `${count} ${words}`)
            .sort()
            .join(", ") || "no pods"
    );
}
