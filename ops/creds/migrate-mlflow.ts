import { realpathSync } from "node:fs";
import { basename, resolve } from "node:path";

import { ListObjectsV2Command } from "@aws-sdk/client-s3";

import { physicalName } from "../../components/naming";
import { mlflow, type MlflowOutputs } from "../../services/mlflow";
import { type Settings } from "../../stacks/settings";
import { clientsFor, closeClients } from "../aws/clients";
import { failureInWords } from "../aws/failures";
import { type CommandContext } from "../cli/command";
import { confirm, requireConsent } from "../cli/confirm";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { writeFile } from "../common/files";
import { printJson, say } from "../common/output";
import { isPrivate, mergedInto, readEnvFile, requireSecretsPlace, unwantedIn, variableStates } from "../env-file";
import { parseVariables } from "../env-file/reader";
import { type ValuedVariable, valuedVariables } from "../env-file/service";
import { recorded } from "../stack/audit";
import { serviceOutputs } from "../stack/outputs";
import { vouchedIdentity } from "./identity";
import { accessKeyIdPattern, type Resolution, resolveCredentials, variablesOf } from "./resolve";
import { type Summary, summaryInWords, summaryOf } from "./summary";
import { type FileState } from "./variables";

export interface MigrateOptions {
    readonly file: string;
}

const sources = mlflow.credentials;

/** `infra migrate mlflow`: from global credentials to the project's own (D6). */
export async function migrateMlflow(context: CommandContext, { file }: MigrateOptions): Promise<ExitCode> {
    requireConsent(context);
    const { stack, host, dryRun, json } = context;
    const settings = host.settings(stack);
    const path = pathOf(file);
    // What can be refused is, before anything is asked of anybody, and in a dry run too.
    await requireSecretsPlace(path);
    const outputs = await serviceOutputs(context, mlflow.name);
    const { text, mode } = readEnvFile(path);
    const migration = planMigration(text, outputs);
    const before = summaryUnlessFaulty(text, settings);
    say(typeof before === "string" ? `Before: ${before}` : `Before:\n${summaryInWords(before)}`);
    const resolution = resolutionOf(migration.text, settings);
    const after = summaryOf(sources.tracking, resolution);
    say(`After:\n${summaryInWords(after)}`);
    refuseUnlessOwn(resolution, valuedVariables(mlflow.name, outputs));
    await tryKeys(context, settings, outputs);
    const changes = [...migration.changes, ...tightening(mode)];
    sayPlan(path, { ...migration, changes }, before, context);
    if (changes.length > 0 && !dryRun) {
        await confirm(`Write ${path}?`, context);
        const change = { command: "migrate mlflow", stack, target: path, changes };
        await recorded(change, async () => write(path, text, migration.text));
        say(`Done. ${path} is readable by you only.`);
    }
    if (json) {
        const wasBefore = typeof before === "string" ? null : before;
        printJson({ stack, service: mlflow.name, file: path, dryRun, before: wasBefore, after, changes });
    }
    return exitCodes.held;
}

/** Of a link the file that it leads to, so that the link stays one. */
function pathOf(file: string): string {
    const path = resolve(file);
    try {
        return realpathSync(path);
    } catch {
        return path;
    }
}

/** Permission bits that let others read the file. */
interface ModeChange {
    readonly mode: "600";
    readonly was: string;
}

/** A file that others may read is one to change, as for `infra env`. */
function tightening(mode: number | undefined): ModeChange[] {
    return mode === undefined || isPrivate(mode) ? [] : [{ mode: "600", was: mode.toString(8).padStart(3, "0") }];
}

/** What mlflow makes of a file with this text and of the environment that it would be started in from here. */
function resolutionOf(text: string, { region }: Settings): Resolution {
    const state: FileState = { kind: "text", text };
    const inputs = { environment: process.env, files: { [sources.files[0]]: state } };
    return resolveCredentials(sources, inputs, region);
}

/** A faulty file is what a migration may repair. */
function summaryUnlessFaulty(text: string, settings: Settings): Summary | string {
    try {
        return summaryOf(sources.tracking, resolutionOf(text, settings));
    } catch (error) {
        if (error instanceof InfraError) return error.reason;
        throw error;
    }
}

/** What is set in the environment takes the place of what the file says: each variable must be the one of the plan. */
function refuseUnlessOwn({ variables }: Resolution, planned: readonly ValuedVariable[]): void {
    const { sessionToken } = variablesOf(sources.sets[0]);
    const wanted = [...planned, { name: sessionToken, value: undefined }];
    const others = wanted.filter(({ name, value }) => (variables.lookup(name)?.value || undefined) !== value);
    if (others.length === 0) return;
    const names = others.map(({ name }) => name).join(", ");
    throw new InfraError(
        exitCodes.failed,
        `Nothing was changed: what the environment sets takes the place of what the file says, and is another: ${names}.`,
        `Unset there: ${names}.`,
    );
}

/** Whose the new keys are, and whether they list what is under the artifact root. */
async function tryKeys({ host, stack }: CommandContext, settings: Settings, outputs: MlflowOutputs): Promise<void> {
    const clients = clientsFor(outputs, { ...host.aws, region: outputs.region });
    try {
        await vouchedIdentity(clients, outputs, {
            accountIds: settings.allowedAccountIds,
            user: physicalName(mlflow.user, settings.environment),
            fix: `Nothing was changed. Does the stack's state lag behind? pulumi refresh --stack ${stack}`,
        });
        const where = { Bucket: outputs.bucketName, Prefix: outputs.prefix, MaxKeys: 1 };
        await clients.s3.send(new ListObjectsV2Command(where)).catch((error: unknown) => {
            const words = failureInWords(error);
            throw new InfraError(
                words.startsWith("denied") ? exitCodes.failed : exitCodes.unreachable,
                `Nothing was changed: listing ${outputs.artifactRoot} with the new keys: ${words}.`,
                `See what they may: ${host.program} verify ${mlflow.name} --stack ${stack}`,
            );
        });
        say(`Tried: keys ${outputs.accessKeyId} of ${outputs.userName} list ${outputs.artifactRoot}.`);
    } finally {
        closeClients(clients);
    }
}

interface Plan extends Pick<Migration, "globalKeyId"> {
    readonly changes: readonly (VariableChange | ModeChange)[];
}

function sayPlan(
    path: string,
    { changes, globalKeyId }: Plan,
    before: Summary | string,
    { dryRun }: CommandContext,
): void {
    if (changes.length === 0) say(`Nothing to change: ${path} has the project's own credentials.`);
    else say(`${dryRun ? "Would change" : "Changes"} in ${path}:\n${changes.map(inWords).join("\n")}`);
    const oldRoot = typeof before !== "string" && before.artifactRoot;
    if (
        oldRoot &&
        changes.some((change) => "variable" in change && change.variable === sources.tracking.artifactRoot)
    ) {
        say(`Experiments keep the artifact root that they were made with: the new keys do not reach ${oldRoot}.`);
    }
    if (globalKeyId === undefined) return;
    say(
        `The global AWS_* stay in ${basename(path)}: others may use them. Nobody does any more when the day that ` +
            "this prints stays the same:\n" +
            `  aws iam get-access-key-last-used --access-key-id ${globalKeyId}\n` +
            "Then remove them there.",
    );
}

function inWords(planned: VariableChange | ModeChange): string {
    if ("mode" in planned) return `  mode ${planned.was} becomes ${planned.mode}`;
    const { variable, change, to } = planned;
    return `  ${change.padEnd(7)}  ${variable}${change === "remove" ? "" : `=${to ?? "(secret)"}`}`;
}

function write(path: string, planned: string, text: string): void {
    if (readEnvFile(path).text !== planned) {
        throw new InfraError(
            exitCodes.failed,
            `Nothing was changed: ${path} was changed in the meantime.`,
            "Run this again to see the current differences.",
        );
    }
    writeFile(path, text, 0o600);
}

/** What happens to a variable of the file. */
export interface VariableChange {
    readonly variable: string;
    readonly change: "add" | "replace" | "remove";
    /** The value, where it is no secret. */
    readonly to?: string;
}

/** What a migration makes of a `.env` file. */
export interface Migration {
    readonly text: string;
    readonly changes: readonly VariableChange[];
    /** Id of the global key that stays in the file, if there is one. */
    readonly globalKeyId?: string;
}

const globalSet = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/**
 * The project's own variables (D2) in place of the global ones (D6). Of the global ones only a set that is the service's
 * own key is removed, since it is moved: another's may have other users.
 *
 * @throws InfraError when the file has lines that cannot be changed without a change to others
 */
export function planMigration(text: string, outputs: MlflowOutputs): Migration {
    const before = parseVariables(text);
    // What is no id may be a secret that stands in the wrong place: it is not shown.
    const globalKeyId = accessKeyIdPattern.test(before.AWS_ACCESS_KEY_ID ?? "") ? before.AWS_ACCESS_KEY_ID : undefined;
    const ownKey = globalKeyId !== undefined && outputs.accessKeyIds.includes(globalKeyId);
    const variables = valuedVariables(mlflow.name, outputs);
    const values = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
    const states = variableStates(text, values);
    const moved = ownKey ? globalSet : [];
    const unwanted = [...unwantedIn(states, values), ...moved];
    return {
        text: mergedInto("The file", text, values, moved),
        changes: [
            ...variables
                .filter(({ name }) => states[name] !== "current")
                .map(({ name, value, secret }) => ({
                    variable: name,
                    change: states[name] === "missing" ? ("add" as const) : ("replace" as const),
                    ...(secret ? {} : { to: value }),
                })),
            ...unwanted.filter((name) => name in before).map((variable) => ({ variable, change: "remove" as const })),
        ],
        globalKeyId: ownKey ? undefined : globalKeyId,
    };
}
