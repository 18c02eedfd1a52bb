import Table from "cli-table3";

import { type CommandContext } from "../cli/command";
import { confirm, requireConsent } from "../cli/confirm";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printable, printJson, say } from "../common/output";
import { Database } from "../postgres/client";
import { addressInWords, type DatabaseAddress, databaseUrlVariable, parseDatabaseUrl } from "../postgres/url";
import { recorded } from "../stack/audit";
import { changesOf, compareRows, type Comparison } from "./compare";
import {
    declaredRows,
    findRows,
    type GivenRows,
    givenRows,
    kinds,
    stackBuckets,
    type StackBuckets,
    type Wanted,
    writeBucket,
} from "./rows";

export interface LookOptions {
    readonly databaseUrl?: string;
}

/** `infra buckets show`: what each declared row has. */
export async function show(context: CommandContext, options: LookOptions): Promise<ExitCode> {
    await look(context, options);
    return exitCodes.held;
}

/** `infra buckets diff`: whether each declared row has what it should. */
export async function diff(context: CommandContext, options: LookOptions): Promise<ExitCode> {
    const rows = await look(context, options);
    return rows.every(({ state }) => state === "as declared") ? exitCodes.held : exitCodes.failed;
}

async function look({ stack, json, interrupted, host }: CommandContext, options: LookOptions): Promise<Comparison[]> {
    const settings = host.settings(stack);
    const wanted = declaredRows(settings);
    const buckets = stackBuckets(settings);
    const address = databaseAddress(options.databaseUrl);
    const found = await Database.use(address, interrupted, (database) =>
        database.read((query) => findRows(query, wanted)),
    );
    const rows = compareRows(wanted, found, buckets);
    const differing = rows.filter(({ state }) => state !== "as declared").length;
    if (json) printJson({ stack, buckets, rows, differing });
    else say(`${comparisonsInWords(rows)}\n${count(rows.length, "row")}, ${differing || "none"} not as declared`);
    return rows;
}

export interface SetOptions extends GivenRows {
    readonly databaseUrl?: string;
}

/** `infra buckets set`: makes each row name the bucket that it should. */
export async function set(context: CommandContext, options: SetOptions): Promise<ExitCode> {
    requireConsent(context);
    const settings = context.host.settings(context.stack);
    const buckets = stackBuckets(settings);
    const given = kinds.some((kind) => options[kind] !== undefined);
    const wanted = given ? givenRows(options, buckets) : declaredRows(settings);
    const address = databaseAddress(options.databaseUrl);
    const changes = await Database.use(address, context.interrupted, async (database) => {
        const found = await database.read((query) => findRows(query, wanted));
        const planned = changesOf(compareRows(wanted, found, buckets));
        sayPlan(planned, wanted, context);
        if (planned.length > 0 && !context.dryRun) {
            await confirm(`Change ${count(planned.length, "row")} of ${addressInWords(address)}?`, context);
            const change = {
                command: "buckets set",
                stack: context.stack,
                target: addressInWords(address),
                changes: changesAsData(planned),
            };
            await recorded(change, () => write(database, wanted, planned, buckets));
            say("Done.");
        }
        return planned;
    });
    if (context.json) {
        printJson({ stack: context.stack, buckets, dryRun: context.dryRun, changes: changesAsData(changes) });
    }
    return exitCodes.held;
}

function sayPlan(changes: readonly Comparison[], wanted: readonly Wanted[], { dryRun }: CommandContext): void {
    if (changes.length === 0) return say(`Nothing to change: ${count(wanted.length, "row")} as wanted.`);
    say(`${dryRun ? "Would change" : "Changes"}:\n${changesInWords(changes)}`);
}

/** In one transaction: what was shown, or nothing if the rows are no longer what they were then. */
async function write(
    database: Database,
    wanted: readonly Wanted[],
    planned: readonly Comparison[],
    buckets: StackBuckets,
): Promise<void> {
    await database.change(async (query) => {
        const now = changesOf(compareRows(wanted, await findRows(query, wanted, true), buckets));
        if (JSON.stringify(now) !== JSON.stringify(planned)) {
            throw new InfraError(
                exitCodes.failed,
                "Nothing was changed: somebody else changed these rows in the meantime.",
                "Run this again to see the current differences.",
            );
        }
        for (const { kind, name, declared } of planned) await writeBucket(query, { kind, name, bucket: declared });
    });
}

function changesAsData(changes: readonly Comparison[]): object[] {
    return changes.map(({ kind, name, found, declared }) => ({ kind, name, from: found, to: declared }));
}

/** The service's database. */
function databaseAddress(databaseUrl: string | undefined, env = process.env): DatabaseAddress {
    const url = databaseUrl ?? env[databaseUrlVariable];
    if (url) return parseDatabaseUrl(url);
    throw new InfraError(
        exitCodes.usage,
        "No database is named.",
        `Set ${databaseUrlVariable} (a command line is seen by other users of this machine) or give --database-url.`,
    );
}

/** A line a row: what the database has, whose bucket that is, what is declared. */
function comparisonsInWords(comparisons: readonly Comparison[]): string {
    const table = new Table({
        head: ["", "row", "found", "is this stack's", "declared"],
        style: { head: [], border: [], compact: true },
    });
    for (const { state, kind, name, found, bucketOf, declared } of comparisons) {
        table.push([state, `${kind} ${printable(name)}`, shown(found), bucketOf ?? "–", declared]);
    }
    return table.toString();
}

/** A line a change. */
export function changesInWords(changes: readonly Comparison[]): string {
    return changes
        .map(({ kind, name, found, declared }) => `  ${kind} ${printable(name)}: ${shown(found)} → ${declared}`)
        .join("\n");
}

/** How many of these there are, in words. */
export function count(number: number, word: string): string {
    return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function shown(found: unknown): string {
    if (found === null) return "(none)";
    return typeof found === "string" ? printable(found) : JSON.stringify(found);
}
