import { exitCodes, InfraError } from "../common/errors";
import { contentAt, writeFile } from "../common/files";
import { mergeVariables, type Variables } from "./merge";
import { EnvFileFault } from "./quote";
import { parseVariables } from "./reader";
import { requireSecretsPlace } from "./secrets-place";

export { mergeVariables, unwantedIn, type Variables, type VariableState, variableStates } from "./merge";
export { quoted } from "./quote";
export { requireSecretsPlace } from "./secrets-place";

/** A file of variables as it is. */
export interface EnvFile {
    /** Permission bits; undefined where there is no file. */
    readonly mode?: number;
    /** Empty where there is no file. */
    readonly text: string;
    readonly values: Variables;
}

/**
 * Reads a file of variables; one that is not there has none.
 *
 * @throws InfraError for what is no file, no text, or not readable
 */
export function readEnvFile(path: string): EnvFile {
    const found = contentAt(path);
    if (found === undefined) return { text: "", values: {} };
    const text = decode(path, found.content);
    return { mode: found.mode, text, values: parseVariables(text) };
}

/**
 * Puts variables into a file, whole or not at all, and makes it its owner's alone (mode 0600). Whatever else is in it
 * stays. A private file that has them is not touched.
 *
 * @throws InfraError, with nothing changed, where secrets must not be, or cannot be, written
 */
export async function writeEnvFile(path: string, variables: Variables): Promise<void> {
    await requireSecretsPlace(path);
    const { text, mode } = readEnvFile(path);
    const merged = mergedInto(path, text, variables);
    if (merged === text && mode !== undefined && isPrivate(mode)) return;
    writeFile(path, merged, 0o600);
}

/** Whether permission bits let nobody but the owner in. */
export function isPrivate(mode: number): boolean {
    return (mode & 0o077) === 0;
}

/** As `mergeVariables`, for a file: a fault becomes a sentence for people. */
export function mergedInto(path: string, text: string, ...what: [variables: Variables, unwanted?: string[]]): string {
    try {
        return mergeVariables(text, ...what);
    } catch (error) {
        if (!(error instanceof EnvFileFault)) throw error;
        throw new InfraError(exitCodes.failed, `${path} was not changed: ${error.message}.`, "Correct it by hand.");
    }
}

/** What some editors put before a text. */
export const byteOrderMark = "a byte order mark, which the service takes for a part of the first variable's name";

/** A byte that is no UTF-8 would not be written back as it was. */
function decode(path: string, content: Buffer): string {
    const text = content.toString("utf8");
    if (text.startsWith("\uFEFF")) {
        throw new InfraError(exitCodes.usage, `${path} begins with ${byteOrderMark}.`, "Save it as UTF-8 without one.");
    }
    if (!text.includes("\0") && Buffer.from(text).equals(content)) return text;
    throw new InfraError(exitCodes.usage, `${path} is no text in UTF-8.`, "Name a file of variables.");
}
