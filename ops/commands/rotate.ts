import { resolve } from "node:path";

import { Argument, type Command, Option } from "commander";

import { serviceFacts, type ServiceName, serviceNames } from "../../services";
import { addStackCommand, type CommandContext } from "../cli/command";
import { confirm, requireConsent } from "../cli/confirm";
import { type Host } from "../cli/host";
import { pathOption } from "../cli/path-option";
import { type ExitCode, exitCodes, InfraError, Interrupted } from "../common/errors";
import { printJson, say, whileSaying } from "../common/output";
import { type RotateResult } from "../rotate";
import { type Subject } from "../rotate/observe";
import { recorded } from "../stack/audit";

interface RotateOptions {
    readonly due?: boolean;
    readonly rollback?: boolean;
    readonly confirmConsumers?: boolean;
    readonly file?: readonly string[];
}

/** Adds `infra rotate`: a new access key in the place of the old one, with no request refused (B10, E11). */
export function registerRotate(program: Command, host: Host): void {
    addStackCommand<RotateOptions>(program, host, {
        name: "rotate",
        description:
            "replace the access key of a service: create a key, try it, publish it, wait until nobody uses the old key, " +
            "deactivate it, delete it. You can stop at any moment; the next run continues",
        changes: "asked",
        arguments: [new Argument("[service]", "the service; omit it with --due").choices(serviceNames)],
        options: [
            new Option("--due", "every service whose key is too old; does what can be done now").conflicts("rollback"),
            new Option("--rollback", "return to the old key, as long as it exists"),
            new Option("--confirm-consumers", "confirm that consumers that cannot be seen from here have the new key"),
            // Not `--env-file`: Node takes an option of that name for its own, wherever it stands.
            new Option(
                "--file <file>",
                "a file with the service's variables, to which every published key is written; repeatable",
            )
                .argParser((file: string, files: readonly string[] = []) => [...files, pathOption(file)])
                .conflicts("due"),
        ],
        examples: [
            [`${host.program} rotate rl-studio --stack dev --dry-run`, "the next step"],
            [`${host.program} rotate clinical-ai --stack prod`, "all of it, waiting where it has to"],
            [`${host.program} rotate llm-models --stack prod --confirm-consumers --yes`, "once its users have the key"],
            [`${host.program} rotate rl-studio --stack dev --file backend/.env`, "that file gets the new key"],
            [`${host.program} rotate --due --stack prod --yes`, "for a scheduler"],
            [`${host.program} rotate rl-studio --stack dev --rollback`, "back to the old key"],
        ],
        run: rotateKeys,
    });
}

async function rotateKeys(context: CommandContext, options: RotateOptions, service?: string): Promise<ExitCode> {
    requireConsent(context);
    if ((service === undefined) !== (options.due === true)) {
        throw new InfraError(exitCodes.usage, "Name one service, or --due for all whose keys are due.");
    }
    const { host, stack } = context;
    // Refused before anything is asked of the engine.
    if (service !== undefined && options.file) await requireFiles(service as ServiceName, options.file);
    const { alone } = await import("../common/lock");
    const { callerOfStack } = await import("../aws/caller");
    const { region, allowedAccountIds } = host.settings(stack);
    const deployer = await host.credentials("deployer");
    await callerOfStack("deployer", deployer, { ...host.aws, region }, allowedAccountIds);
    const subjectOf = (name: ServiceName): Subject => ({
        host,
        stack,
        service: name,
        region,
        confirmed: options.confirmConsumers === true,
        envFiles: (options.file ?? []).map((file) => resolve(file)),
    });
    const results: Record<string, RotateResult | Stopped> = {};
    await alone(host, `rotate-${stack}`, async () => {
        if (!context.dryRun && (await host.recover(stack))) {
            const changes = [{ why: "finish an update that was killed" }];
            await recorded({ command: "rotate", stack, target: stack, changes }, () => Promise.resolve());
        }
        const names = service === undefined ? host.settings(stack).services : [service as ServiceName];
        for (const name of names) {
            const work = async () => {
                if (options.due && !(await isDue(subjectOf(name)))) return undefined;
                return rotateOne(subjectOf(name), context, options);
            };
            const result = await (options.due ? work().catch(stoppedOne) : work());
            if (result) results[name] = result;
        }
    });
    if (context.json) printJson({ stack, dryRun: context.dryRun, services: results });
    return exitCodeOf(Object.values(results), options.due === true, context);
}

/** What ended the turn of one service: somebody has to decide, or something could not be reached. */
interface Stopped {
    readonly state: "stopped";
    readonly exitCode: ExitCode;
    readonly reason: string;
    readonly fix?: string;
}

/** Of several services one that stops does not keep the others from their turn. */
function stoppedOne(error: unknown): Stopped {
    if (!(error instanceof InfraError) || error instanceof Interrupted) throw error;
    const { exitCode, reason, fix } = error;
    say(`  ${[reason, fix].filter(Boolean).join("\n  ")}`);
    return { state: "stopped", exitCode, reason, fix };
}

function exitCodeOf(results: readonly (RotateResult | Stopped)[], due: boolean, { dryRun }: CommandContext): ExitCode {
    const codes = results.map((result): ExitCode => {
        if (result.state === "stopped") return result.exitCode;
        if (result.state !== "waiting" || dryRun) return exitCodes.held;
        // That something is on its way is what a scheduler expects, as long as others do not hold it up.
        return due && !result.overdue ? exitCodes.held : exitCodes.failed;
    });
    // What could not be reached says the most: its service was not even looked at.
    return Math.max(exitCodes.held, ...codes) as ExitCode;
}

async function requireFiles(service: ServiceName, files: readonly string[]): Promise<void> {
    const [{ requireSecretsPlace }, { variablesOf }] = await Promise.all([
        import("../env-file"),
        import("../env-file/service"),
    ]);
    variablesOf(service);
    for (const file of files) await requireSecretsPlace(resolve(file));
}

/** Whether a service's key is to be rotated now; says why, or why not. */
async function isDue(subject: Subject): Promise<boolean> {
    const [{ dueOf }, { look }] = await Promise.all([import("../rotate/plan"), import("../rotate/observe")]);
    const { service } = subject;
    const seen = await look(subject, new Date()).catch((error: unknown) => {
        // A service without static keys, or not deployed yet, is never due.
        if (error instanceof InfraError && error.exitCode !== exitCodes.unreachable) return undefined;
        say(`${service}:`);
        throw error;
    });
    const why = seen && dueOf(seen, serviceFacts[service].keys.maximumAgeDays);
    say(`${service}: ${why ?? (seen ? "not due" : "no keys to rotate")}`);
    return why !== undefined;
}

async function rotateOne(subject: Subject, context: CommandContext, options: RotateOptions): Promise<RotateResult> {
    const { rotate } = await import("../rotate");
    const { dryRun, interrupted, stack, host } = context;
    const result = await rotate(subject, {
        rollback: options.rollback === true,
        waits: options.due !== true,
        dryRun,
        interrupted,
        clock: { now: () => new Date(), sleep },
        say: (text) => say(`  ${text}`),
        // A log has the line before the wait: nobody looks at it meanwhile.
        whileSaying: (words, work) => (process.stderr.isTTY ? whileSaying(words, work) : work()),
        consent: (what) => confirm(`${what} in stack ${stack}, and what follows from it?`, context),
        record: ({ user, ...change }, work) =>
            recorded({ command: "rotate", stack, target: user, changes: [change] }, work),
    });
    for (const line of inWords(result, host)) say(`  ${line}`);
    return result;
}

function inWords({ state, user, settings, steps, waitsFor, until }: RotateResult, { program }: Host): string[] {
    switch (state) {
        case "planned":
            return [`Would: ${steps[0]} of ${user}`];
        case "waiting":
            return [
                `Waits: ${waitsFor}${until ? `; until ${until.toISOString()}` : ""}`,
                `Both keys work or can be brought back until then; ${program} rotate goes on from here.`,
            ];
        case "done":
            return steps.length === 0
                ? [`Nothing to do: ${user} has key ${settings.published} alone.`]
                : [
                      `Done: ${user} has key ${settings.published} alone.`,
                      "Commit the stack's file: an `up` from before is refused.",
                  ];
    }
}

async function sleep(milliseconds: number, stop: AbortSignal): Promise<void> {
    const { setTimeout: pause } = await import("node:timers/promises");
    await pause(milliseconds, undefined, { signal: stop }).catch(() => undefined);
}
