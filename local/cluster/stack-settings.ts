import { readFileSync } from "node:fs";
import { join } from "node:path";

import { clinicalAi } from "../../services/clinical-ai";
import { type Cluster } from "./index";
import { hasNamespace, objectsOf } from "./objects";
import { asOwner } from "./vault";

/** The worker's image, as in the other stack files. Nothing pulls it here: the cluster has no container runtime. */
const image =
    "ghcr.io/clinical-ai/prefect-worker@sha256:ecc794405dff8379b049fffe06ee4ee08baf35a281b7015805f18b55514da464";

/**
 * The section `cluster` of clinical-ai's settings for the local cluster.
 *
 * @param stateFile the stack's state: what is there already and not the stack's was kept by a `pulumi destroy`, so it is
 * used and not made again
 */
export async function clusterSettings({ places, endpoint, vaultAddress, deployer }: Cluster, stateFile: string) {
    const caCertFile = places.certificate.certificate;
    const owner = asOwner(places);
    const state = readIfThere(stateFile);
    const manage = (isThere: boolean, type: string) => (isThere && !state.includes(type) ? "existing" : "create");
    const inVault = async (list: string, path: string) => (await owner.read(list))?.[`${path}/`] !== undefined;
    const { namespace, vault } = clinicalAi;
    const hasItsNamespace = await hasNamespace(objectsOf(places.folder, "admin"), namespace);
    return {
        kubernetes: {
            kubeconfig: deployer.kubeconfig,
            namespace: manage(hasItsNamespace, "kubernetes:core/v1:Namespace"),
        },
        vault: {
            address: vaultAddress,
            caCertFile,
            mount: manage(await inVault("sys/mounts", vault.mount), "vault:index/mount:Mount"),
            auth: manage(await inVault("sys/auth", vault.authMount), "vault:index/authBackend:AuthBackend"),
            audit: manage(await inVault("sys/audit", "file"), "vault:index/audit:Audit"),
            auditFile: join(places.folder, "vault-audit.log"),
            kubernetes: { host: endpoint, caCertFile },
        },
        image,
        replicas: 1,
    };
}

function readIfThere(path: string): string {
    try {
        return readFileSync(path, "utf8");
    } catch {
        return "";
    }
}
