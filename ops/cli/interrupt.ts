const controller = new AbortController();

/** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
export const interrupted: AbortSignal = controller.signal;

/** The first Ctrl-C lets the command end in order; a second one ends it at once. */
export function listenForInterrupts(): void {
    const onSignal = (signal: NodeJS.Signals) => {
        // A terminal that is closed and its shell may both send SIGHUP: nobody has asked twice.
        if (interrupted.aborted && signal !== "SIGHUP") process.exit(130);
        controller.abort();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal);
}
