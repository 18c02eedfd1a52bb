import { constants } from "node:os";

import execa from "execa";

import { say } from "../ops/common/output";
import { ClusterFailure } from "../ops/kubernetes/access";
import { Kubernetes } from "../ops/kubernetes/client";
import { type PodEnvironment, podEnvironment } from "../ops/kubernetes/pods";
import { clinicalAi } from "../services/clinical-ai";
import { type Server } from "./aws/server";
import { findCloud, type FoundCloud, usesOtherCluster } from "./cloud";
import { kubeconfigOf } from "./cluster/places";
import { portOf } from "./found";
import { LocalError } from "./paths";

/**
 * Runs a command as clinical-ai's worker: with exactly the environment that a kubelet would give to the container of its
 * newest pod, and nothing of the caller's. Secret and ConfigMap are read with the rights of the pod's node, as a kubelet
 * reads them; the worker's service account may read nothing.
 *
 * @param command default: the one that the container declares
 * @returns the command's exit code
 * @throws LocalError when there is no cluster, no pod that could start, or no command
 */
export async function runAsWorker(command: readonly string[]): Promise<number> {
    const cloud = await findCloud();
    const { pod, environment, container } = await workerEnvironment(cloud);
    const [file, ...args] = command.length > 0 ? command : [...(container.command ?? []), ...(container.args ?? [])];
    if (file === undefined) {
        throw new LocalError(
            "The container runs what its image says, and no image is pulled here: name a command, for example\n" +
                "  npm run local -- worker env",
        );
    }
    const added = addedVariables(cloud);
    say(`As ${pod ?? "the Deployment's template"}: ${Object.keys(environment).sort().join(", ")}`);
    say(`On top of it, to find the command and the local AWS: ${Object.keys(added).join(", ")}`);
    const env = { ...added, ...environment };
    return runWith(env, file, args);
}

/**
 * Runs a command with an environment and nothing else, and returns its exit code; where a signal ended it, as a shell
 * does, 128 and the signal's number.
 */
export async function runWith(env: Record<string, string>, file: string, args: readonly string[]): Promise<number> {
    const options = { env, extendEnv: false, stdio: "inherit", reject: false } as const;
    const { exitCode, signal } = await execa(file, args, options);
    if (signal) {
        say(`${file} was ended by ${signal}`);
        return 128 + constants.signals[signal as NodeJS.Signals];
    }
    if (exitCode === undefined) throw new LocalError(`${file} could not be run`);
    return exitCode;
}

/** Why there is no local cluster. */
export function withoutCluster(server: Server): LocalError {
    return new LocalError(
        usesOtherCluster(portOf(server))
            ? "The stack file names a cluster of its own: this works with the local one only."
            : "There is no cluster in this checkout; bring it up: npm run local -- --cluster",
    );
}

async function workerEnvironment({ cluster, server }: FoundCloud): Promise<PodEnvironment> {
    if (!cluster) throw withoutCluster(server);
    const as = (user: "operator" | "node") =>
        Kubernetes.connect({ kubeconfig: kubeconfigOf(cluster.places.folder, user) });
    try {
        const { namespace, deployment } = clinicalAi;
        return await podEnvironment(as("operator"), as("node"), { namespace, deployment });
    } catch (error) {
        throw error instanceof ClusterFailure ? new LocalError(error.message) : error;
    }
}

/** What the pod does not have: its image has a PATH of its own, and AWS needs no address. */
function addedVariables({ server: { endpoint, caBundle } }: FoundCloud): Record<string, string> {
    return {
        PATH: process.env.PATH ?? "",
        AWS_ENDPOINT_URL: endpoint,
        AWS_CA_BUNDLE: caBundle,
        NODE_EXTRA_CA_CERTS: caBundle,
    };
}
