import Table from "cli-table3";

import { printable } from "../common/output";
import { type CheckResult } from "./target";

/**
 * One line a check: what failed is shown in full, everything else is cut to its line. Then the notes and the counts.
 *
 * @param width characters that a line may have: a terminal's, what four wide columns need, or as many as it takes
 */
export function renderTable(results: readonly CheckResult[], width = 200): string {
    // Borders, padding and the two narrow columns take 33; a cell of fewer than 16 says nothing.
    const widest = width === Infinity ? width : Math.max(16, Math.min(44, Math.floor((width - 33) / 4)));
    const cut = (text: string) => (text.length <= widest ? text : `${text.slice(0, widest - 1)}…`);
    const rows = results.map(({ ok, notTried, id, name, identity, expected, got }) => [
        ok ? "ok" : notTried ? "–" : "FAIL",
        id,
        ...[name, identity, expected, got].map(printable).map((text) => (ok || notTried ? cut(text) : text)),
    ]);
    const head = ["", "id", "check", "identity", "expected", "got"];
    const table = new Table({
        head,
        // Padding of one on both sides.
        colWidths: head.map(
            (title, column) => 2 + Math.min(widest, longest([title, ...rows.map((row) => row[column])])),
        ),
        wordWrap: true,
        wrapOnWordBoundary: false,
        style: { head: [], border: [], compact: true },
    });
    table.push(...rows);
    return [table.toString(), ...notes(results), countsInWords(results)].join("\n");
}

/** For programs. */
export function toJson(results: readonly CheckResult[]): string {
    return JSON.stringify({ checks: results, ...countsOf(results) });
}

/** How many checks failed, and how many could not be tried with what was given; all others hold. */
export function countsOf(results: readonly CheckResult[]): { readonly failed: number; readonly notTried: number } {
    const notTried = results.filter((result) => result.notTried).length;
    return { failed: results.filter(({ ok }) => !ok).length - notTried, notTried };
}

/** Each note once, with the checks that it is about. */
function notes(results: readonly CheckResult[]): string[] {
    const about = new Map<string, string[]>();
    for (const { id, name, note } of results) {
        if (note !== undefined) about.set(note, [...(about.get(note) ?? []), `${id} ${name}`]);
    }
    return [...about].map(([note, checks]) => `Note on ${checks.join("; ")}: ${printable(note)}`);
}

/** `3 hold, 1 failed, 0 not tried` */
export function countsInWords(results: readonly CheckResult[]): string {
    const { failed, notTried } = countsOf(results);
    return `${results.length - failed - notTried} hold, ${failed} failed, ${notTried} not tried`;
}

function longest(texts: readonly string[]): number {
    return Math.max(...texts.map((text) => text.length));
}
