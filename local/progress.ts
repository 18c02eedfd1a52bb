import { stopIfInterrupted } from "../ops/common/interrupt";
import { inTime, say } from "../ops/common/output";

/** How long it is since `start` (from `performance.now()`), to the nearest second. */
export function elapsed(start: number): string {
    return inTime(1000 * Math.round((performance.now() - start) / 1000));
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
