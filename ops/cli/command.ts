import { type Argument, type Command, Option } from "commander";

import { exitCodes, InfraError } from "../common/errors";
import { interrupted } from "../common/interrupt";
import { type Host } from "./host";

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
    /** The stack's files, the engine, and where AWS answers. */
    readonly host: Host;
}

/** As typed in the repository, with a stack. */
export type Examples = readonly (readonly [commandLine: string, does: string])[];

/** A command of a stack. */
export interface StackCommand<Own> {
    readonly name: string;
    readonly description: string;
    /** What it changes something by: then it has `--dry-run`, and `--yes` where it asks. @default nothing is changed */
    readonly changes?: "asked" | "unasked";
    /** Whether it reads nothing but the stack's settings. @default false */
    readonly settingsOnly?: boolean;
    /** What it is about, without an option's name. */
    readonly arguments?: readonly Argument[];
    /** Its own options. */
    readonly options?: readonly Option[];
    /** Command lines with what each does, shown by `--help`. */
    readonly examples: Examples;
    /** Returns one of the exit codes, or that of a command that it ran. */
    readonly run: (context: CommandContext, own: Own, ...given: string[]) => Promise<number>;
}

interface CommonOptions {
    readonly stack: string;
    readonly json?: boolean;
    readonly dryRun?: boolean;
    readonly yes?: boolean;
}

/** Adds a command of a stack, with the options that all of them have. */
export function addStackCommand<Own = object>(parent: Command, host: Host, command: StackCommand<Own>): Command {
    const added = parent
        .command(command.name)
        .description(command.description)
        .addOption(stackOption(host))
        .option("--json", "one JSON document on standard output");
    if (command.changes) added.option("--dry-run", "show what would change, and change nothing");
    if (command.changes === "asked") added.option("--yes", "do not ask");
    for (const argument of command.arguments ?? []) added.addArgument(argument);
    for (const option of command.options ?? []) added.addOption(option);
    addExamples(added, host, command.examples);
    // Commander gives arguments first (what may be many, as a list), then the options, then the command itself.
    return added.action(async (...given: unknown[]) => {
        const options = given.at(-2) as CommonOptions & Own;
        const { json = false, dryRun = false, yes = false } = options;
        const stack = shortName(options.stack);
        refuseOtherStack(stack, host);
        if (!command.settingsOnly) await host.open?.();
        const context = { stack, json, dryRun, yes, interrupted, host };
        process.exitCode = await command.run(context, options, ...(given.slice(0, -2).flat() as string[]));
    });
}

/** A folder's or a bucket's backend calls stack `dev` of this project `organization/platform/dev`, too. */
export function shortName(stack: string): string {
    return stack.replace(/^(organization\/)?platform\//, "");
}

function stackOption({ onlyStack }: Host): Option {
    const option = new Option("--stack <stack>", "the stack, as in Pulumi.<stack>.yaml");
    return onlyStack === undefined ? option.makeOptionMandatory() : option.default(onlyStack);
}

function refuseOtherStack(stack: string, { onlyStack }: Host): void {
    if (onlyStack === undefined || stack === onlyStack) return;
    throw new InfraError(exitCodes.usage, `There is no stack ${JSON.stringify(stack)} here, only ${onlyStack}.`);
}

/** Shows examples below a command's help, as they are typed on this host. */
export function addExamples(command: Command, host: Host, examples: Examples): void {
    const own = examples.map(([line, does]) => [lineOn(host, line), does] as const);
    const width = Math.max(...own.map(([line]) => line.length));
    command.addHelpText(
        "after",
        `\nExamples:\n${own.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`).join("\n")}`,
    );
}

/** What people type on a host. Where there is one stack it has people of its own: neither it nor a profile is named. */
export function lineOn({ program, onlyStack }: Host, line: string): string {
    const typed = line.replace(/^infra\b/, program);
    return onlyStack === undefined ? typed : typed.replace(/ --(stack|deployer-profile) \S+/g, "");
}
