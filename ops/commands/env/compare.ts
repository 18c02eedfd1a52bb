import {
    isPrivate,
    mergedInto,
    readEnvFile,
    type Variables,
    type VariableState,
    unwantedIn,
    variableStates,
} from "../../env-file";
import { type ValuedVariable } from "../../env-file/service";

/** A variable as the stack has it, next to what the file says of it. */
export interface Compared extends Omit<ValuedVariable, "value"> {
    /** Null for one that may not be in the file. */
    readonly value: string | null;
    readonly state: VariableState;
}

/** A file of variables next to the stack. */
export interface Comparison {
    readonly path: string;
    readonly variables: readonly Compared[];
    /** Permission bits in octal; null where there is no file. */
    readonly mode: string | null;
    /** Whether nobody but its owner may read it; true where there is no file. */
    readonly isPrivate: boolean;
    /** Whether there is nothing to write. */
    readonly current: boolean;
}

/**
 * Compares a file with the stack.
 *
 * @throws InfraError for a file that the variables could not be written into
 */
export function compareFile(path: string, variables: readonly ValuedVariable[]): Comparison {
    const file = readEnvFile(path);
    const values = valuesOf(variables);
    const states = variableStates(file.text, values);
    const unwanted = unwantedIn(states, values);
    const tight = file.mode === undefined || isPrivate(file.mode);
    return {
        path,
        variables: [
            ...variables.map((variable) => ({ ...variable, state: states[variable.name] })),
            ...unwanted.map((name) => ({ name, value: null, secret: true, state: states[name] })),
        ],
        mode: file.mode?.toString(8).padStart(3, "0") ?? null,
        isPrivate: tight,
        current: tight && mergedInto(path, file.text, values) === file.text,
    };
}

export function valuesOf(variables: readonly ValuedVariable[]): Variables {
    return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
