import { type Argument, type Command, Option } from "commander";

import { type ExitCode } from "./errors";
import { interrupted } from "./interrupt";

/** What every command of a stack is given; its own options come beside it. */
export interface CommandContext {
    /** As in `Pulumi.<stack>.yaml`. */
    readonly stack: string;
    /** One JSON document on standard output. */
    readonly json: boolean;
    /** Nothing is changed. */
    readonly dryRun: boolean;
    /** Changes are not asked about. */
    readonly yes: boolean;
    /** Aborted by Ctrl-C. */
    readonly interrupted: AbortSignal;
}

/** A command of a stack. */
export interface StackCommand<Own> {
    readonly name: string;
    readonly description: string;
    /** Whether it changes something: then it has `--dry-run` and `--yes`. */
    readonly changes?: boolean;
    /** What it is about, without an option's name. */
    readonly argument?: Argument;
    /** Its own options. */
    readonly options?: readonly Option[];
    /** Command lines with what each does, shown by `--help`. */
    readonly examples: readonly (readonly [commandLine: string, does: string])[];
    readonly run: (context: CommandContext, own: Own, argument?: string) => Promise<ExitCode>;
}

interface CommonOptions {
    readonly stack: string;
    readonly json?: boolean;
    readonly dryRun?: boolean;
    readonly yes?: boolean;
}

/** Adds a command of a stack, with the options that all of them have. */
export function addStackCommand<Own = object>(parent: Command, command: StackCommand<Own>): Command {
    const added = parent
        .command(command.name)
        .description(command.description)
        .addOption(new Option("--stack <stack>", "the stack, as in Pulumi.<stack>.yaml").makeOptionMandatory())
        .option("--json", "one JSON document on standard output");
    if (command.changes) {
        added.option("--dry-run", "say what would change, and change nothing");
        added.option("--yes", "do not ask");
    }
    if (command.argument) added.addArgument(command.argument);
    for (const option of command.options ?? []) added.addOption(option);
    added.addHelpText("after", () => examplesInWords(command.examples));
    // Commander gives arguments first, then the options, then the command itself.
    return added.action(async (...given: unknown[]) => {
        const options = given.at(-2) as CommonOptions & Own;
        const argument = command.argument && (given[0] as string | undefined);
        const { stack, json = false, dryRun = false, yes = false } = options;
        process.exitCode = await command.run({ stack, json, dryRun, yes, interrupted }, options, argument);
    });
}

/** Command lines under each other, what they do beside them. */
export function examplesInWords(examples: StackCommand<unknown>["examples"]): string {
    const width = Math.max(...examples.map(([line]) => line.length));
    return `\nExamples:\n${examples.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`).join("\n")}`;
}
