import { physicalName } from "../../../components/naming";
import { clinicalAi } from "../../../services/clinical-ai";
import { type Settings } from "../../../stacks/settings";
import { exitCodes, InfraError } from "../../cli/errors";
import { type Kind, kinds } from "./places";

/** A row and the bucket that it must name. */
export interface Wanted {
    readonly kind: Kind;
    /** A source's or destination's name, a connector's id. */
    readonly name: string;
    readonly bucket: string;
}

/** The two buckets of a stack. */
export interface StackBuckets {
    readonly source: string;
    readonly destination: string;
}

/** Rows given on the command line, each as NAME=BUCKET. */
export type GivenRows = { readonly [Each in Kind]?: readonly string[] };

export function stackBuckets({ environment }: Settings): StackBuckets {
    return {
        source: physicalName(clinicalAi.sourceBucket, environment),
        destination: physicalName(clinicalAi.destinationBucket, environment),
    };
}

/**
 * What the stack's settings declare.
 *
 * @throws InfraError when they declare nothing
 */
export function declaredRows(settings: Settings): Wanted[] {
    const { sources = {}, destinations = {}, connectors = {} } = settings[clinicalAi.name]?.database ?? {};
    const declared = { source: sources, destination: destinations, connector: connectors };
    const buckets = stackBuckets(settings);
    const rows = kinds.flatMap((kind) =>
        Object.entries(declared[kind]).map(([name, which]) => ({ kind, name, bucket: buckets[which] })),
    );
    if (rows.length > 0) return inOrder(rows);
    throw new InfraError(
        exitCodes.usage,
        "The stack's settings name no row of the database.",
        "Declare sources, destinations or connectors in platform:clinical-ai.database: see docs/settings.md.",
    );
}

/**
 * What the command line asks for.
 *
 * @throws InfraError that lists all that is wrong with it
 */
export function givenRows(given: GivenRows, buckets: StackBuckets): Wanted[] {
    const texts = kinds.flatMap((kind) => (given[kind] ?? []).map((text) => ({ kind, text })));
    const rows = texts.map(({ kind, text }) => {
        // A bucket's name has no =, that of a row may.
        const [, name, bucket] = /^(.+)=([^=]*)$/s.exec(text) ?? [];
        return { kind, text, name, bucket };
    });
    const own = Object.values(buckets) as string[];
    const faults = rows.flatMap(({ kind, text, name, bucket }, index) => {
        if (name === undefined) return `--${kind} ${JSON.stringify(text)}: expected NAME=BUCKET`;
        const twice = rows.slice(0, index).some((row) => row.kind === kind && row.name === name);
        if (twice) return `--${kind} ${JSON.stringify(name)} is given twice`;
        return own.includes(bucket) ? [] : `--${kind} ${JSON.stringify(name)}: ${JSON.stringify(bucket)} is another's`;
    });
    if (faults.length === 0) return inOrder(rows);
    throw new InfraError(
        exitCodes.usage,
        `Nothing was changed:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
        `The buckets of this stack are ${own.join(" and ")}.`,
    );
}

/** One order for everybody, so that two operators wait for each other and not in a circle. */
function inOrder(rows: readonly Wanted[]): Wanted[] {
    return kinds.flatMap((kind) =>
        rows
            .filter((row) => row.kind === kind)
            .map(({ name, bucket }) => ({ kind, name, bucket }))
            .sort((one, other) => (one.name < other.name ? -1 : 1)),
    );
}
