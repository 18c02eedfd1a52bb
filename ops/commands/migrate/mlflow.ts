import { realpathSync } from "node:fs";
import { basename, resolve } from "node:path";

import { ListObjectsV2Command } from "@aws-sdk/client-s3";

import { physicalName } from "../../../components/naming";
import { credentialSources, type VariableSources } from "../../../services/credential-sources";
import { mlflow, type MlflowOutputs } from "../../../services/mlflow";
import { type Settings } from "../../../stacks/settings";
import { type FileState, readState } from "../../creds/files";
import { vouchedIdentity } from "../../creds/identity";
import { type Migration, planMigration, type VariableChange } from "../../creds/migration";
import { type Resolution, resolveCredentials } from "../../creds/resolve";
import { type Summary, summaryOf } from "../../creds/summary";
import { summaryInWords } from "../../creds/words";
import { requireSecretsPlace } from "../../env-file";
import { recorded } from "../../infra/audit";
import { type CommandContext } from "../../infra/command";
import { confirm, requireConsent } from "../../infra/confirm";
import { serviceOutputs } from "../../infra/engine";
import { type ExitCode, exitCodes, InfraError } from "../../infra/errors";
import { writeFile } from "../../infra/files";
import { printJson, say } from "../../infra/output";
import { clientsFor, closeClients } from "../../verify/clients";
import { failureInWords } from "../../verify/outcome";

export interface MigrateOptions {
    readonly file: string;
}

const sources = credentialSources[mlflow.name] as VariableSources & Required<Pick<VariableSources, "tracking">>;

/** `infra migrate mlflow`: from global credentials to the project's own (D6). */
export async function migrateMlflow(context: CommandContext, { file }: MigrateOptions): Promise<ExitCode> {
    requireConsent(context);
    const { stack, host, dryRun, json } = context;
    const settings = host.settings(stack);
    const outputs = await serviceOutputs(context, mlflow.name);
    const path = pathOf(file);
    const text = textOf(path);
    const migration = planMigration(text, outputs);
    const before = summaryUnlessFaulty(text, settings);
    say(typeof before === "string" ? `Before: ${before}` : `Before:\n${summaryInWords(before)}`);
    const resolution = resolutionOf(migration.text, settings);
    const after = summaryOf(sources.tracking, resolution);
    say(`After:\n${summaryInWords(after)}`);
    refuseUnlessOwn(resolution, outputs);
    await tryKeys(context, settings, outputs);
    sayPlan(path, migration, before, context);
    const { changes } = migration;
    if (changes.length > 0 && !dryRun) {
        await confirm(`Write ${path}?`, context);
        const change = { command: "migrate mlflow", stack, target: path, changes };
        await recorded(change, () => write(path, text, migration.text));
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

function textOf(path: string): string {
    const state = readState(path);
    if (state.kind === "unreadable") throw new InfraError(exitCodes.unreachable, `${path} ${state.why}.`);
    return state.kind === "text" ? state.text : "";
}

/** What mlflow makes of a file with this text and of the environment that it would be started in from here. */
function resolutionOf(text: string, { region }: Settings): Resolution {
    const state: FileState = { kind: "text", text };
    const inputs = { environment: process.env, files: { [sources.files[0]]: state } };
    return resolveCredentials(sources, inputs, region);
}

/** A faulty file is what a migration may mend. */
function summaryUnlessFaulty(text: string, settings: Settings): Summary | string {
    try {
        return summaryOf(sources.tracking, resolutionOf(text, settings));
    } catch (error) {
        if (error instanceof InfraError) return error.reason;
        throw error;
    }
}

/** What is set in the environment may take the place of what the file says. */
function refuseUnlessOwn({ credentials, variables }: Resolution, { accessKeyId, artifactRoot }: MlflowOutputs): void {
    const root = sources.tracking.artifactRoot;
    const other =
        credentials?.keys.accessKeyId !== accessKeyId
            ? `${sources.sets[0].prefix}*`
            : variables.lookup(root)?.value !== artifactRoot
              ? root
              : undefined;
    if (other === undefined) return;
    throw new InfraError(
        exitCodes.failed,
        `Nothing was changed: ${other} is set in the environment, and takes the place of what the file says.`,
        `Unset ${other} there.`,
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

function sayPlan(
    path: string,
    { changes, globalKeyId }: Migration,
    before: Summary | string,
    { dryRun }: CommandContext,
): void {
    if (changes.length === 0) say(`Nothing to change: ${path} has the project's own credentials.`);
    else say(`${dryRun ? "Would change" : "Changes"} in ${path}:\n${changes.map(inWords).join("\n")}`);
    const oldRoot = typeof before !== "string" && before.artifactRoot;
    if (oldRoot && changes.some(({ variable }) => variable === sources.tracking.artifactRoot)) {
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

function inWords({ variable, change, to }: VariableChange): string {
    return `  ${change.padEnd(7)}  ${variable}${change === "remove" ? "" : `=${to ?? "(secret)"}`}`;
}

async function write(path: string, planned: string, text: string): Promise<void> {
    await requireSecretsPlace(path);
    if (textOf(path) !== planned) {
        throw new InfraError(
            exitCodes.failed,
            `Nothing was changed: ${path} has been changed meanwhile.`,
            "Run this again to see what there is to change now.",
        );
    }
    writeFile(path, text, 0o600);
}
