/** Words for people go to standard error: standard output belongs to `--json` and to what is asked for as a file. */
export function say(text: string): void {
    process.stderr.write(`${text}\n`);
}

/** The one JSON document of a command, for programs. */
export function printJson(document: unknown): void {
    process.stdout.write(`${JSON.stringify(document)}\n`);
}
