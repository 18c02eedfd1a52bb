import { readLocks, type UpdateLock } from "../recover/lock";
import { type ExportedState } from "../recover/state";
import { parsed } from "./engine";
import { exitCodes, InfraError } from "./errors";
import { type Host } from "./host";

/** A stack's state, and the locks of its updates. */
export interface StackState {
    /** Its secrets are encrypted. */
    readonly exported: ExportedState;
    /** Undefined where the backend is no folder: its locks cannot be read. */
    readonly locks: readonly UpdateLock[] | undefined;
}

/**
 * Reads a stack's state as it is, also while an update changes it.
 *
 * @throws InfraError where the engine does not give it
 */
export async function stackState({ host, stack }: { host: Host; stack: string }): Promise<StackState> {
    const ask = async (args: readonly string[]) => {
        const { exitCode, stdout, stderr } = await host.pulumi(stack, args);
        if (exitCode === 0) return stdout;
        throw new InfraError(exitCodes.unreachable, `The state of stack ${stack} could not be read: ${stderr.trim()}`);
    };
    const [exported, { url }] = await Promise.all([
        ask(["stack", "export"]).then(parsed<ExportedState>),
        ask(["whoami", "--json"]).then(parsed<{ url: string }>),
    ]);
    return { exported, locks: readLocks(url, "platform", stack) };
}
