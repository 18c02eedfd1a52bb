import { interrupted } from "../ops/common/interrupt";

/** Waits for all even when one fails, so that no work goes on behind an error message; then throws the first error. */
export async function settleAll<T extends readonly unknown[]>(work: readonly [...{ [K in keyof T]: Promise<T[K]> }]) {
    await Promise.allSettled(work);
    return Promise.all(work);
}

/**
 * Runs `work` while something slow goes on in the background. When `work` fails the background is cancelled, and its end
 * is waited for: nothing goes on behind an error message, and whoever runs next is alone.
 */
export async function besides<B, T>(
    start: (cancelled: AbortSignal) => Promise<B>,
    work: (background: Promise<B>) => Promise<T>,
): Promise<T> {
    const cancel = new AbortController();
    const background = start(AbortSignal.any([interrupted, cancel.signal]));
    // `work` waits for it when it needs it; until then a failure is nobody's.
    background.catch(() => undefined);
    try {
        return await work(background);
    } catch (error) {
        cancel.abort();
        await background.catch(() => undefined);
        throw error;
    }
}
