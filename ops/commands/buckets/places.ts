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
