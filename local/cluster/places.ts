import { join } from "node:path";

import { type Certificate } from "../aws/certificate";
import { LocalError } from "../paths";

/** Where everything of the local cluster is: its folder, its ports, and the certificate that all of it serves with. */
export interface Places {
    /** Data, keys and logs of the cluster. */
    readonly folder: string;
    readonly ports: Ports;
    readonly certificate: Certificate;
}

/** The ports of 127.0.0.1 that the cluster listens on. */
export type Ports = Readonly<Record<(typeof portNames)[number], number>>;

/** In the order of their numbers, from the one after the local AWS's two on. */
const portNames = [
    "apiserver",
    "vault",
    "vaultCluster",
    "etcd",
    "etcdPeer",
    "etcdMetrics",
    "externalSecrets",
    "kwok",
    "controllerManager",
    "scheduler",
    "reloader",
] as const;

/**
 * The cluster's ports: the eleven after the local AWS's two.
 *
 * @throws LocalError when they do not fit below 65536.
 */
export function clusterPorts(awsPort: number): Ports {
    if (awsPort + 1 + portNames.length > 65535) {
        throw new LocalError(
            `PLATFORM_LOCAL_PORT is ${awsPort}, and the cluster needs the ${portNames.length + 1} ports after it; ` +
                `choose one up to ${65535 - 1 - portNames.length}`,
        );
    }
    return Object.fromEntries(portNames.map((name, index) => [name, awsPort + 2 + index])) as Record<
        (typeof portNames)[number],
        number
    >;
}

/** Whoever talks to the cluster's API: who administers it, its node, who deploys, who may look. */
export const users = ["admin", "node", "deployer", "operator"] as const;
export type User = (typeof users)[number];

export const clusterFolder = (folder: string) => join(folder, "cluster");
export const kubeconfigOf = (folder: string, user: User) => join(folder, `kubeconfig-${user}.yaml`);
export const apiEndpoint = ({ apiserver }: Ports) => `https://127.0.0.1:${apiserver}`;
export const vaultAddress = ({ vault }: Ports) => `https://127.0.0.1:${vault}`;
