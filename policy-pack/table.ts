import { type ControlId, controls } from "./controls";
import { exceptions } from "./exceptions";
import { rules } from "./rules";

/** A row of a table of docs/policy-pack.md. */
export type Row = readonly string[];

const code = (text: string) => `\`${text}\``;

/** Each rule with what holds and the controls it is mapped to. */
export const ruleRows = (): Row[] =>
    rules.map(({ id, says, meets }) => [code(id), says, meets.length > 0 ? meets.join(", ") : "none"]);

/** Each control with the rules that make it hold. */
export const controlRows = (): Row[] =>
    Object.entries(controls).map(([id, words]) => [
        id,
        words,
        rules
            .filter(({ meets }) => meets.includes(id as ControlId))
            .map((rule) => code(rule.id))
            .join(", "),
    ]);

/** Each exception with its reason. */
export const exceptionRows = (): Row[] => exceptions.map(({ rule, what, why }) => [code(rule), what, why]);

/** A table as Markdown has it. */
export const markdown = (head: Row, rows: readonly Row[]): string =>
    [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
