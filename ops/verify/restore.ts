const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How many calls are under way: only the last one to end may let the process end. */
let calls = 0;
let stopping = new AbortController();

const onSignal = (signal: NodeJS.Signals) => stopping.abort(signal);

/** The process was told to end; what was made has been undone. */
export class Stopped extends Error {}

/**
 * Does something and undoes it, also when it fails and when the process is told to end meanwhile. Then `stop` is
 * aborted, and only when the work has ended is it undone: what is still being made could not be removed.
 *
 * Calls may be inside or beside each other. Once all of them are undone, the signal is raised again, unless somebody
 * else listens to it.
 *
 * @throws Stopped if the process was told to end and, with others listening to the signal, lives on
 */
export async function whileInterruptible<Result>(
    work: (stop: AbortSignal) => Promise<Result>,
    undo: () => Promise<unknown>,
): Promise<Result> {
    const stop = enter();
    let result: Result;
    try {
        result = await work(stop);
    } finally {
        await undo()
            .catch((error: unknown) => {
                // The process may end before whoever waits for this can say it.
                if (stop.aborted) process.stderr.write(`could not be undone: ${String(error)}\n`);
                throw error;
            })
            .finally(leave);
    }
    if (stop.aborted) throw new Stopped(`stopped by ${String(stop.reason)}`);
    return result;
}

function enter(): AbortSignal {
    if (calls++ === 0) {
        stopping = new AbortController();
        signals.forEach((signal) => process.on(signal, onSignal));
    }
    return stopping.signal;
}

async function leave(): Promise<void> {
    if (--calls > 0) return;
    signals.forEach((signal) => process.off(signal, onSignal));
    if (!stopping.signal.aborted) return;
    const signal = stopping.signal.reason as NodeJS.Signals;
    // Everything is as before: the process may end. Whoever else listens has had the signal, and a second one could end
    // it out of order.
    if (process.listenerCount(signal) > 0) return;
    process.kill(process.pid, signal);
    // It may reach another thread first, and this one would go on for a moment; one that is ignored ends nothing.
    await new Promise((resolve) => setTimeout(resolve, 100));
}
