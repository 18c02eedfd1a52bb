import Table from "cli-table3";

import { printable } from "../../cli/output";
import { type Comparison } from "./compare";

/** A line a row: what the database has, whose bucket that is, what is declared. */
export function comparisonsInWords(comparisons: readonly Comparison[]): string {
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
