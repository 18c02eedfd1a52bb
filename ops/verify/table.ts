import Table from "cli-table3";

import { type CheckResult } from "./target";

/**
 * One line a check: what is as expected is cut to its line, what failed is shown in full. Then the notes.
 *
 * @param width characters that a line may have; a terminal's, or what four wide columns need
 */
export function renderTable(results: readonly CheckResult[], width = 200): string {
    // Borders, padding and the two narrow columns take 33; a cell of fewer than 16 says nothing.
    const widest = Math.max(16, Math.min(44, Math.floor((width - 33) / 4)));
    const cut = (text: string) => (text.length <= widest ? text : `${text.slice(0, widest - 1)}…`);
    const rows = results.map(({ ok, id, name, identity, expected, got }) => [
        ok ? "ok" : "FAIL",
        id,
        ...[name, identity, expected, got].map((text) => (ok ? cut(text) : text)),
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
    return [table.toString(), ...notes(results), summary(results)].join("\n");
}

/** For programs. */
export function toJson(results: readonly CheckResult[]): string {
    return JSON.stringify({ checks: results, failed: failures(results) });
}

/** Each note once, with the checks that it is about. */
function notes(results: readonly CheckResult[]): string[] {
    const about = new Map<string, string[]>();
    for (const { id, name, note } of results) {
        if (note !== undefined) about.set(note, [...(about.get(note) ?? []), `${id} ${name}`]);
    }
    return [...about].map(([note, checks]) => `Note on ${checks.join("; ")}: ${note}`);
}

function summary(results: readonly CheckResult[]): string {
    const failed = failures(results);
    return failed === 0 ? `${results.length} checks, all as expected` : `${results.length} checks, ${failed} failed`;
}

function failures(results: readonly CheckResult[]): number {
    return results.filter(({ ok }) => !ok).length;
}

function longest(texts: readonly string[]): number {
    return Math.max(...texts.map((text) => text.length));
}
