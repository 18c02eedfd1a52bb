import { Interrupted } from "./errors";

const controller = new AbortController();
let listening = false;

/** Aborted by the first Ctrl-C, SIGTERM or SIGHUP: what can stop in the middle stops, the engine ends its update in order. */
export const interrupted: AbortSignal = controller.signal;

/** @throws Interrupted before a next piece of work, if Ctrl-C was pressed */
export function stopIfInterrupted(): void {
    if (interrupted.aborted) throw new Interrupted();
}

/**
 * The first Ctrl-C lets the command end in order; a second one ends it at once. Who listens already goes on.
 *
 * @param words said at the first. @default nothing
 */
export function listenForInterrupts(words = ""): void {
    if (listening) return;
    listening = true;
    const onSignal = (signal: NodeJS.Signals) => {
        if (!interrupted.aborted) {
            process.stderr.write(words);
            controller.abort();
            // A terminal that is closed and its shell may both send SIGHUP: nobody has asked twice.
        } else if (signal !== "SIGHUP") {
            process.exit(130);
        }
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal);
}
