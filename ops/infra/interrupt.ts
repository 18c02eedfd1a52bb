const controller = new AbortController();

/** Aborted by the first Ctrl-C or SIGTERM. */
export const interrupted: AbortSignal = controller.signal;

/** The first Ctrl-C lets the command end in order; a second one ends it at once. */
export function listenForInterrupts(): void {
    const onSignal = () => {
        if (interrupted.aborted) process.exit(130);
        controller.abort();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
}
