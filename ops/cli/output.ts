/** Words for people go to standard error: standard output belongs to `--json` and to what is asked for as a file. */
export function say(text: string): void {
    process.stderr.write(`${text}\n`);
}

/** The one JSON document of a command, for programs. */
export function printJson(document: unknown): void {
    process.stdout.write(`${JSON.stringify(document)}\n`);
}

/** Text from outside as a line shows it: no control character of it reaches the terminal. */
export function printable(text: string): string {
    return /[\p{C}]/u.test(text) || text === "" ? JSON.stringify(text).replace(/\p{C}/gu, "?") : text;
}
