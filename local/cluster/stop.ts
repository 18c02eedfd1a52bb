import { stopService } from "../service";
import { clusterFolder } from "./places";

/** Every server of the cluster, in groups that stop one after the other: whatever others need stops later. */
const groups = [
    ["reloader-stand-in", "external-secrets", "kwok", "kube-scheduler", "kube-controller-manager"],
    ["vault", "kube-apiserver"],
    ["etcd"],
];

/** Stops the cluster. */
export async function stopCluster(folder: string): Promise<void> {
    for (const names of groups) {
        await Promise.all(names.map((name) => stopService(clusterFolder(folder), name)));
    }
}
