/** Numbers from 0 to 1 that follow from a seed alone (mulberry32), so that a failed run can be run again. */
function seededRandom(seed: number): () => number {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** A generator for one purpose out of a seed: what others draw, and when, does not change its numbers. */
export function randomOf(seed: number, ...purpose: (string | number)[]): () => number {
    // FNV-1a
    const hash = (text: string) =>
        [...text].reduce((sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5);
    return seededRandom(hash([seed, ...purpose].join(" ")));
}
