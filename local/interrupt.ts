const controller = new AbortController();

/** Aborted by the first Ctrl-C: work that can stop in the middle stops, the engine ends its update in order. */
export const interrupted: AbortSignal = controller.signal;

/** Thrown instead of starting anything more after Ctrl-C. */
export class Interrupted extends Error {}

/** Stops before a next piece of work if Ctrl-C was pressed. */
export function stopIfInterrupted(): void {
    if (interrupted.aborted) throw new Interrupted();
}

/** The first Ctrl-C, SIGTERM or SIGHUP ends in order; a second one at once, but for SIGHUP, of which a closed terminal sends two. */
export function listenForInterrupts(): void {
    const onSignal = (signal: NodeJS.Signals) => {
        if (interrupted.aborted) {
            if (signal === "SIGHUP") return;
            process.exit(130);
        }
        process.stderr.write("\nStopping in order; press Ctrl-C again to stop at once.\n");
        controller.abort();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    process.on("SIGHUP", onSignal);
}
