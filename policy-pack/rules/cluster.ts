import { podTypes } from "../containers";
import { faultIf, type Resource, resourceRule, stackRule } from "../rule";

export const namespaceIsRestricted = resourceRule({
    id: "namespace-is-restricted",
    says: "Every namespace enforces the Pod Security level `restricted`.",
    meets: [],
    types: ["kubernetes:core/v1:Namespace"],
    faults: ({ props }) => {
        const level = props.metadata?.labels?.["pod-security.kubernetes.io/enforce"];
        return faultIf(level !== "restricted", `enforces ${level ?? "no level"}; expected restricted`);
    },
});

export const serviceStaysInside = resourceRule({
    id: "service-stays-inside",
    says: "No Service is reached from outside of its cluster.",
    meets: [],
    types: ["kubernetes:core/v1:Service"],
    faults: ({ props }) => {
        const { type = "ClusterIP", externalIPs } = props.spec ?? {};
        return faultIf(type !== "ClusterIP" || externalIPs?.length > 0, `its type is ${type}; expected ClusterIP`);
    },
});

type Labels = Readonly<Record<string, string>>;

export const podHasNetworkPolicy = stackRule({
    id: "pod-has-network-policy",
    says: "Every workload has a network policy that says what it may reach and what may reach it.",
    meets: [],
    types: podTypes.filter((type) => !/Pod$|CronJob$/.test(type)),
    faults: ({ props }, stack) => {
        const labels: Labels = props.spec.template.metadata?.labels ?? {};
        const covered = stack.some(
            (other) =>
                other.type === "kubernetes:networking.k8s.io/v1:NetworkPolicy" &&
                other.props.metadata?.namespace === props.metadata?.namespace &&
                selects(other, labels) &&
                ["Ingress", "Egress"].every((way) => other.props.spec.policyTypes?.includes(way)),
        );
        return faultIf(!covered, "no network policy for both directions selects its pods");
    },
});

interface PodSelector {
    readonly matchLabels?: Labels;
    readonly matchExpressions?: readonly unknown[];
}

function selects({ props }: Resource, labels: Labels): boolean {
    const { matchLabels = {}, matchExpressions = [] } = (props.spec.podSelector ?? {}) as PodSelector;
    // Expressions are not evaluated: a policy that has some counts for no pod.
    if (matchExpressions.length > 0) return false;
    return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}
