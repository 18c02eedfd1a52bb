import { parse } from "dotenv";

/** What a file of variables cannot hold, or where it cannot be changed without harm; free of values. */
export class EnvFileFault extends Error {}

/**
 * A value as it stands in a file of variables. Plain where every reader takes it for the same: letters, digits and
 * `@%_+=:,./-`, as keys and names at AWS are. Else in the first kind of quotes that is not in it and from which dotenv
 * reads exactly it.
 *
 * @throws EnvFileFault for a value that no quotes can hold: one with all three kinds in it, for example
 */
export function quoted(name: string, value: string): string {
    if (/^[\w@%+=:,./-]+$/.test(value)) return value;
    const escaped = value.replaceAll("\n", "\\n").replaceAll("\r", "\\r");
    const onOneLine = escaped === value ? [] : [['"', escaped]];
    const asItIs = ["'", '"', "`"].map((quote) => [quote, value]);
    const literal = [...onOneLine, ...asItIs]
        .filter(([quote]) => !value.includes(quote))
        .map(([quote, text]) => quote + text + quote)
        .find((text) => readsBack(text, value));
    if (literal === undefined) throw new EnvFileFault(`the value of ${name} has characters that no quotes can hold`);
    return literal;
}

/** Whatever follows: a backslash at the end makes dotenv look for a later quote. */
function readsBack(literal: string, value: string): boolean {
    const text = `NAME=${literal}\n'\n"\n\`\n`;
    return parse(Buffer.from(text)).NAME === value && !value.includes("\0");
}
