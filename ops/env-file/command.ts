import { resolve } from "node:path";

import { type ServiceName } from "../../services";
import { type CommandContext } from "../cli/command";
import { type ExitCode, exitCodes, InfraError, Interrupted } from "../common/errors";
import { printJson, say } from "../common/output";
import { recorded } from "../stack/audit";
import { serviceOutputs } from "../stack/outputs";
import { type ValuedVariable, valuedVariables, variablesOf } from "./service";
import {
    isPrivate,
    mergedInto,
    quoted,
    readEnvFile,
    requireSecretsPlace,
    unwantedIn,
    type Variables,
    type VariableState,
    variableStates,
    writeEnvFile,
} from ".";

export interface EnvOptions {
    readonly out?: string;
    readonly check?: boolean;
    readonly print?: boolean;
    readonly reveal?: boolean;
}

/** What is to be done. */
export type Wanted =
    | { readonly kind: "print" }
    /** The path is absolute. */
    | { readonly kind: "check" | "write"; readonly path: string };

/**
 * What the options ask for.
 *
 * @throws InfraError when they name nothing to do, or show a secret in words
 */
export function wanted({ out, check, print, reveal }: EnvOptions, json: boolean): Wanted {
    if (reveal && !print && !json) throw wrong("--reveal goes with --print or --json: words never show a secret.");
    if (print) return { kind: "print" };
    if (out === undefined) throw wrong(check ? "--check needs the file to check." : "No file is named.");
    return { kind: check ? "check" : "write", path: resolve(out) };
}

function wrong(reason: string): InfraError {
    return new InfraError(
        exitCodes.usage,
        reason,
        "Choose one: --out FILE writes the file, --out FILE --check compares it, --print shows the variables.",
    );
}

/** What every way of the command works on. */
interface Work {
    readonly context: CommandContext;
    readonly service: ServiceName;
    readonly variables: readonly ValuedVariable[];
    /** Whether secrets are shown. */
    readonly reveal: boolean;
}

/** `infra env <service>`: prints, checks or writes the variables that the service reads. */
export async function env(context: CommandContext, options: EnvOptions, service: ServiceName): Promise<ExitCode> {
    const what = wanted(options, context.json);
    // What can be refused is, before the engine is asked.
    variablesOf(service);
    if (what.kind === "write") await requireSecretsPlace(what.path);
    const variables = valuedVariables(service, await serviceOutputs(context, service));
    const work = { context, service, variables, reveal: options.reveal ?? false };
    switch (what.kind) {
        case "print":
            return print(work);
        case "check":
            return check(work, what.path);
        case "write":
            return write(work, what.path);
    }
}

function print(work: Work): ExitCode {
    const { context, service, variables, reveal } = work;
    if (context.json) printJson({ stack: context.stack, service, variables: variables.map(shownBy(work)) });
    else for (const variable of variables) process.stdout.write(`${line(variable, reveal)}\n`);
    if (!reveal) say("Secrets are masked; --reveal shows them.");
    return exitCodes.held;
}

/** As a file has it; a mask tells nothing of the secret, not even its length. */
function line({ name, value, secret }: ValuedVariable, reveal: boolean): string {
    return `${name}=${secret && !reveal ? "********" : quoted(name, value)}`;
}

function check(work: Work, path: string): ExitCode {
    const comparison = compareFile(path, work.variables);
    const { current } = comparison;
    if (work.context.json) printJson({ ...comparisonAsData(work, comparison), current });
    else if (current) say(`${path} is current.`);
    else say(`${path} is not current:\n${differencesInWords(comparison)}\n${fixInWords(work, path)}`);
    return current ? exitCodes.held : exitCodes.failed;
}

async function write(work: Work, path: string): Promise<ExitCode> {
    const { stack, json, dryRun, interrupted } = work.context;
    const comparison = compareFile(path, work.variables);
    const changed = !comparison.current;
    if (interrupted.aborted) throw new Interrupted();
    if (changed && !dryRun) {
        const change = { command: "env", stack, target: path, changes: changesOf(comparison) };
        await recorded(change, () => writeEnvFile(path, valuesOf(work.variables)));
    }
    if (json) printJson({ ...comparisonAsData(work, comparison), dryRun, changed });
    else if (!changed) say(`${path} is current; nothing ${dryRun ? "would be" : "was"} changed.`);
    else say(`${dryRun ? "Would write" : "Wrote"} ${path}:\n${changesInWords(comparison)}`);
    return exitCodes.held;
}

/** For programs; a secret is null unless it is asked for. */
function comparisonAsData(work: Work, { path, variables, mode }: Comparison): object {
    const { context, service } = work;
    return { stack: context.stack, service, file: path, mode, variables: variables.map(shownBy(work)) };
}

function shownBy({ reveal }: Work) {
    return <Shown extends ValuedVariable | Compared>(variable: Shown): object => ({
        ...variable,
        value: variable.secret && !reveal ? null : variable.value,
    });
}

/** For the record: what was in the file before may be anything, so only what it is now is named. */
function changesOf({ variables, mode, isPrivate }: Comparison): object[] {
    return [
        ...variables
            .filter(({ state }) => state !== "current")
            .map(({ name, value, secret, state }) => ({ variable: name, was: state, to: secret ? null : value })),
        ...(isPrivate ? [] : [{ mode: "600", was: mode }]),
    ];
}

function fixInWords({ context, service }: Work, path: string): string {
    const { host, stack } = context;
    const stackOption = host.onlyStack === undefined ? ` --stack ${stack}` : "";
    return `Write it: ${host.program} env ${service}${stackOption} --out ${path}`;
}

/** A variable as the stack has it, next to what the file says of it. */
export interface Compared extends Omit<ValuedVariable, "value"> {
    /** Null for one that may not be in the file. */
    readonly value: string | null;
    readonly state: VariableState;
}

/** A file of variables next to the stack. */
export interface Comparison {
    readonly path: string;
    readonly variables: readonly Compared[];
    /** Permission bits in octal; null where there is no file. */
    readonly mode: string | null;
    /** Whether nobody but its owner may read it; true where there is no file. */
    readonly isPrivate: boolean;
    /** Whether there is nothing to write. */
    readonly current: boolean;
}

/**
 * Compares a file with the stack.
 *
 * @throws InfraError for a file that the variables could not be written into
 */
export function compareFile(path: string, variables: readonly ValuedVariable[]): Comparison {
    const file = readEnvFile(path);
    const values = valuesOf(variables);
    const states = variableStates(file.text, values);
    const unwanted = unwantedIn(states, values);
    const tight = file.mode === undefined || isPrivate(file.mode);
    return {
        path,
        variables: [
            ...variables.map((variable) => ({ ...variable, state: states[variable.name] })),
            ...unwanted.map((name) => ({ name, value: null, secret: true, state: states[name] })),
        ],
        mode: file.mode?.toString(8).padStart(3, "0") ?? null,
        isPrivate: tight,
        current: tight && mergedInto(path, file.text, values) === file.text,
    };
}

function valuesOf(variables: readonly ValuedVariable[]): Variables {
    return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

/** A line for each variable that is not current, and one for a mode that lets others read. */
export function differencesInWords(comparison: Comparison): string {
    return lines(comparison, ({ state }) => state, "lets other users read it");
}

/** The same once they are written. */
export function changesInWords(comparison: Comparison): string {
    return lines(comparison, change, "becomes 600");
}

function change({ value, state }: Compared): string {
    if (value === null) return "removed";
    return state === "missing" ? "added" : "changed";
}

function lines({ variables, mode, isPrivate }: Comparison, word: (found: Compared) => string, wide: string): string {
    return [
        ...variables
            .filter((variable) => variable.state !== "current")
            .map((found) => `  ${found.name} ${word(found)}`),
        ...(isPrivate ? [] : [`  mode ${mode} ${wide}`]),
    ].join("\n");
}
