import { commands } from "../ops/commands";
import { exitCodes, InfraError } from "../ops/infra/errors";
import { type Host } from "../ops/infra/host";
import { createProgram, runProgram } from "../ops/infra/program";
import { readStackSettings } from "../ops/settings";
import { clusterAccess, type LocalCloud, prepareStack, startCloud } from "./cloud";
import { stopIfInterrupted } from "./interrupt";
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
            // What people change is the committed file; deployed is a copy with this machine's addresses.
            const { pulumi } = await prepareStack(cloud, cluster, options.file);
            return pulumi.execute(args, options);
        },
        async recover() {
            await recoverIfInterrupted(await prepareStack(cloud, cluster)).catch((error: unknown) => {
                throw error instanceof LocalError ? new InfraError(exitCodes.unreachable, error.message) : error;
            });
        },
        credentials: (who) => Promise.resolve(identities[who]),
        cluster: (_stack, who) => clusterAccess(cloud)?.[who],
    };
}
