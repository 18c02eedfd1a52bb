import { exitCodes, InfraError } from "../common/errors";
import { type Found, type Kind, type StackBuckets, type Wanted } from "./rows";

/** What a row is, next to what it should be. */
export type State =
    /** It names the bucket that it should. */
    | "as declared"
    /** It names another one, or none. */
    | "differs"
    /** There is no such row. */
    | "missing"
    /** Several rows have this name. */
    | "ambiguous"
    /** Its JSON is a list, a text, a number: nothing that has keys. */
    | "not an object";

/** One row, declared against found. */
export interface Comparison {
    readonly kind: Kind;
    readonly name: string;
    readonly declared: string;
    /** What the row names; null where it names nothing. */
    readonly found: unknown;
    readonly state: State;
    /** Which of the stack's buckets was found; null where it is none of them. */
    readonly bucketOf: keyof StackBuckets | null;
}

export function compareRows(wanted: readonly Wanted[], found: readonly Found[], buckets: StackBuckets): Comparison[] {
    return wanted.map(({ kind, name, bucket }) => {
        const rows = found.filter((row) => row.kind === kind && row.name === name);
        const named = rows.length === 1 ? rows[0].bucket : null;
        const owner = (["source", "destination"] as const).find((which) => buckets[which] === named) ?? null;
        return { kind, name, declared: bucket, found: named, state: stateOf(rows, bucket), bucketOf: owner };
    });
}

function stateOf(rows: readonly Found[], bucket: string): State {
    if (rows.length === 0) return "missing";
    if (rows.length > 1) return "ambiguous";
    // An object-relational mapper may write JSON's null for none.
    if (!["object", "null", "absent"].includes(rows[0].type)) return "not an object";
    return rows[0].bucket === bucket ? "as declared" : "differs";
}

const hindrances: Readonly<Partial<Record<State, string>>> = {
    missing: "does not exist",
    ambiguous: "names several rows",
    "not an object": "holds JSON that is not an object",
};

/**
 * The rows that have to be written.
 *
 * @throws InfraError that lists every row that cannot be
 */
export function changesOf(comparisons: readonly Comparison[]): Comparison[] {
    const faults = comparisons.flatMap(({ kind, name, state }) => {
        const hindrance = hindrances[state];
        return hindrance ? `  - ${kind} ${JSON.stringify(name)} ${hindrance}` : [];
    });
    if (faults.length === 0) return comparisons.filter(({ state }) => state === "differs");
    throw new InfraError(
        exitCodes.failed,
        `Nothing was changed:\n${faults.join("\n")}`,
        "Correct the names in the stack's settings or on the command line, or the rows in the database.",
    );
}
