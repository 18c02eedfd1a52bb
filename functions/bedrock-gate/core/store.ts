/** Where an item is: DynamoDB's partition and sort key. */
export interface Key {
    readonly partition: string;
    readonly sort: string;
}

/** What an attribute holds; numbers are integers of any size. */
export type Value = bigint | string | Uint8Array;

/** The attributes of an item without its key. */
export type Item = Readonly<Record<string, Value>>;

/** What must hold of an item before it is written. */
export type Condition =
    | { readonly attribute: string; readonly is: "absent" | "present" }
    | { readonly attribute: string; readonly is: "equal"; readonly value: Value }
    /** A counter that is not there is 0. */
    | { readonly attribute: string; readonly is: "at most"; readonly value: bigint };

/** One write of a transaction. */
export interface Write {
    readonly key: Key;
    /** All of them; without any, the write is unconditional. */
    readonly when?: readonly Condition[];
    /** Counters and what is added to them; one that is not there begins at 0. */
    readonly add?: Readonly<Record<string, bigint>>;
    readonly set?: Item;
    readonly remove?: readonly string[];
    /** The item goes as a whole. */
    readonly delete?: true;
}

/** Why a transaction was refused: by write, in order, whether its conditions failed and on which item. */
export type Refused = readonly ({ readonly item: Item | undefined } | undefined)[];

/** A table of items that is written all or nothing. */
export interface Store {
    /**
     * Applies every write or none of them. Answers nothing where they were applied, and what stood in the way where a
     * condition failed.
     *
     * @throws Error where it cannot be known whether they were applied, or the table cannot be reached
     */
    transact(writes: readonly Write[]): Promise<Refused | undefined>;
    /** The item as it stands after every write that was answered before. */
    get(key: Key): Promise<Item | undefined>;
    /** The items of a partition, by their sort keys, up to but without `before`. */
    list(partition: string, before?: string): Promise<ReadonlyMap<string, Item>>;
}

/** A counter of an item; one that is not there is 0. */
export function counter(item: Item | undefined, attribute: string): bigint {
    const value = item?.[attribute];
    return typeof value === "bigint" ? value : 0n;
}

/** A text of an item, where there is one. */
export function text(item: Item | undefined, attribute: string): string | undefined {
    const value = item?.[attribute];
    return typeof value === "string" ? value : undefined;
}
