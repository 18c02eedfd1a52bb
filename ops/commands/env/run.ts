import { type ServiceName } from "../../../services";
import { quoted, requireSecretsPlace, writeEnvFile } from "../../env-file";
import { type ValuedVariable, valuedVariables, variablesOf } from "../../env-file/service";
import { recorded } from "../../audit";
import { type CommandContext } from "../../cli/command";
import { serviceOutputs } from "../../stack/outputs";
import { type ExitCode, exitCodes, Interrupted } from "../../cli/errors";
import { printJson, say } from "../../cli/output";
import { type Compared, compareFile, type Comparison, valuesOf } from "./compare";
import { type EnvOptions, wanted } from "./options";
import { changesInWords, differencesInWords } from "./words";

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
