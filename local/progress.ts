import { stopIfInterrupted } from "./interrupt";

/** Words for people go to standard error: standard output belongs to `--json`. */
export function say(text: string): void {
    process.stderr.write(`${text}\n`);
}

/** Seconds since `start` (from `performance.now()`), rounded, as `12 s` or `3 min 5 s`. */
export function elapsed(start: number): string {
    const seconds = Math.round((performance.now() - start) / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * Runs a step, says when it is done and how long it took, and every ten seconds that it goes on, so that long work
 * never looks hung. `work` is given a function that sets what the step is doing right now.
 */
export async function step<T>(title: string, work: (doing: (detail: string) => void) => Promise<T>): Promise<T> {
    stopIfInterrupted();
    const start = performance.now();
    let detail = "";
    const timer = setInterval(() => say(`  ${title} … ${elapsed(start)}${detail && `, ${detail}`}`), 10_000);
    try {
        const result = await work((next) => (detail = next));
        if (performance.now() - start > 1000) say(`  ${title}: ${elapsed(start)}`);
        return result;
    } finally {
        clearInterval(timer);
    }
}
