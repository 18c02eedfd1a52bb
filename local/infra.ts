import { commands } from "../ops/commands";
import { exitCodes, InfraError, Interrupted } from "../ops/infra/errors";
import { type Host } from "../ops/infra/host";
import { createProgram, runProgram } from "../ops/infra/program";
import { readStackSettings } from "../ops/settings";
import { clusterAccess, type LocalCloud, prepareStack, startCloud } from "./cloud";
import { interrupted, stopIfInterrupted } from "./interrupt";
import { alone } from "./lock";
import { localDirectory, LocalError } from "./paths";
import { committedStackFile, localStack } from "./pulumi";
import { recoverIfInterrupted } from "./recover";
import { localRemedies } from "./remedies";

/** The command `npm run local -- infra …`: the operators' tool on stack `local`. It sets the exit code. */
export async function infra(args: readonly string[]): Promise<void> {
    // Held no longer than the start takes: who may deploy next, the engine's own lock says.
    const cloud = await alone(localDirectory(), startCloud);
    // From here on the tool hears Ctrl-C itself.
    stopIfInterrupted();
    await runProgram(createProgram(commands, localHost(cloud)), args);
}

/**
 * The local cloud, as the operators' tool sees it: with the identities and the tokens that were made for it. For tests,
 * `PLATFORM_LOCAL_AWS_ENDPOINT` names what stands before the local AWS; it has to have the same certificate.
 */
function localHost(cloud: LocalCloud): Host {
    const { folder, server, identities, cluster } = cloud;
    return {
        program: "npm run local -- infra",
        engine: "npm run local -- pulumi",
        onlyStack: localStack,
        upCommand: () => "npm run local",
        locks: folder,
        aws: { endpoint: process.env.PLATFORM_LOCAL_AWS_ENDPOINT ?? server.endpoint, caBundle: server.caBundle },
        remedies: localRemedies,
        stackFile: () => committedStackFile(),
        settings: (stack) => readStackSettings(stack, folder),
        async pulumi(_stack, args, options = {}) {
            return foreseen(async () => {
                // What people change is the committed file; deployed is a copy with this machine's addresses.
                const { pulumi } = await prepareStack(cloud, cluster, options.file);
                return pulumi.execute(args, options);
            });
        },
        recover: () => foreseen(async () => recoverIfInterrupted(await prepareStack(cloud, cluster))),
        credentials: (who) => Promise.resolve(identities[who]),
        cluster: (_stack, who) => clusterAccess(cloud)?.[who],
    };
}

/** Failures of the local cloud, as the tool reports them. */
async function foreseen<T>(work: () => Promise<T>): Promise<T> {
    try {
        return await work();
    } catch (error) {
        if (interrupted.aborted) throw new Interrupted();
        throw error instanceof LocalError ? new InfraError(exitCodes.unreachable, error.message) : error;
    }
}
