const signals = ["SIGINT", "SIGTERM"] as const;

/** Does something and undoes it once, also when it fails and when the process is told to end meanwhile. */
export async function whileInterruptible<Result>(
    work: () => Promise<Result>,
    undo: () => Promise<unknown>,
): Promise<Result> {
    let undone: Promise<unknown> | undefined;
    const undoOnce = () => (undone ??= undo());
    const interrupted = (signal: NodeJS.Signals) => {
        undoOnce()
            .catch((error: unknown) => process.stderr.write(`could not be undone: ${String(error)}\n`))
            .finally(() => {
                stopListening();
                // Where nobody else listens any more, this ends the process, now that everything is as before.
                process.kill(process.pid, signal);
            })
            .catch(() => undefined);
    };
    const stopListening = () => signals.forEach((signal) => process.off(signal, interrupted));
    signals.forEach((signal) => process.on(signal, interrupted));
    try {
        return await work();
    } finally {
        await undoOnce().finally(stopListening);
    }
}
