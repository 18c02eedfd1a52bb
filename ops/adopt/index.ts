import { readFileSync } from "node:fs";

import { type ArnScope } from "../../components/arn";
import { type ServiceName } from "../../services";
import { type AwsResource, type ResourceKind } from "../../services/resources";
import { type Settings } from "../../stacks/settings";
import { callerOfStack } from "../aws/caller";
import { type Clients, clientsFor, closeClients } from "../aws/clients";
import { type CommandContext } from "../cli/command";
import { confirm, requireConsent } from "../cli/confirm";
import { type ExitCode, exitCodes, InfraError, Interrupted } from "../common/errors";
import { printJson, say } from "../common/output";
import { withSetting } from "../stack/file";
import { resourcesOf } from "../stack/resources";
import { compareParts, engineChanges, type Overwrite } from "./compare";
import { called, creations, declaredTargets, type Part, preview, type Preview, trial } from "./declared";
import { countExpiring, type DeclaredRule, type Expiring, expiryDays, total } from "./expiry";
import { findAll, type Finding, findOthers } from "./find";
import {
    findingRefusals,
    lossRefusals,
    otherRefusal,
    previewRefusals,
    type Refusal,
    type Report,
    reportInWords,
    type ResourceParts,
} from "./report";
import { type AdoptSettings, adoptSettings, isSame, write } from "./settings";

export interface AdoptOptions {
    readonly acceptDataLoss?: boolean;
}

/** `infra adopt <service>`: writes what exists of a service into the stack's settings, once it is known what follows. */
export async function adopt(context: CommandContext, options: AdoptOptions, service: ServiceName): Promise<ExitCode> {
    requireConsent(context);
    const { stack, host, json, dryRun } = context;
    const settings = host.settings(stack);
    const { adopt: from } = sectionOf(stack, settings, service);
    const file = host.stackFile(stack);
    const before = readFileSync(file, "utf8");
    const report = await look(context, options, service, { settings, before, from });
    const { found, refused, settings: to } = report;
    say(reportInWords(report));
    if (refused.length > 0) {
        say("Nothing was changed.");
    } else if (isSame(from, to)) {
        const next = `They are in the stack's file already. Import them with: ${host.upCommand(stack)}`;
        say(found.length === 0 ? "Nothing to adopt." : next);
    } else if (dryRun) {
        say(`Would write ${settingInWords(service, to)}`);
    } else {
        stopIfInterrupted(context);
        await confirm(`Write ${settingInWords(service, to)}?`, context);
        const after = withSetting(before, service, "adopt", to);
        const acceptDataLoss = options.acceptDataLoss ?? false;
        await write({ stack, service, file, before, after, from, to, acceptDataLoss });
        say(`Written to ${file}. Nothing is imported yet. Do it with: ${host.upCommand(stack)}`);
    }
    if (json) printJson(report);
    return refused.length > 0 ? exitCodes.failed : exitCodes.held;
}

function stopIfInterrupted({ interrupted }: CommandContext): void {
    if (interrupted.aborted) throw new Interrupted();
}

interface StackFile {
    readonly settings: Settings;
    /** The file's text. */
    readonly before: string;
    /** What it adopts. */
    readonly from: AdoptSettings;
}

/** Everything but asking and writing. */
async function look(
    context: CommandContext,
    { acceptDataLoss = false }: AdoptOptions,
    service: ServiceName,
    { settings, before, from }: StackFile,
): Promise<Report> {
    const { stack, host, dryRun, interrupted } = context;
    const connection = { ...host.aws, region: settings.region };
    const keys = await host.credentials("deployer");
    const { accountId, partition } = await callerOfStack("deployer", keys, connection, settings.allowedAccountIds);
    const scope = { partition, accountId, region: settings.region };
    const clients = clientsFor(keys, connection);
    try {
        const tryWith = (adopted: AdoptSettings, why: string) => {
            say(`${why} …`);
            return trial(withSetting(before, service, "adopt", adopted), (path) => preview(context, path));
        };
        // Without import settings the engine says of everything whether the stack has it.
        const plain = refuseFailed(await tryWith({}, "Asking the engine what the stack declares and has"), stack);
        const resources = resourcesOf(service, settings);
        const findings = await findAll(clients, declaredTargets(plain, resources), scope);
        const others = await findOthers(clients, creations(plain, namesOfOthers(resources)), scope);
        const to = adoptSettings(from, findings);
        const compared = findings.flatMap(overwritesOf);
        const rules = await expiring({ clients, scope }, findings, compared, interrupted);
        const inTheWay = [...findings.flatMap(findingRefusals), ...others.map(otherRefusal)];
        const tried =
            inTheWay.length === 0 && imports(findings) ? await tryWith(to, "Previewing the import") : undefined;
        const overwrites = [...compared, ...(tried ? engineChanges(tried, findings, compared) : [])];
        const refused: Refusal[] = [
            ...inTheWay,
            ...(tried ? previewRefusals(tried, findings) : []),
            ...(acceptDataLoss ? [] : lossRefusals(overwrites, rules)),
        ];
        return {
            stack,
            service,
            found: findings.flatMap((finding) => resourceParts(finding, foundParts(finding))),
            alreadyManaged: findings.flatMap((finding) => resourceParts(finding, finding.declared.managed)),
            absent: findings.filter(isAbsent).map(({ declared }) => called(declared)),
            overwrites,
            expires: { ...total(rules), rules },
            kept: findings.flatMap(keptOf),
            refused,
            settings: to,
            dryRun,
        };
    } finally {
        closeClients(clients);
    }
}

/** What an update fails to create where it exists; the others are told apart by more than a name. */
const colliding: readonly ResourceKind[] = [
    "role",
    "group",
    "policy",
    "budget",
    "topic",
    "logGroup",
    "table",
    "function",
    "schedule",
];

function namesOfOthers(resources: readonly AwsResource[]): string[] {
    return resources.filter(({ kind }) => colliding.includes(kind)).map(({ name }) => name);
}

function sectionOf(stack: string, settings: Settings, service: ServiceName): { adopt: AdoptSettings } {
    const section = settings[service];
    if (section && settings.services.includes(service)) return section;
    throw new InfraError(exitCodes.usage, `Stack ${stack} has no ${service}: its settings do not list it.`);
}

/** @throws InfraError when the stack cannot even be previewed as it is */
function refuseFailed(preview: Preview, stack: string): Preview {
    if (preview.errors.length === 0) return preview;
    const faults = preview.errors.map(({ resource, message }) => `  - ${resource ? `${resource}: ` : ""}${message}`);
    throw new InfraError(
        exitCodes.failed,
        `Nothing was changed: stack ${stack} cannot be previewed without import settings for this service.\n${faults.join("\n")}`,
        "Correct this first: an update would fail the same way. Where another service's import settings are the cause, " +
            "run this for that service.",
    );
}

/** The parts that exist and are not the stack's. */
function foundParts({ declared, found }: Finding): Part[] {
    return [...declared.missing.keys()].filter((part) => found.has(part));
}

function imports(findings: readonly Finding[]): boolean {
    return findings.some((finding) => foundParts(finding).length > 0);
}

function isAbsent({ declared, found, hindrance }: Finding): boolean {
    return declared.missing.size > 0 && declared.managed.length === 0 && found.size === 0 && !hindrance;
}

function resourceParts({ declared }: Finding, parts: readonly Part[]): ResourceParts[] {
    return parts.length === 0 ? [] : [{ resource: called(declared), setting: declared.setting, parts }];
}

/** Of what does not exist at all nothing is overwritten. */
function overwritesOf({ declared, found }: Finding): Overwrite[] {
    return found.size === 0 ? [] : compareParts(declared, found, declared.parts, declared.missing.keys());
}

/** Counts where a lifecycle would become another one. */
async function expiring(
    { clients, scope }: { clients: Clients; scope: ArnScope },
    findings: readonly Finding[],
    overwrites: readonly Overwrite[],
    interrupted: AbortSignal,
): Promise<(Expiring & { bucket: string })[]> {
    const all: (Expiring & { bucket: string })[] = [];
    for (const { declared, found } of findings) {
        const lifecycle = declared.missing.get("lifecycle");
        const changes = overwrites.some(({ resource, part }) => resource === called(declared) && part === "lifecycle");
        if (!lifecycle || found.size === 0 || !changes) continue;
        const bucket = declared.name;
        say(`Counting what the lifecycle of bucket ${bucket} would remove …`);
        const days = expiryDays(lifecycle.inputs.rules as DeclaredRule[]);
        const counted = await countExpiring(
            clients.s3,
            { name: bucket, accountId: scope.accountId },
            days,
            interrupted,
        );
        all.push(...counted.map((one) => ({ bucket, ...one })));
    }
    return all;
}

/** Keys and rights of a user that nobody touches. */
function keptOf({ declared, user }: Finding): string[] {
    if (!user) return [];
    const keys = user.keyIds.filter((id) => !declared.keys.ids.includes(id)).length;
    return [
        ...(keys > 0 ? [`${called(declared)}: ${keys} access key${keys === 1 ? "" : "s"} of its own`] : []),
        ...user.otherRights.map((right) => `${called(declared)}: ${right}`),
    ];
}

function settingInWords(service: ServiceName, settings: AdoptSettings): string {
    const parts = Object.entries(settings).map(([key, names]) => `${key}: [${names.join(", ")}]`);
    return `platform:${service}.adopt = { ${parts.join(", ")} }`;
}
