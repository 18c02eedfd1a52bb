import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { type VariableSources } from "../../services/credential-sources";
import { exitCodes, InfraError } from "../common/errors";
import { byteOrderMark } from "../env-file";
import { type Assignment, assignmentsOf, unreadLines } from "../env-file/reader";

/** Everything that a service's credentials may come from, as values: nothing else is ever looked at. */
export interface CredentialInputs {
    readonly environment: Readonly<Record<string, string | undefined>>;
    /** By the path below the project's folder. */
    readonly files: Readonly<Record<string, FileState>>;
}

/** A variable's value, and where it was set. */
export interface Found {
    readonly value: string;
    /** The value as it stands there: in a file, before `${…}` in it was expanded. */
    readonly written: string;
    /** `the environment`, or the path of a file. */
    readonly place: string;
    /** In a file, the comment behind the value: what was meant as the rest of the value, if no blank was to be there. */
    readonly comment?: string;
}

/** What a service sees of its variables. */
export interface Variables {
    /** Undefined where the variable is not set; it may be set to nothing. */
    readonly lookup: (name: string) => Found | undefined;
    /** Whether the environment sets a variable to nothing, over the value that the file has. */
    readonly hides: (name: string) => boolean;
    /** Why these and no others, in sentences. */
    readonly why: readonly string[];
    /** The file that is read, if there is one. */
    readonly file?: string;
    /** Numbers of its lines that the service passes over, though they are no comments. */
    readonly unread: readonly number[];
}

export const theEnvironment = "the environment";

/**
 * A service's variables: those of its first file that exists and, where the service reads it, the process environment,
 * whose variables no file overwrites.
 *
 * @throws InfraError when the file that decides cannot be read
 */
export function loadVariables(
    { files, processEnvironment }: Pick<VariableSources, "files" | "processEnvironment">,
    inputs: CredentialInputs,
): Variables {
    const stateOf = (path: string) => inputs.files[path] ?? { kind: "missing" };
    const file = files.find((path) => stateOf(path).kind !== "missing");
    const missing = files.slice(0, file === undefined ? undefined : files.indexOf(file));
    const environment = processEnvironment ? inputs.environment : {};
    const state = file === undefined ? undefined : stateOf(file);
    const unread = state?.kind === "text" ? unreadLines(state.text) : [];
    const inFile = new Map(
        (file === undefined || !state ? [] : read(file, state, environment)).map((found) => [found.name, found]),
    );
    const why = [
        ...missing.map((path) => `There is no ${path}.`),
        ...(file === undefined ? [] : [`${file} is there${files.length > 1 ? " and is the one that is read" : ""}.`]),
        processEnvironment
            ? "A variable that is set in the environment takes the place of the file's."
            : "The environment is not looked at.",
        ...(unread.length > 0 ? [`Passed over in ${file}, being no assignments: ${linesInWords(unread)}.`] : []),
    ];
    const lookup = (name: string): Found | undefined => {
        const own = environment[name];
        if (own !== undefined) return { value: own, written: own, place: theEnvironment };
        const { value, written = "", rest: comment } = inFile.get(name) ?? {};
        return file === undefined || value === undefined ? undefined : { value, written, place: file, comment };
    };
    const hides = (name: string) => environment[name] === "" && Boolean(inFile.get(name)?.value);
    return { lookup, hides, why, file, unread };
}

function read(path: string, state: FileState, environment: CredentialInputs["environment"]): Assignment[] {
    switch (state.kind) {
        case "text":
            return assignmentsOf(state.text, environment);
        case "missing":
            return [];
        case "unreadable":
            throw new InfraError(
                exitCodes.unreachable,
                `${path} is there, but ${state.why}; no other place is looked at.`,
                "Correct it, or move it away.",
            );
    }
}

/** `line 3`, or `lines 3, 4`. */
export function linesInWords(lines: readonly number[]): string {
    return `line${lines.length > 1 ? "s" : ""} ${lines.join(", ")}`;
}

/** What is where a file with variables may be. */
export type FileState =
    | { readonly kind: "missing" }
    | { readonly kind: "text"; readonly text: string }
    /** It is there and no variable can be read from it; `why` goes on the sentence "it is there, but …". */
    | { readonly kind: "unreadable"; readonly why: string };

/** Looks at files below a folder, by their path in it. */
export function readFiles(folder: string, paths: readonly string[]): Record<string, FileState> {
    return Object.fromEntries(paths.map((path) => [path, readState(join(folder, path))]));
}

/** Looks at one file. */
export function readState(path: string): FileState {
    try {
        const stat = statSync(path);
        if (stat.isDirectory()) return { kind: "unreadable", why: "is a folder" };
        // To read a pipe or a device would wait for somebody, or never end.
        if (!stat.isFile()) return { kind: "unreadable", why: "is no plain file" };
        const text = readFileSync(path, "utf8");
        if (text.startsWith("\uFEFF")) return { kind: "unreadable", why: `begins with ${byteOrderMark}` };
        if (text.includes("\0") || text.includes("\uFFFD")) return { kind: "unreadable", why: "is no text in UTF-8" };
        return { kind: "text", text };
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // A link that leads nowhere, and a file where a folder should be, are no file either.
        if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
        return { kind: "unreadable", why: `cannot be read (${code})` };
    }
}
