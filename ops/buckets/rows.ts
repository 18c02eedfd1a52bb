import { physicalName } from "../../components/naming";
import { clinicalAi } from "../../services/clinical-ai";
import { type Settings } from "../../stacks/settings";
import { exitCodes, InfraError } from "../common/errors";
import { type Query } from "../postgres/client";

/** The kinds of rows that name a bucket, in the order in which they are listed and locked. */
export const kinds = ["source", "destination", "connector"] as const;
export type Kind = (typeof kinds)[number];

/** Where the service keeps a bucket's name. */
export interface Place {
    readonly table: string;
    /** The column that tells a row from the others. */
    readonly key: string;
    /** The column with the JSON. */
    readonly column: string;
}

/** B7: the service's tables. */
export const places: Readonly<Record<Kind, Place>> = {
    source: { table: "cai_defined_sources", key: "name", column: "config" },
    destination: { table: "cai_defined_destinations", key: "name", column: "config" },
    connector: { table: "cai_connectors", key: "id", column: "source_config_override" },
};

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

/** The JSON type of a value; `absent` where the column is NULL. */
export type JsonType = "absent" | "null" | "object" | "array" | "string" | "number" | "boolean";

/** A row as the database has it. */
export interface Found {
    readonly kind: Kind;
    readonly name: string;
    readonly type: JsonType;
    /** The bucket that it names: mostly a string, but any JSON; null where there is none. */
    readonly bucket: unknown;
}

type ColumnType = "json" | "jsonb";

/**
 * The wanted rows that there are; with `lock` nobody else changes them until the transaction ends.
 *
 * @throws InfraError when a table is missing or its column holds no JSON
 */
export async function findRows(query: Query, wanted: readonly Wanted[], lock = false): Promise<Found[]> {
    const found: Found[] = [];
    for (const kind of kinds) {
        const names = wanted.filter((row) => row.kind === kind).map(({ name }) => name);
        if (names.length === 0) continue;
        const { table, key, column } = places[kind];
        const type = await columnType(query, kind);
        const { rows } = await query<Omit<Found, "kind">>(
            `SELECT ${key}::text AS name, coalesce(${type}_typeof(${column}), 'absent') AS type, ` +
                `${column} -> 'bucket' AS bucket FROM ${table} WHERE ${key}::text = ANY($1::text[]) ` +
                `ORDER BY ${key}::text COLLATE "C"${lock ? " FOR UPDATE" : ""}`,
            [names],
        );
        found.push(...rows.map((row) => ({ kind, ...row })));
    }
    return found;
}

/** Writes the bucket's name into one row; every other key keeps its value, and a json column its text. */
export async function writeBucket(query: Query, { kind, name, bucket }: Wanted): Promise<void> {
    const { table, key, column } = places[kind];
    const { rowCount } = await query(
        `UPDATE ${table} SET ${column} = ${withBucket[await columnType(query, kind)](column)} WHERE ${key}::text = $1`,
        [name, bucket],
    );
    if (rowCount === 1) return;
    throw new InfraError(
        exitCodes.failed,
        `Nothing was changed: ${kind} ${JSON.stringify(name)} could not be written.`,
        "Look for a trigger or a row policy on its table.",
    );
}

/** The column with `$2` under the key `bucket`; what is no object becomes one. */
const withBucket: Readonly<Record<ColumnType, (column: string) => string>> = {
    jsonb: (column) =>
        `jsonb_set(CASE jsonb_typeof(${column}) WHEN 'object' THEN ${column} ELSE '{}' END, ` +
        "'{bucket}', to_jsonb($2::text))",
    // Put together from the texts of its values: by way of jsonb, numbers and keys given twice would change.
    json: (column) =>
        "(SELECT json_object_agg(key, value ORDER BY place) FROM (" +
        `SELECT key, value, place FROM json_each(CASE json_typeof(${column}) WHEN 'object' THEN ${column} ELSE '{}' END) ` +
        "WITH ORDINALITY AS each (key, value, place) WHERE key <> 'bucket' " +
        "UNION ALL SELECT 'bucket', to_json($2::text), NULL) AS entries)",
};

async function columnType(query: Query, kind: Kind): Promise<ColumnType> {
    const { table, column } = places[kind];
    const { rows } = await query<{ type: string | null; there: boolean }>(
        "SELECT to_regclass($1) IS NOT NULL AS there, (SELECT format_type(atttypid, NULL) FROM pg_attribute " +
            "WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped) AS type",
        [table, column],
    );
    const [{ type, there }] = rows;
    if (type === "json" || type === "jsonb") return type;
    const what = type ? `${table}.${column} is of type ${type}` : there ? `${table} has no ${column}` : `no ${table}`;
    throw new InfraError(
        exitCodes.unreachable,
        `The database is not as expected: ${what}.`,
        type
            ? "Expected json or jsonb: is the service's schema another one by now?"
            : "Is this the service's database, migrated, and its schema in the user's search_path?",
    );
}
