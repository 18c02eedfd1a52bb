import { closest, distance } from "fastest-levenshtein";

/** What was probably meant: the nearest of what there is, if a third of its letters differ, or fewer. */
export function didYouMean(given: string, known: readonly string[]): string | undefined {
    if (known.length === 0) return undefined;
    const nearest = closest(given, known);
    const differing = distance(given, nearest);
    return differing > 0 && differing <= Math.ceil(nearest.length / 3) ? nearest : undefined;
}
