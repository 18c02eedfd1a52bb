import { isDeepStrictEqual } from "node:util";

import { EnvFileFault, quoted } from "./quote";
import { type Assignment, assignmentsOf } from "./reader";

/** Values by name. With an access key goes its set's session token: where it is not named, none may be in the file. */
export type Variables = Readonly<Record<string, string>>;

/** What a file says of a variable, next to what it should say; `differs` too where it should not name it at all. */
export type VariableState = "current" | "differs" | "missing";

/**
 * The text of a file of variables with these in it. Every assignment of them gets the value, so that it is the same
 * for readers that take the first one and for those that take the last; what is missing comes at the end. The lines of
 * what may not be there go. Everything else stays as it is, byte by byte: other variables, comments, order, `export`,
 * line ends. A variable that has its value already keeps its quotes.
 *
 * @param unwanted what else may not be there
 * @throws EnvFileFault when these values would not be read back, or others than now of the other variables
 */
export function mergeVariables(text: string, variables: Variables, unwanted: readonly string[] = []): string {
    const removed = [...tokensBeside(variables), ...unwanted];
    let merged = text;
    // From the end, so that the places of the earlier ones stay right.
    for (const found of assignmentsOf(text).reverse()) {
        const { name, value } = found;
        if (removed.includes(name)) {
            merged = withoutLine(merged, found);
        } else if (Object.hasOwn(variables, name) && value !== variables[name]) {
            merged = withValue(merged, found, quoted(name, variables[name]));
        }
    }
    const states = variableStates(text, variables);
    const missing = Object.entries(variables).filter(([name]) => states[name] === "missing");
    const lines = missing.map(([name, value]) => `${name}=${quoted(name, value)}`);
    merged = withLines(merged, lines, lineEndOf(text));
    const ours = new Set([...removed, ...Object.keys(variables)]);
    const before = othersIn(text, ours);
    const isRight = Object.values(variableStates(merged, variables)).every((state) => state === "current");
    if (!isRight || !isDeepStrictEqual(othersIn(merged, ours), before)) {
        throw new EnvFileFault(
            "it cannot be changed without changing what its other lines say: is a quote not closed?",
        );
    }
    return merged;
}

/** What a text says of other variables, as it is written: they may be put together from ours, and then change with them. */
function othersIn(text: string, ours: ReadonlySet<string>): [name: string, written: string | undefined][] {
    return assignmentsOf(text).flatMap(({ name, written }) => (ours.has(name) ? [] : [[name, written]]));
}

/** Whether a text has these variables, each in every place where it has one; and which tokens it may not have. */
export function variableStates(text: string, variables: Variables): Record<string, VariableState> {
    const assignments = assignmentsOf(text);
    const stateOf = (name: string): VariableState => {
        const values = assignments.filter((found) => found.name === name).map(({ value }) => value);
        if (values.length === 0) return "missing";
        return values.every((value) => value === variables[name]) ? "current" : "differs";
    };
    const found = tokensBeside(variables).filter((token) => stateOf(token) !== "missing");
    return Object.fromEntries([...Object.keys(variables), ...found].map((name) => [name, stateOf(name)]));
}

/** Which of the variables in these states are to go. */
export function unwantedIn(states: Readonly<Record<string, VariableState>>, variables: Variables): string[] {
    return Object.keys(states).filter((name) => !Object.hasOwn(variables, name));
}

/** AWS refuses an access key beside the session token of an earlier, temporary one. */
function tokensBeside(variables: Variables): string[] {
    return Object.keys(variables)
        .flatMap((name) => /^(.*)ACCESS_KEY_ID$/.exec(name)?.[1] ?? [])
        .map((prefix) => `${prefix}SESSION_TOKEN`)
        .filter((token) => !Object.hasOwn(variables, token));
}

function withValue(text: string, { value, start, end }: Assignment, literal: string): string {
    const before = text.slice(0, start) + (value === undefined ? "=" : "") + literal;
    // A comment in the place of the value is the value to the reader, but no credential, name or number begins so.
    const behind = text.slice(text[start] === "#" ? start : end);
    return before + (behind.startsWith("#") ? " " : "") + behind;
}

/** Without the line, or the lines, that an assignment stands on. */
function withoutLine(text: string, { at, end }: Assignment): string {
    const start = text.slice(0, at).search(/[^\r\n]*$/);
    return text.slice(0, start) + text.slice(end).replace(/^.*(\r\n|\n|\r|$)/, "");
}

/** How the lines of a text end: as its first one does. */
function lineEndOf(text: string): string {
    return /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
}

function withLines(text: string, lines: readonly string[], lineEnd: string): string {
    if (lines.length === 0) return text;
    const gap = text === "" || /[\r\n]$/.test(text) ? "" : lineEnd;
    return text + gap + lines.map((line) => line + lineEnd).join("");
}
