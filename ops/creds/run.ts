import { type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";

import execa from "execa";

import { exitCodes, InfraError } from "../common/errors";

/**
 * Runs a command on this process's own standard input and output, with this environment and nothing else.
 *
 * @returns its exit code; of a command that a signal ended 128 and the signal's number, as a shell says it
 * @throws InfraError when it cannot be started
 */
export async function runCommand(
    [file, ...args]: readonly string[],
    env: Readonly<Record<string, string>>,
): Promise<number> {
    const child = execa(file, args, { env, extendEnv: false, stdio: "inherit", reject: false, cleanup: false });
    const handBack = leaveSignalsTo(child);
    try {
        const { exitCode, signal, ...result } = await child.catch(({ code }: NodeJS.ErrnoException) => {
            throw notStarted(file, code);
        });
        if (signal) return 128 + constants.signals[signal as NodeJS.Signals];
        if (exitCode !== undefined) return exitCode;
        throw notStarted(file, (result as { code?: string }).code);
    } finally {
        handBack();
    }
}

function notStarted(file: string, code?: string): InfraError {
    // The second is what an empty name is refused with.
    const why = code === "ENOENT" || code === "ERR_INVALID_ARG_VALUE" ? "there is no such program" : code;
    return new InfraError(exitCodes.usage, `${JSON.stringify(file)} could not be started: ${why}.`);
}

const fromTerminal = ["SIGINT", "SIGQUIT"] as const;
const passedOn = ["SIGTERM", "SIGHUP"] as const;

/**
 * While a command runs, a signal is its affair alone: what it means and how the command ends. A terminal sends Ctrl-C to
 * the command by itself; passed on too, it would come twice.
 */
function leaveSignalsTo(child: ChildProcess): () => void {
    const terminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
    const replaced = [...fromTerminal, ...passedOn].map((signal) => {
        const listeners = process.listeners(signal);
        process.removeAllListeners(signal);
        const passes = !terminal || !fromTerminal.some((name) => name === signal);
        process.on(signal, () => passes && child.kill(signal));
        return { signal, listeners };
    });
    return () => {
        for (const { signal, listeners } of replaced) {
            process.removeAllListeners(signal);
            for (const listener of listeners) process.on(signal, listener);
        }
    };
}
