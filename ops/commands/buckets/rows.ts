import { exitCodes, InfraError } from "../../cli/errors";
import { type Query } from "../../postgres/client";
import { type Kind, kinds, places } from "./places";
import { type Wanted } from "./wanted";

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
        `Nothing was changed: ${kind} ${JSON.stringify(name)} did not let itself be written.`,
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
