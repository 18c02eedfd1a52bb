import { type Condition, type Item, type Key, type Refused, type Store, type Value, type Write } from "../core/store";

/** A table in the memory of one process: for tests and the benchmark. A gate that restarts would forget what was spent. */
export class MemoryStore implements Store {
    private readonly partitions = new Map<string, Map<string, Item>>();

    transact(writes: readonly Write[]): Promise<Refused | undefined> {
        if (new Set(writes.map(({ key }) => JSON.stringify([key.partition, key.sort]))).size < writes.length) {
            return Promise.reject(new Error("A transaction writes an item twice, which DynamoDB refuses"));
        }
        const refused = writes.map(({ key, when = [] }) => {
            const item = this.read(key);
            return when.every((condition) => holds(condition, item)) ? undefined : { item };
        });
        if (refused.some((reason) => reason !== undefined)) return Promise.resolve(refused);
        writes.forEach((write) => this.write(write));
        return Promise.resolve(undefined);
    }

    get(key: Key): Promise<Item | undefined> {
        return Promise.resolve(this.read(key));
    }

    list(partition: string, before?: string): Promise<ReadonlyMap<string, Item>> {
        const items = [...(this.partitions.get(partition) ?? [])]
            .filter(([sort]) => before === undefined || sort < before)
            .sort(([one], [other]) => (one < other ? -1 : 1));
        return Promise.resolve(new Map(items));
    }

    private read({ partition, sort }: Key): Item | undefined {
        return this.partitions.get(partition)?.get(sort);
    }

    private write({ key, add = {}, set = {}, remove = [], delete: gone }: Write): void {
        const { partition, sort } = key;
        if (gone) {
            this.partitions.get(partition)?.delete(sort);
            return;
        }
        const copies = Object.entries(set).map(([name, value]) => [name, copyOf(value)] as const);
        const item: Record<string, Value> = { ...this.read(key), ...Object.fromEntries(copies) };
        for (const [attribute, amount] of Object.entries(add)) {
            item[attribute] = ((item[attribute] as bigint | undefined) ?? 0n) + amount;
        }
        for (const attribute of remove) delete item[attribute];
        const items = this.partitions.get(partition) ?? new Map<string, Item>();
        this.partitions.set(partition, items.set(sort, item));
    }
}

function holds(condition: Condition, item: Item | undefined): boolean {
    const value = item?.[condition.attribute];
    switch (condition.is) {
        case "absent":
            return value === undefined;
        case "present":
            return value !== undefined;
        case "equal":
            return value !== undefined && isEqual(value, condition.value);
        case "at most":
            return value === undefined ? condition.value >= 0n : typeof value === "bigint" && value <= condition.value;
    }
}

/** Whose bytes nobody else changes. */
const copyOf = (value: Value): Value => (value instanceof Uint8Array ? Uint8Array.from(value) : value);

const isEqual = (one: Value, other: Value) =>
    one instanceof Uint8Array && other instanceof Uint8Array ? Buffer.compare(one, other) === 0 : one === other;
