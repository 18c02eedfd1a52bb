import { answers } from "../health";
import { keepService } from "../service";
import { type Programs } from "./install";
import { kubeconfigOf, type Places } from "./places";

const serviceName = "external-secrets";

/** Starts the operator outside of the cluster, unless it runs; returns whether it had to be started. */
export async function startExternalSecrets({ parts }: Programs, { folder, ports }: Places): Promise<boolean> {
    const metrics = `127.0.0.1:${ports.externalSecrets}`;
    const service = {
        name: serviceName,
        command: parts.externalSecrets.path,
        args: [`--metrics-addr=${metrics}`],
        env: { KUBECONFIG: kubeconfigOf(folder, "admin") },
        marker: "--metrics-addr",
        ports: [ports.externalSecrets],
    };
    return keepService(folder, service, () => answers(`http://${metrics}/metrics`), 60);
}
