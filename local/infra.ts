import { commands } from "../ops/commands";
import { type Host } from "../ops/infra/host";
import { createProgram, runProgram } from "../ops/infra/program";
import { readStackSettings } from "../ops/settings";
import { type LocalCloud, prepareStack, startCloud } from "./cloud";
import { alone } from "./lock";
import { localDirectory } from "./paths";
import { committedStackFile, localStack } from "./pulumi";

/** The command `npm run local -- infra …`: the operators' tool on stack `local`. It sets the exit code. */
export async function infra(args: readonly string[]): Promise<void> {
    // Held no longer than the start takes: who may deploy next, the engine's own lock says.
    const cloud = await alone(localDirectory(), startCloud);
    await runProgram(createProgram(commands, localHost(cloud)), args);
}

/** The local cloud, as the operators' tool sees it: with the identities and the tokens that were made for it. */
function localHost(cloud: LocalCloud): Host {
    const { folder, server, identities, cluster } = cloud;
    return {
        program: "npm run local -- infra",
        onlyStack: localStack,
        upCommand: () => "npm run local",
        aws: { endpoint: server.endpoint, caBundle: server.caBundle },
        stackFile: () => committedStackFile(),
        settings: (stack) => readStackSettings(stack, folder),
        async pulumi(_stack, args, show = false, file) {
            // What people change is the committed file; deployed is a copy with this machine's addresses.
            const { pulumi } = await prepareStack(cloud, cluster, file);
            return pulumi.execute(args, show);
        },
        credentials: (who) => Promise.resolve(identities[who]),
        cluster: (_stack, who) => cluster?.[who],
    };
}
