import { stopService } from "../service";
import { clusterFolder } from "./places";

/** Every server of the cluster: whatever others need stops last. */
const serviceNames = [
    "reloader-stand-in",
    "external-secrets",
    "kwok",
    "kube-scheduler",
    "kube-controller-manager",
    "vault",
    "kube-apiserver",
    "etcd",
];

/** Stops the cluster. */
export async function stopCluster(folder: string): Promise<void> {
    for (const name of serviceNames) await stopService(clusterFolder(folder), name);
}
