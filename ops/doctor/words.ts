import Table from "cli-table3";

import { type Diagnosis } from "./index";

/** What was found, as a table; then what was looked at, and what not. */
export function diagnosisInWords({ findings, looked, notSeen, unreachable }: Diagnosis, width = 120): string {
    const reasons = [...new Set(notSeen.map(({ why }) => why))];
    const lines = [
        ...(looked.length > 0
            ? [`Looked at: ${looked.join("; ")}. How AWS answers actual requests is tested by verify.`]
            : []),
        ...reasons.map((reason) => {
            const what = notSeen.filter(({ why }) => why === reason).map((one) => one.what);
            return `Not looked at: ${what.join(", ")} (${reason}).`;
        }),
    ];
    if (findings.length === 0) {
        return [...lines, unreachable ? "Nothing could be asked." : "Nothing wrong was found."].join("\n");
    }
    // Borders, padding and the narrow column take 21.
    const cell = Math.max(16, Math.floor((width - 21) / 3));
    const table = new Table({
        head: ["", "what", "why", "fix"],
        colWidths: [9, cell, cell, cell].map((columns, index) => (index === 0 ? columns : columns + 2)),
        wordWrap: true,
        style: { head: [], border: [] },
    });
    // The table cuts off a word that is wider than its cell: ARNs and commands have to be whole.
    const breakable = (text: string) => text.replace(new RegExp(`\\S{${cell}}(?=\\S)`, "g"), "$& ");
    table.push(...findings.map(({ severity, what, why, fix }) => [severity, ...[what, why, fix].map(breakable)]));
    const count = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
    return [table.toString(), ...lines, `${count}.`].join("\n");
}
