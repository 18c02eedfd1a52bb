import { recorded } from "../../audit";
import { type CommandContext } from "../../cli/command";
import { confirm, requireConsent } from "../../cli/confirm";
import { type ExitCode, exitCodes, InfraError } from "../../cli/errors";
import { printJson, say } from "../../cli/output";
import { Database } from "../../postgres/client";
import { addressInWords } from "../../postgres/url";
import { databaseAddress } from "./address";
import { changesOf, type Comparison, compareRows } from "./compare";
import { kinds } from "./places";
import { findRows, writeBucket } from "./rows";
import { declaredRows, type GivenRows, givenRows, type StackBuckets, stackBuckets, type Wanted } from "./wanted";
import { changesInWords, count } from "./words";

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
    if (context.json)
        printJson({ stack: context.stack, buckets, dryRun: context.dryRun, changes: changesAsData(changes) });
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
                "Nothing was changed: somebody else has changed these rows meanwhile.",
                "Run this again to see what there is to change now.",
            );
        }
        for (const { kind, name, declared } of planned) await writeBucket(query, { kind, name, bucket: declared });
    });
}

function changesAsData(changes: readonly Comparison[]): object[] {
    return changes.map(({ kind, name, found, declared }) => ({ kind, name, from: found, to: declared }));
}
