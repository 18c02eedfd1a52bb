import { Command, CommanderError } from "commander";

import { OutdatedOutputs } from "../../services/outputs";
import { exitCodes, InfraError } from "../common/errors";
import { interrupted, listenForInterrupts } from "../common/interrupt";
import { outliveOutput, printJson, say } from "../common/output";
import { addExamples } from "./command";
import { type Host } from "./host";

/** Adds a command to the program. */
export type Register = (program: Command, host: Host) => void;

/** The program with these commands, over a host's stacks. */
export function createProgram(commands: readonly Register[], host: Host): Command {
    const program = new Command(host.program)
        .description(
            "Operate the platform's services: verify, diagnose, adopt, rotate keys. Reads a stack's settings and outputs and calls the live APIs.",
        )
        .helpCommand(false)
        .exitOverride()
        .configureOutput({ outputError: (text, write) => write(withoutValue(text)) })
        .addHelpText("after", exitCodesInWords);
    addExamples(program, host, [
        ["infra verify rl-studio --stack dev", "whether one service is as declared"],
        ["infra env rl-studio --stack dev --out .env", "its variables, into a file"],
        ["infra doctor --stack dev", "what is wrong, and the fix"],
    ]);
    for (const register of commands) register(program, host);
    return program;
}

/** Runs a command line to its end and sets the process's exit code. */
export async function runProgram(program: Command, args: readonly string[]): Promise<void> {
    // What follows `--` are another program's words.
    const own = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined);
    const json = own.includes("--json");
    listenForInterrupts();
    outliveOutput(json);
    try {
        await program.parseAsync(args, { from: "user" });
    } catch (error) {
        process.exitCode = report(error, json);
    }
}

function report(error: unknown, json: boolean): number {
    const { exitCode, reason, fix, stack } = failure(error);
    if (json && exitCode !== exitCodes.held) printJson({ error: { exitCode, reason, fix } });
    // Commander has said by itself what is wrong with the command line.
    if (!(error instanceof CommanderError)) say([reason, fix, stack].filter(Boolean).join("\n"));
    return exitCode;
}

interface Failure {
    readonly exitCode: number;
    readonly reason: string;
    readonly fix?: string;
    readonly stack?: string;
}

/** How a command that threw this ends, and what is said of it. */
export function failure(error: unknown): Failure {
    // Without its stack trace.
    if (error instanceof InfraError) return { exitCode: error.exitCode, reason: error.reason, fix: error.fix };
    if (error instanceof OutdatedOutputs) {
        const { service, missing } = error;
        return {
            exitCode: exitCodes.failed,
            reason: `The stack was deployed by another version of the program: of ${service} these outputs are missing or of another form: ${missing.join(", ")}.`,
            fix: "Deploy it with this version: pulumi up, or npm run local.",
        };
    }
    if (error instanceof CommanderError) {
        const exitCode = error.exitCode === 0 ? exitCodes.held : exitCodes.usage;
        return { exitCode, reason: withoutValue(error.message).replace(/^error: /, "") };
    }
    if (interrupted.aborted) return { exitCode: exitCodes.interrupted, reason: "Stopped." };
    const stack = error instanceof Error ? error.stack : String(error);
    return { exitCode: exitCodes.fault, reason: "This should not have happened.", stack };
}

/** An option of another command may come with a secret: `--database-url=…`. */
function withoutValue(message: string): string {
    return message.replace(/(unknown option '[^=]*)=[^]*'/, "$1=…'");
}

function exitCodesInWords(): string {
    return (
        "\nExit codes: 0 success, 1 a check failed, 2 wrong command line or stack file, 3 could not be reached.\n" +
        "Every command has --help with examples. Reference: docs/infra.md."
    );
}
