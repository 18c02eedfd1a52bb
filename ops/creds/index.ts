import { physicalName } from "../../components/naming";
import { serviceFacts, type ServiceName } from "../../services";
import { type VariableSources } from "../../services/credential-sources";
import { type Settings } from "../../stacks/settings";
import { clientsFor, closeClients } from "../aws/clients";
import { type NarrowedSession, type Session } from "../aws/sessions";
import { type CommandContext } from "../cli/command";
import { type Host } from "../cli/host";
import { type ExitCode, exitCodes, InfraError, Interrupted } from "../common/errors";
import { printJson, say } from "../common/output";
import { settingsWith } from "../stack/outputs";
import { environmentFor, exportLines, processDocument, type RunAs } from "./environment";
import { startNarrowedSession, startSession, vouchedIdentity } from "./identity";
import { narrowingTo, refuseNarrowing } from "./narrowed";
import { podCredentials } from "./pods";
import { credentialsIn, noCredentials, projectFolder, replaceOthers, unsetThem } from "./project";
import { type FoundCredentials, type Resolution } from "./resolve";
import { runCommand } from "./run";
import { identityInWords, resolutionInWords, type Summary, summaryInWords, summaryOf, type Used } from "./summary";

export interface CredsOptions {
    readonly directory: string;
    /** In seconds. */
    readonly session?: number;
    /** Models that the session is narrowed to. */
    readonly model?: readonly string[];
    readonly exec?: boolean;
    /** Prints the credentials: as a shell sets them, or as `credential_process` of AWS's configuration takes them. */
    readonly format?: "export" | "json";
    /** Says nothing but what is wrong. */
    readonly quiet?: boolean;
}

function rightForm({ program }: Host): string {
    return `The command comes behind --: ${program} creds SERVICE --stack STACK --exec -- COMMAND ARGUMENTS…`;
}

/**
 * The command that is to be run: what follows the first `--` of the command line, and nothing before it. An option of a
 * command that stands before it would be taken for one of this tool.
 *
 * @param line as it was typed
 * @param given what is no option of it
 * @throws InfraError where words of a command stand before `--`
 */
export function commandBehindDashes(line: readonly string[], given: readonly string[], host: Host): readonly string[] {
    const command = line.includes("--") ? line.slice(line.indexOf("--") + 1) : [];
    if (given.length === command.length) return command;
    throw new InfraError(exitCodes.usage, `${JSON.stringify(given[0])} does not stand behind --.`, rightForm(host));
}

/** `infra creds`: which credentials a service would use, or a command that runs with them. */
export async function creds(
    context: CommandContext,
    options: CredsOptions,
    service: string,
    command: readonly string[],
): Promise<number> {
    refuseWrongUse(context, options, command);
    refuseNarrowing(options, service);
    const name = service as ServiceName;
    const settings = settingsWith(context, name);
    const sources = serviceFacts[name].credentials;
    if (sources.kind === "pods") return podCredentials(context, options, settings, sources);
    const folder = projectFolder(options.directory);
    const resolution = credentialsIn(folder, sources, settings.region);
    const summary = sources.tracking && summaryOf(sources.tracking, resolution);
    const tell = options.quiet ? () => undefined : say;
    tell(
        `Credentials of ${service}, stack ${context.stack}, in ${folder}:\n${resolutionInWords(resolution, settings.region)}`,
    );
    if (summary) tell(`Configuration of ${service}:\n${summaryInWords(summary)}`);
    const { credentials } = resolution;
    const { model = [] } = options;
    const narrowing = credentials && model.length > 0 ? await narrowingTo(model, context) : undefined;
    const subject = { name, settings, sources, folder, narrowing };
    if (!credentials) return withoutCredentials(context, options, subject, resolution, summary);
    const used = await vouch(context, options, subject, credentials);
    const { session } = used;
    tell(identityInWords(used));
    if (credentials.set.fallback) say(notItsOwn(context, name, credentials, resolution));
    if (context.json) printJson(documentOf(context.stack, name, resolution, used, summary));
    const { keys } = session ?? credentials;
    const runAs = { keys, set: credentials.set, region: resolution.region.name, aws: context.host.aws };
    if (options.format) printCredentials(options.format, runAs, session);
    if (!options.exec) return exitCodes.held;
    if (context.interrupted.aborted) throw new Interrupted("Stopped; the command was not started.");
    return runCommand(command, environmentFor(process.env, runAs));
}

function printCredentials(format: "export" | "json", runAs: RunAs, session: Session | undefined): void {
    if (format === "json") return printJson(processDocument(runAs.keys, session?.expires));
    process.stdout.write(exportLines(process.env, runAs));
}

/** A service, and where it is. */
interface Subject {
    readonly name: ServiceName;
    readonly settings: Settings;
    readonly sources: VariableSources;
    readonly folder: string;
    /** What its session is narrowed by. */
    readonly narrowing?: Pick<NarrowedSession, "roleArn" | "policy">;
}

/** Says whose the credentials are, and makes temporary ones of them where asked to: nothing is done with another's. */
async function vouch(
    context: CommandContext,
    { session: seconds, model: models }: CredsOptions,
    { name, settings, sources, folder, narrowing }: Subject,
    found: FoundCredentials,
): Promise<Used> {
    const { keys, set } = found;
    if (seconds !== undefined) refuseSession(migrateCommand(context, name), keys.sessionToken, set.fallback);
    const clients = clientsFor(keys, { ...context.host.aws, region: settings.region });
    try {
        const user = physicalName(sources.user, settings.environment);
        const identity = await vouchedIdentity(clients, keys, {
            accountIds: settings.allowedAccountIds,
            user: set.fallback ? undefined : user,
            fix: replaceOthers(context, name, found, folder),
        });
        if (seconds === undefined) return { identity };
        const session = narrowing
            ? await startNarrowedSession(clients, { ...narrowing, name: user, seconds })
            : await startSession(clients, seconds);
        return { identity, session, models };
    } finally {
        closeClients(clients);
    }
}

function migrateCommand({ host, stack }: CommandContext, service: ServiceName): string {
    return `${host.program} migrate ${service} --stack ${stack}`;
}

/** Also where nothing else is to be said. */
function notItsOwn(
    context: CommandContext,
    service: ServiceName,
    { set }: FoundCredentials,
    { hidden }: Resolution,
): string {
    const fix = hidden.length > 0 ? unsetThem(hidden) : `${migrateCommand(context, service)} gives it its own.`;
    return `These are ${set.label}, not ${service}'s own. ${fix}`;
}

/** STS makes a session of a user's own keys only, and another's session would outlive their announcement. */
function refuseSession(migrate: string, sessionToken: string | undefined, fallback?: boolean): void {
    if (sessionToken !== undefined) {
        throw new InfraError(
            exitCodes.failed,
            "These credentials are temporary already; AWS does not create a session from a session.",
            "Leave --session out.",
        );
    }
    if (!fallback) return;
    throw new InfraError(
        exitCodes.failed,
        "These credentials are not the service's own; no session is created from them.",
        `Give the service its own: ${migrate}`,
    );
}

/** A failed check, but for a service that keeps its files on this machine and needs none. */
function withoutCredentials(
    context: CommandContext,
    { exec, session, format }: CredsOptions,
    { name, sources, folder }: Subject,
    resolution: Resolution,
    summary: Summary | undefined,
): ExitCode {
    const fault = noCredentials(context, name, sources, folder, resolution);
    if (exec || session !== undefined || format) throw fault;
    if (context.json) printJson(documentOf(context.stack, name, resolution, undefined, summary));
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
            ? {
                  accessKeyId: used.session.keys.accessKeyId,
                  expires: used.session.expires.toISOString(),
                  models: used.models,
              }
            : null,
        ...(summary ? { summary } : {}),
    };
}

function refuseWrongUse(
    { json, host }: CommandContext,
    { exec, format }: CredsOptions,
    command: readonly string[],
): void {
    const usage = (reason: string, fix?: string) => new InfraError(exitCodes.usage, reason, fix);
    if (exec && command.length === 0) throw usage("No command is named.", rightForm(host));
    if (!exec && command.length > 0) {
        throw usage(`${JSON.stringify(command[0])} is given without --exec.`, "To run it, add --exec before --.");
    }
    if (exec && (json || format)) {
        const option = json ? "--json" : "--format";
        throw usage(`With --exec, standard output is the command's: there is nothing of ${option}.`, "Leave one out.");
    }
}
