import { type CommandContext } from "../../cli/command";
import { type ExitCode, exitCodes } from "../../cli/errors";
import { printJson, say } from "../../cli/output";
import { Database } from "../../postgres/client";
import { databaseAddress } from "./address";
import { type Comparison, compareRows } from "./compare";
import { findRows } from "./rows";
import { declaredRows, stackBuckets } from "./wanted";
import { comparisonsInWords, count } from "./words";

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
