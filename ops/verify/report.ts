import { styleText } from "node:util";

import { printable } from "../common/output";
import { countsInWords, countsOf, renderTable } from "./table";
import { type CheckResult } from "./target";

/** How results are told: what failed and a line a service, every check in a table, or for other programs. */
export const formats = ["summary", "table", "markdown", "junit"] as const;
export type Format = (typeof formats)[number];

export interface ReportOptions {
    readonly format: Format;
    /** Leaves out what holds and what was not tried. @default false */
    readonly failedOnly?: boolean;
    /** Of the terminal; undefined where it is none: then nothing is cut. */
    readonly width?: number;
    /** @default false */
    readonly color?: boolean;
    /** What says why a check failed, and the fix. */
    readonly remedy: string;
}

/** Results as text, without the line end after it. */
export function reportOf(results: readonly CheckResult[], options: ReportOptions): string {
    const { format, failedOnly = false, width } = options;
    const shown = failedOnly ? results.filter(hasFailed) : results;
    switch (format) {
        case "summary":
            return summary(shown, results, options);
        case "table":
            return renderTable(shown, width ?? Infinity);
        case "markdown":
            return markdown(shown, results);
        case "junit":
            return junit(shown);
    }
}

const hasFailed = ({ ok, notTried }: CheckResult) => !ok && !notTried;

function summary(
    shown: readonly CheckResult[],
    results: readonly CheckResult[],
    { color = false, failedOnly = false, remedy }: ReportOptions,
): string {
    const paint = (style: "red" | "green", text: string) =>
        color ? styleText(style, text, { validateStream: false }) : text;
    const failures = shown
        .filter(hasFailed)
        .map(({ id, service, name, identity, expected, got, note }) =>
            [
                `${paint("red", "FAIL")}  ${id} ${name}${service ? ` (${service})` : ""}, as ${identity}`,
                `      expected ${printable(expected)}`,
                `      got      ${printable(got)}`,
                ...(note === undefined ? [] : [`      ${printable(note)}`]),
            ].join("\n"),
        );
    const services = [...new Set(results.flatMap(({ service }) => service ?? []))];
    const width = Math.max(0, ...services.map(({ length }) => length));
    const lines = services.map((name) => {
        const own = results.filter(({ service }) => service === name);
        const failed = countsOf(own).failed > 0;
        return `${paint(failed ? "red" : "green", name.padEnd(width))}  ${countsInWords(own)}`;
    });
    const remedies = failures.length > 0 ? [`Why, and the fix: ${remedy}`] : [];
    return [...failures, ...(failedOnly ? [] : lines), ...remedies].join("\n");
}

/** As GitHub shows it in a comment. */
function markdown(shown: readonly CheckResult[], results: readonly CheckResult[]): string {
    const cell = (text: string) => (text === "" ? "" : printable(text).replaceAll("|", "\\|"));
    const row = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
    const rows = shown.map(({ ok, notTried, id, service = "", name, identity, expected, got }) =>
        row([ok ? "ok" : notTried ? "not tried" : "**FAIL**", service, id, name, identity, expected, got]),
    );
    const head = ["", "service", "id", "check", "identity", "expected", "got"];
    const table = rows.length === 0 ? [] : [row(head), row(head.map(() => "---")), ...rows];
    return [...table, "", countsInWords(results)].join("\n").trimStart();
}

/** As CI systems read it: a suite a service; what was not tried is skipped. */
function junit(shown: readonly CheckResult[]): string {
    const suites = [...new Set(shown.map(suiteOf))].map((suite) => {
        const cases = shown.filter((result) => suiteOf(result) === suite);
        const { failed, notTried } = countsOf(cases);
        const counts = `tests="${cases.length}" failures="${failed}" skipped="${notTried}"`;
        return `  <testsuite name="${xml(suite)}" ${counts}>\n${cases.map(testCase).join("\n")}\n  </testsuite>`;
    });
    return ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", ...suites, "</testsuites>"].join("\n");
}

/** What could not be cleared up is of no service. */
const suiteOf = ({ service }: CheckResult): string => service ?? "clean-up";

function testCase(result: CheckResult): string {
    const { ok, notTried, id, name, identity, expected, got } = result;
    const start = `    <testcase classname="${xml(suiteOf(result))}" name="${xml(`${id} ${name}, as ${identity}`)}"`;
    if (ok) return `${start}/>`;
    const what = notTried
        ? `<skipped message="${xml(got)}"/>`
        : `<failure message="${xml(`expected ${expected}, got ${got}`)}"/>`;
    return `${start}>${what}</testcase>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function xml(text: string): string {
    return printable(text).replace(/[&<>"]/g, (character) => entities[character]);
}
