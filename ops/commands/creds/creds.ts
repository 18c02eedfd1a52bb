import { statSync } from "node:fs";
import { resolve } from "node:path";

import { physicalName } from "../../../components/naming";
import { type ServiceName } from "../../../services";
import { credentialSources, type VariableSources } from "../../../services/credential-sources";
import { type Settings } from "../../../stacks/settings";
import { environmentFor } from "../../creds/environment";
import { readFiles } from "../../creds/files";
import { type CallerIdentity, type Session, startSession, vouchedIdentity } from "../../creds/identity";
import { type FoundCredentials, type Resolution, resolveCredentials } from "../../creds/resolve";
import { runCommand } from "../../creds/run";
import { type Summary, summaryOf } from "../../creds/summary";
import { identityInWords, resolutionInWords, summaryInWords } from "../../creds/words";
import { type CommandContext } from "../../infra/command";
import { settingsWith } from "../../infra/engine";
import { type ExitCode, exitCodes, InfraError, Interrupted } from "../../infra/errors";
import { printJson, say } from "../../infra/output";
import { clientsFor, closeClients } from "../../verify/clients";
import { podCredentials } from "./pods";

export interface CredsOptions {
    readonly directory: string;
    /** In seconds. */
    readonly session?: number;
    readonly exec?: boolean;
}

/** `infra creds`: which credentials a service would use, or a command that runs with them. */
export async function creds(
    context: CommandContext,
    options: CredsOptions,
    service: string,
    command: readonly string[],
): Promise<number> {
    refuseWrongUse(context, options, command);
    const name = service as ServiceName;
    const settings = settingsWith(context, name);
    const sources = credentialSources[name];
    if (sources.kind === "pods") return podCredentials(context, options, settings, sources);
    const folder = projectFolder(options.directory);
    const inputs = { environment: process.env, files: readFiles(folder, sources.files) };
    const resolution = resolveCredentials(sources, inputs, settings.region);
    const summary = sources.tracking && summaryOf(sources.tracking, resolution);
    say(
        `Credentials of ${service}, stack ${context.stack}, in ${folder}:\n${resolutionInWords(resolution, settings.region)}`,
    );
    if (summary) say(`Configuration of ${service}:\n${summaryInWords(summary)}`);
    const { credentials } = resolution;
    if (!credentials) return withoutCredentials(context, options, name, sources, resolution, summary);
    const used = await vouch(context, options, name, settings, sources, credentials);
    if (context.json) printJson(documentOf(context.stack, name, resolution, used, summary));
    if (!options.exec) return exitCodes.held;
    if (context.interrupted.aborted) throw new Interrupted("Stopped; the command was not started.");
    const { keys } = used.session ?? credentials;
    const { aws } = context.host;
    return runCommand(
        command,
        environmentFor(process.env, { keys, set: credentials.set, region: resolution.region.name, aws }),
    );
}

interface Used {
    readonly identity: CallerIdentity;
    readonly session?: Session;
}

/** Says whose the credentials are, and makes temporary ones of them where asked to: nothing is done with another's. */
async function vouch(
    { host, stack }: CommandContext,
    { session: seconds }: CredsOptions,
    service: ServiceName,
    settings: Settings,
    sources: VariableSources,
    { keys, set }: FoundCredentials,
): Promise<Used> {
    if (seconds !== undefined)
        refuseSession(`${host.program} migrate ${service} --stack ${stack}`, keys.sessionToken, set.fallback);
    const clients = clientsFor(keys, { ...host.aws, region: settings.region });
    try {
        const identity = await vouchedIdentity(clients, keys, {
            accountIds: settings.allowedAccountIds,
            user: set.fallback ? undefined : physicalName(sources.user, settings.environment),
            fix: `Give the service its own: ${host.program} env ${service} --stack ${stack}`,
        });
        const session = seconds === undefined ? undefined : await startSession(clients, seconds);
        say(identityInWords(identity, session));
        if (set.fallback) {
            say(
                `These are ${set.label}, not ${service}'s own. ` +
                    `${host.program} migrate ${service} --stack ${stack} gives it its own.`,
            );
        }
        return { identity, session };
    } finally {
        closeClients(clients);
    }
}

/** STS makes a session of a user's own keys only, and another's session would outlive their announcement. */
function refuseSession(migrate: string, sessionToken: string | undefined, fallback?: boolean): void {
    if (sessionToken !== undefined) {
        throw new InfraError(
            exitCodes.failed,
            "These credentials are temporary already; AWS makes no session of a session.",
            "Leave --session out.",
        );
    }
    if (!fallback) return;
    throw new InfraError(
        exitCodes.failed,
        "These credentials are not the service's own; no session is made of them.",
        `Give the service its own: ${migrate}`,
    );
}

/** A failed check, but for a service that keeps its files on this machine and needs none. */
function withoutCredentials(
    { host, stack, json }: CommandContext,
    { exec, session }: CredsOptions,
    service: ServiceName,
    { files, processEnvironment }: VariableSources,
    resolution: Resolution,
    summary: Summary | undefined,
): ExitCode {
    const fault = new InfraError(
        exitCodes.failed,
        `There are no credentials of ${service} in ${[...files, ...(processEnvironment ? ["the environment"] : [])].join(", ")}.`,
        `Write them: ${host.program} env ${service} --stack ${stack} --out ${files[0]}`,
    );
    if (exec || session !== undefined) throw fault;
    if (json) printJson(documentOf(stack, service, resolution, undefined, summary));
    if (summary?.storageType === "Local") return exitCodes.held;
    say(fault.message);
    return fault.exitCode;
}

/** The document of `--json`. */
function documentOf(
    stack: string,
    service: ServiceName,
    { credentials, region, why }: Resolution,
    used: Used | undefined,
    summary: Summary | undefined,
): object {
    return {
        stack,
        service,
        source: credentials ? { place: credentials.place, variables: `${credentials.set.prefix}*` } : null,
        why,
        own: credentials ? !credentials.set.fallback : null,
        accessKeyId: credentials?.keys.accessKeyId ?? null,
        temporary: credentials?.keys.sessionToken !== undefined,
        region,
        identity: used?.identity ?? null,
        session: used?.session
            ? { accessKeyId: used.session.keys.accessKeyId, expires: used.session.expires.toISOString() }
            : null,
        ...(summary ? { summary } : {}),
    };
}

function refuseWrongUse({ json, host }: CommandContext, { exec }: CredsOptions, command: readonly string[]): void {
    const usage = (reason: string, fix?: string) => new InfraError(exitCodes.usage, reason, fix);
    if (exec && command.length === 0) {
        throw usage("No command is named.", `For example: ${host.program} creds mlflow --stack dev --exec -- env`);
    }
    if (!exec && command.length > 0) {
        throw usage(`${JSON.stringify(command[0])} is given without --exec.`, "To run it, add --exec before --.");
    }
    if (exec && json) {
        throw usage("With --exec, standard output is the command's: there is no document of --json.", "Leave one out.");
    }
}

function projectFolder(directory: string): string {
    const folder = resolve(directory);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
    throw new InfraError(exitCodes.usage, `--directory: there is no folder ${folder}.`);
}
