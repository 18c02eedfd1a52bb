import { isDeepStrictEqual } from "node:util";

import { parse } from "dotenv";

import { EnvFileFault, quoted } from "./quote";

/** Values by name. */
export type Variables = Readonly<Record<string, string>>;

/** What a file says of a variable, next to what it should say. */
export type VariableState = "current" | "differs" | "missing";

/** One assignment of a file. */
interface Assignment {
    readonly name: string;
    readonly value: string;
    /** What is between name and value. */
    readonly separator: string;
    /** Where the value stands in the text, with its quotes and without blanks around it. */
    readonly start: number;
    readonly end: number;
}

// dotenv's own, with a group of its own for the separator: what it takes for an assignment is one here.
const assignment =
    /^\s*(?:export\s+)?([\w.-]+)(\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/dgm;

/**
 * The text of a file of variables with these in it. Every assignment of them gets the value, so that it is the same
 * for readers that take the first one and for those that take the last; what is missing comes at the end. Everything
 * else stays as it is, byte by byte: other variables, comments, order, `export`, line ends. A variable that has its
 * value already keeps its quotes.
 *
 * @throws EnvFileFault when dotenv would not read back these values, or others than now of the other variables
 */
export function mergeVariables(text: string, variables: Variables): string {
    const outdated = assignmentsOf(text).filter(
        ({ name, value }) => Object.hasOwn(variables, name) && value !== variables[name],
    );
    let merged = text;
    // From the end, so that the places of the earlier ones stay right.
    for (const found of outdated.reverse())
        merged = withValue(merged, found, quoted(found.name, variables[found.name]));
    const states = variableStates(text, variables);
    const missing = Object.entries(variables).filter(([name]) => states[name] === "missing");
    const lines = missing.map(([name, value]) => `${name}=${quoted(name, value)}`);
    merged = withLines(merged, lines, lineEndOf(text));
    if (!isDeepStrictEqual({ ...parse(merged) }, { ...parse(text), ...variables })) {
        throw new EnvFileFault(
            "it cannot be changed without changing what its other lines say: is a quote not closed?",
        );
    }
    return merged;
}

/** Whether a text has these variables, each in every place where it has one. */
export function variableStates(text: string, variables: Variables): Record<string, VariableState> {
    const assignments = assignmentsOf(text);
    const stateOf = (name: string): VariableState => {
        const values = assignments.filter((found) => found.name === name).map(({ value }) => value);
        if (values.length === 0) return "missing";
        return values.every((value) => value === variables[name]) ? "current" : "differs";
    };
    return Object.fromEntries(Object.keys(variables).map((name) => [name, stateOf(name)]));
}

function assignmentsOf(text: string): Assignment[] {
    return [...text.matchAll(assignment)].map((match) => {
        const [all, name, separator, raw = ""] = match;
        const afterSeparator = match.indices![2][1];
        const blanks = raw.length - raw.trimStart().length;
        // A value in quotes may stand on a line below its name: then it moves up.
        const start = /[\r\n]/.test(raw.slice(0, blanks)) || raw.trim() === "" ? 0 : blanks;
        return {
            name,
            value: parse(all)[name] ?? "",
            separator,
            start: afterSeparator + start,
            end: afterSeparator + (raw.trim() === "" ? 0 : raw.trimEnd().length),
        };
    });
}

function withValue(text: string, { name, separator, start, end }: Assignment, literal: string): string {
    if (/[\r\n]/.test(separator)) throw new EnvFileFault(`${name} and its value are not on one line`);
    // To some readers a # right behind a value is part of it.
    const gap = text[end] === "#" ? " " : "";
    return text.slice(0, start) + literal + gap + text.slice(end);
}

/** How the lines of a text end: as its first one does. */
function lineEndOf(text: string): string {
    return /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
}

function withLines(text: string, lines: readonly string[], lineEnd: string): string {
    if (lines.length === 0) return text;
    const gap = text === "" || text === "\uFEFF" || /[\r\n]$/.test(text) ? "" : lineEnd;
    return text + gap + lines.map((line) => line + lineEnd).join("");
}
