import { environmentFor } from "../ops/creds/environment";
import { rootCredentials } from "./aws/server";
import { findCloud, localRegion } from "./cloud";
import { kubeconfigOf } from "./cluster/places";
import { ownerToken } from "./cluster/vault";
import { runWith, withoutCluster } from "./worker";

/**
 * Runs one of them as the local cloud's administrator: with its addresses, and with nothing of the caller's own accounts.
 *
 * @returns the tool's exit code
 * @throws LocalError when the local cloud does not run, or has no cluster and the tool needs one
 */
export async function runTool(tool: "aws" | "kubectl" | "vault", args: readonly string[]): Promise<number> {
    const { server, cluster } = await findCloud();
    if (!cluster && tool !== "aws") throw withoutCluster(server);
    // Whatever the caller's proxy is, the local cloud is not behind it.
    const others = Object.entries({ ...process.env, NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" }).filter(
        ([name]) => !/^(VAULT_|KUBECONFIG$)/.test(name),
    );
    const set = { prefix: "AWS_", label: "AWS_*" };
    const env = environmentFor(Object.fromEntries(others), {
        keys: rootCredentials,
        set,
        region: localRegion,
        aws: server,
    });
    const ofCluster: Record<string, string> = cluster
        ? {
              KUBECONFIG: kubeconfigOf(cluster.places.folder, "admin"),
              VAULT_ADDR: cluster.vaultAddress,
              VAULT_CACERT: cluster.places.certificate.certificate,
              VAULT_TOKEN: ownerToken(cluster.places),
          }
        : {};
    return runWith({ ...env, ...ofCluster }, tool, args);
}
