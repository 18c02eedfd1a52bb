import assert from "node:assert/strict";

import { type Condition, type Item, type Store, type Value } from "../../../functions/bedrock-gate/core/store";

/**
 * What holds of every table that the gate may count in.
 *
 * @param begin a table; others may use it at the same time
 */
export function storeContract(begin: () => Store): void {
    let store: Store;
    let partition: string;
    let partitions = 0;
    beforeEach(() => {
        store = begin();
        partition = `contract-${partitions++}`;
    });

    const at = (sort = "item") => ({ partition, sort });
    const put = async (set: Item, sort?: string) =>
        assert.equal(await store.transact([{ key: at(sort), set }]), undefined);

    const bytes = (...values: number[]) => Uint8Array.from(values);
    const big = 10n ** 30n + 7n;

    describe("conditions", () => {
        const cases: readonly (readonly [Item | undefined, Condition, boolean])[] = [
            [undefined, { attribute: "a", is: "absent" }, true],
            [{ b: 1n }, { attribute: "a", is: "absent" }, true],
            [{ a: 0n }, { attribute: "a", is: "absent" }, false],
            [{ a: "" }, { attribute: "a", is: "absent" }, false],
            [undefined, { attribute: "a", is: "present" }, false],
            [{ b: 1n }, { attribute: "a", is: "present" }, false],
            [{ a: 0n }, { attribute: "a", is: "present" }, true],
            [undefined, { attribute: "a", is: "equal", value: 0n }, false],
            [{ a: 1n }, { attribute: "a", is: "equal", value: 1n }, true],
            [{ a: 1n }, { attribute: "a", is: "equal", value: 2n }, false],
            [{ a: 1n }, { attribute: "a", is: "equal", value: "1" }, false],
            [{ a: "x" }, { attribute: "a", is: "equal", value: "x" }, true],
            [{ a: bytes(1, 2) }, { attribute: "a", is: "equal", value: bytes(1, 2) }, true],
            [{ a: bytes(1, 2) }, { attribute: "a", is: "equal", value: bytes(1, 3) }, false],
            [{ a: bytes(1, 2) }, { attribute: "a", is: "equal", value: bytes(1, 2, 3) }, false],
            [{ a: big }, { attribute: "a", is: "equal", value: big }, true],
            [{ a: big }, { attribute: "a", is: "equal", value: big + 1n }, false],
            [undefined, { attribute: "a", is: "at most", value: 0n }, true],
            [undefined, { attribute: "a", is: "at most", value: -1n }, false],
            [{ b: 1n }, { attribute: "a", is: "at most", value: -1n }, false],
            [{ a: 5n }, { attribute: "a", is: "at most", value: 5n }, true],
            [{ a: 6n }, { attribute: "a", is: "at most", value: 5n }, false],
            [{ a: -6n }, { attribute: "a", is: "at most", value: -5n }, true],
            [{ a: 10n }, { attribute: "a", is: "at most", value: 9n }, false],
            [{ a: big + 1n }, { attribute: "a", is: "at most", value: big }, false],
            [{ a: "5" }, { attribute: "a", is: "at most", value: 5n }, false],
        ];
        const show = (value: unknown) =>
            JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}n` : one));
        for (const [item, condition, holds] of cases) {
            it(`${show(item) ?? "nothing"} ${holds ? "is let pass" : "is refused"} by ${show(condition)}`, async () => {
                if (item) await put(item);
                const refused = await store.transact([{ key: at(), when: [condition], set: { written: 1n } }]);
                assert.deepEqual(refused, holds ? undefined : [{ item }]);
                const after = await store.get(at());
                assert.deepEqual(after, holds ? { ...item, written: 1n } : item);
            });
        }

        it("must all hold", async () => {
            await put({ a: 1n, b: 1n });
            const when = (b: bigint): Condition[] => [
                { attribute: "a", is: "at most", value: 1n },
                { attribute: "b", is: "at most", value: b },
            ];
            assert.deepEqual(await store.transact([{ key: at(), when: when(0n), add: { a: 1n } }]), [
                { item: { a: 1n, b: 1n } },
            ]);
            assert.equal(await store.transact([{ key: at(), when: when(1n), add: { a: 1n } }]), undefined);
        });

        it("alone change nothing", async () => {
            const condition = { key: at(), when: [{ attribute: "a", is: "absent" } as const] };
            assert.equal(await store.transact([condition, { key: at("other"), set: { b: 1n } }]), undefined);
            assert.equal(counterOf(await store.get(at("other")), "b"), 1n);
        });
    });

    describe("writes", () => {
        it("add to counters, which begin at 0", async () => {
            const add = (amount: bigint) => store.transact([{ key: at(), add: { a: amount, b: 1n } }]);
            await add(5n);
            await add(-7n);
            assert.deepEqual(await store.get(at()), { a: -2n, b: 2n });
        });

        it("add, set and remove at once, and leave the rest", async () => {
            await put({ counted: 1n, set: "old", removed: "x", left: "as it was" });
            await store.transact([
                { key: at(), add: { counted: 2n }, set: { set: "new" }, remove: ["removed", "never there"] },
            ]);
            assert.deepEqual(await store.get(at()), { counted: 3n, set: "new", left: "as it was" });
        });

        it("delete an item as a whole, and one that is not there", async () => {
            await put({ a: 1n });
            assert.equal(await store.transact([{ key: at(), delete: true }]), undefined);
            assert.equal(await store.get(at()), undefined);
            assert.equal(await store.transact([{ key: at(), delete: true }]), undefined);
        });

        it("delete where conditions hold, and not where they fail", async () => {
            await put({ a: 1n });
            const remove = (value: bigint) =>
                store.transact([{ key: at(), when: [{ attribute: "a", is: "equal", value }], delete: true }]);
            assert.deepEqual(await remove(2n), [{ item: { a: 1n } }]);
            assert.equal(await remove(1n), undefined);
            assert.equal(await store.get(at()), undefined);
        });

        it("keep values as they are: bytes, none of them too, texts of any kind, integers of 38 digits", async () => {
            const item: Record<string, Value> = {
                all: Uint8Array.from({ length: 256 }, (_, byte) => byte),
                none: bytes(),
                text: "ä \u0000 𝄞 \n",
                empty: "",
                most: 10n ** 38n - 1n,
                least: -(10n ** 38n) + 1n,
                // Words that DynamoDB has for itself, and a name that is none.
                ttl: 1n,
                values: "x",
                name: "y",
            };
            await put(item);
            assert.deepEqual(normal(await store.get(at())), item);
        });

        it("do not hear of what their maker does to them afterwards", async () => {
            const mine = bytes(1, 2, 3);
            await put({ a: mine });
            mine[0] = 9;
            assert.deepEqual(normal(await store.get(at())), { a: bytes(1, 2, 3) });
        });

        it("of one item twice in a transaction are refused", async () => {
            const twice = [
                { key: at(), add: { a: 1n } },
                { key: at(), add: { a: 1n } },
            ];
            await assert.rejects(store.transact(twice));
            assert.equal(await store.get(at()), undefined);
        });
    });

    describe("a transaction", () => {
        it("is applied as a whole or not at all, and says by place what stood in its way", async () => {
            await put({ a: 1n }, "second");
            const absent = [{ attribute: "a", is: "absent" } as const];
            const refused = await store.transact([
                { key: at("first"), when: absent, set: { a: 1n } },
                { key: at("second"), when: absent, set: { a: 2n } },
                { key: at("third"), add: { a: 1n } },
                { key: at("fourth"), when: [{ attribute: "a", is: "present" }], delete: true },
            ]);
            assert.deepEqual(refused, [undefined, { item: { a: 1n } }, undefined, { item: undefined }]);
            for (const sort of ["first", "third", "fourth"]) assert.equal(await store.get(at(sort)), undefined);
            assert.deepEqual(await store.get(at("second")), { a: 1n });
        });

        it("reaches over partitions", async () => {
            const other = { partition: `${partition}-other`, sort: "item" };
            await store.transact([
                { key: at(), set: { a: 1n } },
                { key: other, set: { a: 2n } },
            ]);
            assert.deepEqual([await store.get(at()), await store.get(other)], [{ a: 1n }, { a: 2n }]);
        });

        it("never loses an addition to 49 others at the same time", async () => {
            const add = (number: number) =>
                store.transact([
                    { key: at(), add: { sum: 1n } },
                    { key: at(`own-${number}`), set: { number: BigInt(number) } },
                ]);
            const answers = await Promise.all(Array.from({ length: 50 }, (_, number) => add(number)));
            assert.ok(answers.every((answer) => answer === undefined));
            assert.deepEqual(await store.get(at()), { sum: 50n });
            assert.equal((await store.list(partition)).size, 51);
        });

        it("lets exactly as many through at the same time as a limit allows", async () => {
            const add = () =>
                store.transact([
                    { key: at(), when: [{ attribute: "held", is: "at most", value: 90n }], add: { held: 10n } },
                ]);
            const answers = await Promise.all(Array.from({ length: 30 }, add));
            assert.equal(answers.filter((answer) => answer === undefined).length, 10);
            assert.deepEqual(await store.get(at()), { held: 100n });
        });
    });

    describe("a list", () => {
        it("has the items of a partition in the order of their sort keys, up to but without one", async () => {
            for (const sort of ["2026-02", "2026-10", "2026-01", "2026-02#x"]) await put({ sort1: sort }, sort);
            await store.transact([{ key: { partition: `${partition}x`, sort: "2026-01" }, set: { a: 1n } }]);
            const sorts = async (before?: string) => [...(await store.list(partition, before)).keys()];
            assert.deepEqual(await sorts(), ["2026-01", "2026-02", "2026-02#x", "2026-10"]);
            assert.deepEqual(await sorts("2026-02"), ["2026-01"]);
            assert.deepEqual(await sorts("2026-02#"), ["2026-01", "2026-02"]);
            assert.deepEqual(await sorts("2025"), []);
            assert.deepEqual((await store.list(partition)).get("2026-10"), { sort1: "2026-10" });
        });

        it("is empty where there is nothing", async () => {
            assert.equal((await store.list(partition)).size, 0);
        });

        it("has all of many items", async () => {
            const filler = "x".repeat(50_000);
            await Promise.all(
                Array.from({ length: 30 }, (_, number) => put({ filler }, String(number).padStart(2, "0"))),
            );
            const found = await store.list(partition);
            assert.equal(found.size, 30);
            assert.ok([...found.values()].every((item) => item.filler === filler));
        });
    });
}

const counterOf = (item: Item | undefined, name: string) => item?.[name];

/** Bytes may come as any kind of them. */
const normal = (item: Item | undefined) =>
    item &&
    Object.fromEntries(
        Object.entries(item).map(([name, value]) => [
            name,
            value instanceof Uint8Array ? Uint8Array.from(value) : value,
        ]),
    );
