import { parse } from "dotenv";

/**
 * The text of a `.env` file with these variables: a line that sets one is changed where it is, the rest is added at the
 * end. Every other line and every comment stays as it is.
 *
 * @throws RangeError for a value that a line cannot hold as it is
 */
export function mergeVariables(text: string, variables: Readonly<Record<string, string>>): string {
    const eol = text.includes("\r\n") ? "\r\n" : "\n";
    const lines = text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
    for (const [name, value] of Object.entries(variables)) {
        if (!/^[\w./:@+=-]*$/.test(value)) throw new RangeError(`${name}: a value of letters, digits and ./:@+=-_`);
        const at = lines.findLastIndex((line) => settingOf(line) === name);
        if (at < 0) lines.push(`${name}=${value}`);
        else lines[at] = lines[at].replace(/^([^=:]*[=:])\s*("[^"]*"|'[^']*'|`[^`]*`|\S*)/, `$1${value}`);
    }
    return lines.map((line) => line + eol).join("");
}

/** Name of the variable that a line sets. */
export function settingOf(line: string): string | undefined {
    return Object.keys(parse(line))[0];
}
