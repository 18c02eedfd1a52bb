import { Argument, type Command, Option } from "commander";

import { environmentName } from "../../components/naming";
import { snapshotter } from "../../services/snapshotter";
import { snapshotKey } from "../../services/snapshotter/snapshot-key";
import { addStackCommand, type CommandContext } from "../cli/command";
import { type Host } from "../cli/host";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printJson } from "../common/output";
import { settingsWith } from "../stack/outputs";

interface KeyOptions {
    readonly date?: string;
}

/** Adds `infra key`: where a scan's files go (C5). */
export function registerKey(program: Command, host: Host): void {
    addStackCommand<KeyOptions>(program, host, {
        name: "key",
        settingsOnly: true,
        description: "print the key prefix under which snapshotter stores the files of a scan",
        arguments: [
            new Argument("<repo>", "the repository: a name or owner/name"),
            new Argument("<run-id>", "the run: one name"),
        ],
        options: [new Option("--date <YYYY-MM-DD>", "the day of the scan in UTC; default: today")],
        examples: [
            ["infra key acme/api run-7 --stack prod", "of a scan of today"],
            ["infra key acme/api run-7 --stack prod --date 2025-03-09", "of another day"],
        ],
        run: key,
    });
}

async function key(context: CommandContext, { date }: KeyOptions, repo: string, runId: string): Promise<ExitCode> {
    const { stack, json, host } = context;
    settingsWith(context, snapshotter.name);
    const prefix = keyPrefix(repo, date === undefined ? new Date() : dayOf(date), runId);
    const bucket = environmentName(snapshotter.bucketStem, host.settings(stack).environment);
    if (json) printJson({ stack, bucket, key: prefix });
    else process.stdout.write(`${prefix}\n`);
    return exitCodes.held;
}

function keyPrefix(repo: string, date: Date, runId: string): string {
    try {
        return snapshotKey(repo, date, runId);
    } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new InfraError(exitCodes.usage, error.message);
    }
}

/**
 * The start of a day in UTC.
 *
 * @throws InfraError for what is no day of the calendar: JavaScript takes February 30 for March 2
 */
export function dayOf(text: string): Date {
    const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? text : NaN);
    if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)) return date;
    throw new InfraError(exitCodes.usage, `--date: got ${JSON.stringify(text)}, expected a day such as 2025-03-09.`);
}
