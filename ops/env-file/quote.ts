import { parseVariables } from "./reader";

/** What a file of variables cannot hold, or where it cannot be changed without harm; free of values. */
export class EnvFileFault extends Error {}

/**
 * A value as it stands in a file of variables. Plain where every reader takes it for the same: letters, digits and
 * `@%_+=:,./-`, as keys and names at AWS are. Else in quotes from which python-dotenv and npm's dotenv read the same.
 *
 * @throws EnvFileFault for a value that no quotes can hold: with both kinds in it, `${`, or a backslash that is taken
 * for an escape
 */
export function quoted(name: string, value: string): string {
    if (/^[\w@%+=:,./-]+$/.test(value)) return value;
    const oneLine = value.replaceAll("\n", "\\n").replaceAll("\r", "\\r");
    const literal = [...(oneLine === value ? [] : [`"${oneLine}"`]), `'${value}'`, `"${value}"`].find(
        (text) => !text.slice(1, -1).includes(text[0]) && readsBack(text, value),
    );
    if (literal === undefined) throw new EnvFileFault(`the value of ${name} has characters that no quotes can hold`);
    return literal;
}

/** Whatever follows: a backslash at the end makes a reader look for a later quote. */
function readsBack(literal: string, value: string): boolean {
    const text = Buffer.from(`NAME=${literal}\n'\n"\n`).toString();
    return parseVariables(text).NAME === value && !value.includes("\0");
}
