import { type ControlId, controls, standards } from "../policy-pack/controls";
import { exceptions } from "../policy-pack/exceptions";
import { rules } from "../policy-pack/rules";
import { code, table } from "./markdown";

/** The tables of the policy pack, by name. */
export function policyTables(): Record<string, string> {
    return {
        "policy-pack.rules": table(rules, [
            ["rule", ({ id }) => code(id)],
            ["what holds", ({ says }) => says],
            ["judges", ({ scope }) => scope],
            ["controls", ({ meets }) => meets.join(", ")],
        ]),
        "policy-pack.standards": Object.entries(standards)
            .map(([short, name]) => `- ${short}: ${name}`)
            .join("\n"),
        "policy-pack.controls": table(Object.entries(controls), [
            ["control", ([id]) => id],
            ["the standard's words", ([, words]) => words],
            ["rules", ([id]) => rulesFor(id as ControlId)],
        ]),
        "policy-pack.exceptions": table(exceptions, [
            ["rule", ({ rule }) => code(rule)],
            ["what", ({ what }) => what],
            ["why", ({ why }) => why],
        ]),
    };
}

const rulesFor = (id: ControlId) =>
    rules
        .filter(({ meets }) => meets.includes(id))
        .map((rule) => code(rule.id))
        .join(", ");
