import { exitCodes } from "./errors";

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
