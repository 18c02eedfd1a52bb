/** How many calls of a run go to AWS side by side. */
export const callsAtOnce = 8;

/**
 * Runs `work` on every item, at most `limit` at once; the results stand in the order of the items.
 *
 * @param stop when aborted, no further item is begun; what was begun is awaited
 */
export async function mapBounded<Item, Result>(
    items: readonly Item[],
    limit: number,
    work: (item: Item) => Promise<Result>,
    stop?: AbortSignal,
): Promise<Result[]> {
    const results = new Array<Result>(items.length);
    let next = 0;
    const worker = async () => {
        while (next < items.length && !stop?.aborted) {
            const index = next++;
            results[index] = await work(items[index]);
        }
    };
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
    return results;
}
