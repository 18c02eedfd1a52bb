import { clinicalAi } from "../../services/clinical-ai";

/** Address at which a node's agent gives EKS Pod Identity credentials to its pods, over plain HTTP. */
const podIdentityAgent = { cidr: "169.254.170.23/32", port: 80 };

/** One rule of a NetworkPolicy, in plain values. */
interface Rule {
    readonly ports: { readonly protocol: "TCP" | "UDP"; readonly port: number }[];
}

/** Where the rules let traffic in from and out to. */
interface Rules {
    readonly ingress: (Rule & { readonly from: Peer[] })[];
    readonly egress: (Rule & { readonly to: Peer[] })[];
}

type Labels = { readonly matchLabels?: Record<string, string> };
type Peer =
    | { readonly podSelector: Labels; readonly namespaceSelector?: Labels }
    | { readonly ipBlock: { readonly cidr: string; readonly except?: string[] } };

const tcp = (port: number) => ({ protocol: "TCP" as const, port });
const udp = (port: number) => ({ protocol: "UDP" as const, port });

/** Every pod of the worker's own namespace. */
const sameNamespace: Peer = { podSelector: {} };

const clusterDns: Peer = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
    podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
};

/** Addresses of private networks, where clusters and databases live. */
const privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/** Link-local addresses: a node's metadata service answers there, with the node's own credentials. */
const linkLocal = "169.254.0.0/16";

/** The same of IPv6: private networks, among them the metadata service at fd00:ec2::254; link-local addresses. */
const notPublicV6 = ["fc00::/7", "fe80::/10"];

/** What may reach the worker and what it may reach; everything else is refused. */
export function networkRules(usesPodIdentityAgent: boolean): Rules {
    return {
        ingress: [{ from: [sameNamespace], ports: [tcp(clinicalAi.healthPort)] }],
        egress: [
            { to: [clusterDns], ports: [udp(53), tcp(53)] },
            { to: [sameNamespace], ports: [tcp(clinicalAi.prefectPort)] },
            {
                to: [sameNamespace, ...privateNetworks.map((cidr) => ({ ipBlock: { cidr } }))],
                ports: [tcp(clinicalAi.postgresPort)],
            },
            // S3 and STS, and whatever else flows fetch over TLS, outside of the cluster.
            {
                to: [
                    { ipBlock: { cidr: "0.0.0.0/0", except: [...privateNetworks, linkLocal] } },
                    { ipBlock: { cidr: "::/0", except: notPublicV6 } },
                ],
                ports: [tcp(443)],
            },
            ...(usesPodIdentityAgent
                ? [{ to: [{ ipBlock: { cidr: podIdentityAgent.cidr } }], ports: [tcp(podIdentityAgent.port)] }]
                : []),
        ],
    };
}
