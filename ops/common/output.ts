import { type Writable } from "node:stream";

import { exitCodes } from "./errors";

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

/** `1 h 5 min`, `12 s`. */
export function inTime(milliseconds: number): string {
    const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
    const minutes = Math.floor(seconds / 60);
    if (minutes === 0) return `${seconds} s`;
    return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Says how far long work has got: in place at a terminal, elsewhere every few seconds a line.
 *
 * @param words what to say now; nothing is said while it is empty
 */
export async function whileSaying<Result>(
    words: () => string,
    work: () => Promise<Result>,
    output: Writable & { readonly isTTY?: boolean } = process.stderr,
): Promise<Result> {
    const show = () => {
        if (words() !== "") output.write(output.isTTY ? `\r\u001b[K${words()}` : `${words()}\n`);
    };
    const timer = setInterval(show, output.isTTY ? 200 : 5_000);
    try {
        return await work();
    } finally {
        clearInterval(timer);
        if (output.isTTY) output.write("\r\u001b[K");
    }
}

/**
 * Lets a command finish its work, and end with its own exit code, when what it says can no longer be written. Whoever
 * reads it may stop to, as `head` does. Any other loss, of a full disk for one, is said on the other stream and is the
 * tool's exit code.
 *
 * @param json standard output has one JSON document, and nothing else
 */
export function outliveOutput(json: boolean): void {
    const { stdout, stderr } = process;
    let lost = false;
    const losing = (other: NodeJS.WriteStream) => (error: NodeJS.ErrnoException) => {
        if (error.code === "EPIPE" || lost) return;
        lost = true;
        process.once("exit", () => (process.exitCode = exitCodes.fault));
        if (!json || other === stderr) other.write(`What was said could not be written: ${error.message}\n`);
    };
    stdout.on("error", losing(stderr));
    stderr.on("error", losing(stdout));
}
