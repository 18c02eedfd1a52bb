import { parse } from "dotenv";

import { type VariableSources } from "../../services/credential-sources";
import { exitCodes, InfraError } from "../infra/errors";
import { type FileState } from "./files";

/** Everything that a service's credentials may come from, as values: nothing else is ever looked at. */
export interface CredentialInputs {
    readonly environment: Readonly<Record<string, string | undefined>>;
    /** By the path below the project's folder. */
    readonly files: Readonly<Record<string, FileState>>;
}

/** A variable's value, and where it was set. */
export interface Found {
    readonly value: string;
    /** `the environment`, or the path of a file. */
    readonly place: string;
}

/** What a service sees of its variables. */
export interface Variables {
    /** Undefined where the variable is not set; it may be set to nothing. */
    readonly lookup: (name: string) => Found | undefined;
    /** Why these and no others, in sentences. */
    readonly why: readonly string[];
    /** The file that is read, if there is one. */
    readonly file?: string;
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
    const inFile = file === undefined ? {} : parsed(file, stateOf(file));
    const why = [
        ...missing.map((path) => `There is no ${path}.`),
        ...(file === undefined ? [] : [`${file} is there${files.length > 1 ? " and is the one that is read" : ""}.`]),
        processEnvironment
            ? "A variable that is set in the environment takes the place of the file's."
            : "The environment is not looked at.",
    ];
    const lookup = (name: string): Found | undefined => {
        const own = processEnvironment ? inputs.environment[name] : undefined;
        if (own !== undefined) return { value: own, place: theEnvironment };
        return file !== undefined && Object.hasOwn(inFile, name) ? { value: inFile[name], place: file } : undefined;
    };
    return { lookup, why, file };
}

function parsed(path: string, state: FileState): Readonly<Record<string, string>> {
    switch (state.kind) {
        case "text":
            return parse(state.text);
        case "missing":
            return {};
        case "unreadable":
            throw new InfraError(
                exitCodes.unreachable,
                `${path} is there, but ${state.why}; no other place is looked at.`,
                "Correct it, or move it away.",
            );
    }
}
