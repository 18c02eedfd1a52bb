import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type ClusterAccess } from "../../ops/kubernetes/access";
import { settleAll } from "../concurrent";
import { versions } from "../versions";
import { prepareAccounts } from "./accounts";
import { startControlPlane } from "./control-plane";
import { startExternalSecrets } from "./external-secrets";
import { type Programs } from "./install";
import { createDefinitions, createNode, grantRights, objectsOf } from "./objects";
import { apiEndpoint, clusterFolder, kubeconfigOf, type Places, vaultAddress } from "./places";
import { startReloader } from "./reloader";
import { keptTokens, startVault, type VaultTokens, vaultTokens } from "./vault";

/** The local cluster and its Vault, running. */
export interface Cluster {
    readonly places: Places;
    readonly endpoint: string;
    readonly vaultAddress: string;
    readonly deployer: ClusterAccess;
    readonly operator: ClusterAccess;
    /** Whether this call had to start anything. */
    readonly started: boolean;
}

/** Whether this checkout has a cluster. */
export const hasCluster = (folder: string) => existsSync(clusterFolder(folder));

/** Starts what does not run yet of the cluster; what was in it before is in it again. */
export async function startCluster(programs: Programs, places: Places): Promise<Cluster> {
    const accounts = prepareAccounts(places);
    const [controlPlane, vault] = await settleAll([
        startControlPlane(programs, places, accounts),
        startVault(programs, places),
    ]);
    const admin = objectsOf(places.folder, "admin");
    if (controlPlane) await createNode(admin);
    await defineOnce(places, () => createDefinitions(admin, programs.crds));
    await grantRights(admin);
    const externalSecrets = await startExternalSecrets(programs, places);
    const reloader = await startReloader(places);
    const started = controlPlane || vault || externalSecrets || reloader;
    return clusterAt(places, await vaultTokens(places), started);
}

/** The cluster as an earlier call left it, whether all of it runs or not; undefined where it was never up. */
export function findCluster(places: Places): Cluster | undefined {
    const tokens = keptTokens(places);
    return tokens && clusterAt(places, tokens, false);
}

function clusterAt(places: Places, tokens: VaultTokens, started: boolean): Cluster {
    const access = (user: "deployer" | "operator"): ClusterAccess => ({
        kubeconfig: kubeconfigOf(places.folder, user),
        vaultToken: tokens[user],
    });
    return {
        places,
        endpoint: apiEndpoint(places.ports),
        vaultAddress: vaultAddress(places.ports),
        deployer: access("deployer"),
        operator: access("operator"),
        started,
    };
}

/** The definitions are large and change with their version only. */
async function defineOnce({ folder }: Places, define: () => Promise<void>): Promise<void> {
    const marker = join(folder, `external-secrets-crds-${versions.externalSecrets}`);
    if (existsSync(marker)) return;
    await define();
    writeFileSync(marker, "");
}
