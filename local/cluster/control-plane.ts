import { join } from "node:path";

import { settleAll } from "../concurrent";
import { answers } from "../health";
import { keepService, type Service } from "../service";
import { type Accounts, tokenOf } from "./accounts";
import { type Programs } from "./install";
import { apiEndpoint, kubeconfigOf, type Places } from "./places";

/** What the controller manager runs: everything that turns what this program declares into pods and cleans up after it. */
const controllers = [
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "namespace-controller",
    "garbage-collector-controller",
    "deployment-controller",
    "replicaset-controller",
    // The provider waits for a Service by its Endpoints, External Secrets and the program's own checks by the slices.
    "endpoints-controller",
    "endpointslice-controller",
    "disruption-controller",
    "pod-garbage-collector-controller",
];

interface Supervised {
    readonly service: Service;
    readonly isReady: () => Promise<boolean>;
}

/**
 * Starts what does not run yet of etcd, the API server, the controller manager, the scheduler and kwok; returns whether
 * anything had to be started.
 */
export async function startControlPlane(programs: Programs, places: Places, accounts: Accounts): Promise<boolean> {
    let started = false;
    const keepUp = async ({ service, isReady }: Supervised) => {
        if (await keepService(places.folder, service, isReady, 60)) started = true;
    };
    await keepUp(etcd(programs, places));
    await keepUp(apiserver(programs, places, accounts));
    await settleAll(
        [controllerManager(programs, places, accounts), scheduler(programs, places), kwok(programs, places)].map(
            keepUp,
        ),
    );
    return started;
}

function etcd({ parts }: Programs, { folder, ports, certificate }: Places): Supervised {
    const client = `https://127.0.0.1:${ports.etcd}`;
    const peer = `https://127.0.0.1:${ports.etcdPeer}`;
    // Both certificates are the same, and a client has to show it: nobody else on this machine reads the secrets.
    const tls = (prefix: string) => [
        `--${prefix}cert-file=${certificate.certificate}`,
        `--${prefix}key-file=${certificate.key}`,
        `--${prefix}trusted-ca-file=${certificate.certificate}`,
        `--${prefix}client-cert-auth`,
    ];
    return {
        service: {
            name: "etcd",
            command: parts.etcd.path,
            args: [
                `--data-dir=${join(folder, "etcd")}`,
                `--listen-client-urls=${client}`,
                `--advertise-client-urls=${client}`,
                `--listen-peer-urls=${peer}`,
                `--initial-advertise-peer-urls=${peer}`,
                `--initial-cluster=default=${peer}`,
                `--listen-metrics-urls=http://127.0.0.1:${ports.etcdMetrics}`,
                ...tls(""),
                ...tls("peer-"),
            ],
            marker: "--advertise-client-urls",
            ports: [ports.etcd, ports.etcdPeer, ports.etcdMetrics],
        },
        isReady: () => answers(`http://127.0.0.1:${ports.etcdMetrics}/readyz`),
    };
}

function apiserver({ parts }: Programs, places: Places, { tokens, signingKey, encryption }: Accounts): Supervised {
    const { ports, certificate } = places;
    const authorization = { authorization: `Bearer ${tokenOf(places, "admin")}` };
    return {
        service: {
            name: "kube-apiserver",
            command: parts.apiserver.path,
            args: [
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                `--secure-port=${ports.apiserver}`,
                `--tls-cert-file=${certificate.certificate}`,
                `--tls-private-key-file=${certificate.key}`,
                `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
                `--etcd-cafile=${certificate.certificate}`,
                `--etcd-certfile=${certificate.certificate}`,
                `--etcd-keyfile=${certificate.key}`,
                "--authorization-mode=Node,RBAC",
                "--anonymous-auth=false",
                `--token-auth-file=${tokens}`,
                `--encryption-provider-config=${encryption}`,
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                `--service-account-key-file=${signingKey}`,
                `--service-account-signing-key-file=${signingKey}`,
                "--service-cluster-ip-range=10.96.0.0/16",
                // Its own address as an endpoint of the Service `kubernetes` would have to be another than loopback.
                "--endpoint-reconciler-type=none",
            ],
            marker: "--service-account-signing-key-file",
            ports: [ports.apiserver],
        },
        isReady: () => answers(`${apiEndpoint(ports)}/readyz`, certificate.certificate, authorization),
    };
}

function controllerManager(
    { parts }: Programs,
    { folder, ports, certificate }: Places,
    accounts: Accounts,
): Supervised {
    return {
        service: {
            name: "kube-controller-manager",
            command: parts.controllerManager.path,
            args: [
                `--kubeconfig=${kubeconfigOf(folder, "admin")}`,
                ...servingFlags(ports.controllerManager, certificate),
                "--leader-elect=false",
                "--use-service-account-credentials",
                `--service-account-private-key-file=${accounts.signingKey}`,
                `--root-ca-file=${certificate.certificate}`,
                `--controllers=${controllers.join(",")}`,
            ],
            marker: "--service-account-private-key-file",
            ports: [ports.controllerManager],
        },
        isReady: () => answers(`https://127.0.0.1:${ports.controllerManager}/healthz`, certificate.certificate),
    };
}

function scheduler({ parts }: Programs, { folder, ports, certificate }: Places): Supervised {
    return {
        service: {
            name: "kube-scheduler",
            command: parts.scheduler.path,
            args: [
                `--kubeconfig=${kubeconfigOf(folder, "admin")}`,
                ...servingFlags(ports.scheduler, certificate),
                "--leader-elect=false",
            ],
            marker: "kube-scheduler",
            ports: [ports.scheduler],
        },
        isReady: () => answers(`https://127.0.0.1:${ports.scheduler}/healthz`, certificate.certificate),
    };
}

function servingFlags(port: number, { certificate, key }: Places["certificate"]): string[] {
    return [
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
        `--tls-cert-file=${certificate}`,
        `--tls-private-key-file=${key}`,
    ];
}

function kwok({ parts }: Programs, { folder, ports }: Places): Supervised {
    return {
        service: {
            name: "kwok",
            command: parts.kwok.path,
            args: [
                `--kubeconfig=${kubeconfigOf(folder, "admin")}`,
                `--config=${join(__dirname, "kwok-stages.yaml")}`,
                "--manage-all-nodes",
                `--server-address=127.0.0.1:${ports.kwok}`,
            ],
            marker: "--manage-all-nodes",
            ports: [ports.kwok],
        },
        isReady: () => answers(`http://127.0.0.1:${ports.kwok}/healthz`),
    };
}
