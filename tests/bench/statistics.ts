import { type Cost } from "./preview";

/** One measurement of each of two programs, taken one right after the other. */
export interface Pair {
    readonly ours: Cost;
    readonly byHand: Cost;
}

/** Pairs of one size: what both programs registered, and what that took. */
export interface Series {
    /** Number of resources, the stack itself not counted. */
    readonly resources: number;
    readonly pairs: readonly Pair[];
}

export type Measure = keyof Cost;
type Side = keyof Pair;

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length / 2;
    return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median of one program's measurements, in milliseconds. */
export function typical({ pairs }: Series, side: Side, measure: Measure): number {
    return median(pairs.map((pair) => pair[side][measure]));
}

/** How many times the cost by hand: the median of the pairs' ratios, so that what slows both of a pair cancels out. */
export function ratio({ pairs }: Series, measure: Measure): number {
    return median(pairs.map(({ ours, byHand }) => ours[measure] / byHand[measure]));
}

/** Milliseconds that each further resource takes between two sizes: start-up is in both and cancels out. */
export function slope(small: Series, large: Series, side: Side, measure: Measure): number {
    return median(slopes(small, large, side, measure));
}

/** How many times the slope by hand: the median of the rounds' ratios. */
export function slopeRatio(small: Series, large: Series, measure: Measure): number {
    const [ours, byHand] = [slopes(small, large, "ours", measure), slopes(small, large, "byHand", measure)];
    return median(ours.map((value, round) => value / byHand[round]));
}

/** One slope a round: each round measures every size once. */
function slopes(small: Series, large: Series, side: Side, measure: Measure): number[] {
    return large.pairs.map(
        (pair, round) =>
            (pair[side][measure] - small.pairs[round][side][measure]) / (large.resources - small.resources),
    );
}
