import { type V1Deployment, type V1Pod, type V1PodSpec } from "@kubernetes/client-node";

import { type WriteAnnotations } from "../../services/checks";
import { type AnyObject } from "../kubernetes/client";
import { type Answer } from "../aws/outcome";

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
    if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0))
        return "changed, and its controller has not seen it";
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
