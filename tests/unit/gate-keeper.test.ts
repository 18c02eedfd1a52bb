import assert from "node:assert/strict";

import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import { control, task } from "../../functions/bedrock-gate/control";
import { gateKeyItem, keyCaller } from "../../functions/bedrock-gate/core/callers";
import { totalsKey } from "../../functions/bedrock-gate/core/ledger";
import { counter, text } from "../../functions/bedrock-gate/core/store";
import { type GateKey } from "../../functions/bedrock-gate/keys";
import { ShutOff } from "../../functions/bedrock-gate/shut-off";
import { type Watch } from "../../functions/bedrock-gate/watch";
import { keySeconds } from "../../ops/creds/duration";

const settings = { environment: "test", microUsdPerMonth: 1_000_000n, shutOffPercent: 95, hasGate: true };
const hash = gateKeyItem("gate-secret").sort;

describe("the keeper of a gate", () => {
    let store: MemoryStore;
    let time: Date;
    let attached: boolean;
    let told: string[];
    const now = () => time;
    const shutOff = () =>
        new ShutOff(settings, {
            store,
            now,
            log: () => undefined,
            alert: (subject) => Promise.resolve(void told.push(subject)),
            brake: {
                attach: () => Promise.resolve(void (attached = true)),
                detach: () => Promise.resolve(void (attached = false)),
                attachedTo: () => Promise.resolve(attached ? "everybody" : "nobody"),
                isDenied: () => Promise.resolve(attached),
            },
        });
    const watch = { look: () => Promise.resolve() } as unknown as Watch;
    const ask = (asked: object) => control(task.parse(asked), { shutOff: shutOff(), watch, store, now });
    const totals = () => store.get(totalsKey("2026-11"));
    const spend = (microUsd: bigint) =>
        store.transact([{ key: totalsKey("2026-11"), add: { held: microUsd, spent: microUsd } }]);

    beforeEach(() => {
        store = new MemoryStore();
        time = new Date("2026-11-15T10:00:00Z");
        attached = false;
        told = [];
    });

    it("refuses what is no task, and what one lacks or has too much", () => {
        for (const asked of [
            {},
            { task: "delete" },
            { task: "restore", by: "me" },
            { task: "restore", by: "me", reason: "" },
            { task: "beginTrial", seconds: 601 },
            { task: "createKey", name: "Team", hash, by: "me" },
            { task: "createKey", name: "team", hash: "short", by: "me" },
            { task: "createKey", name: "team", hash, by: "me", requestsPerHour: 0 },
            { task: "createKey", name: "team", hash, by: "me", models: [] },
            { task: "createKey", name: "team", hash, by: "me", models: ["one two"] },
            { task: "createKey", name: "team", hash, by: "me", validSeconds: 59 },
            { task: "keep", more: true },
        ]) {
            assert.throws(() => task.parse(asked), JSON.stringify(asked));
        }
    });

    it("takes a gate key's life from 1 minute to 366 days, and the command line the same", () => {
        const byKeeper = (validSeconds: number) =>
            task.safeParse({ task: "createKey", name: "team", hash, by: "me", validSeconds }).success;
        const byCommand = (text: string) => {
            try {
                return keySeconds(text);
            } catch (error) {
                assert.match((error as Error).message, /^Expected 1m to 366d\.$/);
                return undefined;
            }
        };
        const day = 86_400;
        for (const [text, seconds, taken] of [
            ["59s", 59, false],
            ["1m", 60, true],
            ["366d", 366 * day, true],
            ["367d", 367 * day, false],
        ] as const) {
            assert.equal(byKeeper(seconds), taken, text);
            assert.equal(byCommand(text), taken ? seconds : undefined);
        }
        assert.equal(byKeeper(366 * day + 1), false);
    });

    it("shuts off at the level and not below, tells people once, and lets nobody in until it is restored", async () => {
        await spend(949_999n);
        await ask({ task: "keep" });
        assert.deepEqual([attached, told], [false, []]);
        await spend(1n);
        await ask({ task: "keep" });
        await ask({ task: "keep" });
        assert.deepEqual([attached, told], [true, ["Bedrock is shut off in test"]]);
        assert.equal(text(await totals(), "shutOffBy"), "meter");
        await ask({ task: "restore", by: "ada", reason: "a demo" });
        assert.equal(attached, false);
        await ask({ task: "keep" });
        assert.equal(attached, false, "the level counts again at the end of the month only");
        assert.equal(text(await totals(), "restoredReason"), "a demo");
    });

    it("restores until a time, and shuts off again then", async () => {
        await spend(960_000n);
        await ask({ task: "keep" });
        await ask({ task: "restore", by: "ada", reason: "a demo", until: "2026-11-15T11:00:00Z" });
        time = new Date("2026-11-15T10:59:59Z");
        await ask({ task: "keep" });
        assert.equal(attached, false);
        time = new Date("2026-11-15T11:00:00Z");
        await ask({ task: "keep" });
        assert.equal(attached, true);
    });

    it("takes the deny away as a month begins, and makes good what was missed", async () => {
        await spend(960_000n);
        await ask({ task: "keep" });
        attached = false;
        await ask({ task: "keep" });
        assert.equal(attached, true, "it is attached again where somebody took it away");
        time = new Date("2026-12-01T09:00:00Z");
        await ask({ task: "keep" });
        assert.equal(attached, false);
    });

    it("tries a shut-off and leaves the ledger as it was", async () => {
        await spend(1_000n);
        await ask({ task: "beginTrial", seconds: 60 });
        assert.equal(counter(await totals(), "spent"), 949_999n);
        await assert.rejects(Promise.resolve(ask({ task: "beginTrial", seconds: 60 })), /is being tried/);
        await spend(10n);
        await shutOff().look();
        assert.deepEqual([attached, told], [true, ["Bedrock is shut off in test (trial)"]]);
        await ask({ task: "endTrial" });
        assert.equal(attached, false);
        const left = await totals();
        assert.deepEqual([left?.held, left?.spent, left?.shutOffAt], [1_010n, 1_010n, undefined]);
    });

    it("ends a trial whose run was killed", async () => {
        await ask({ task: "beginTrial", seconds: 60 });
        time = new Date("2026-11-15T10:00:59Z");
        await ask({ task: "keep" });
        assert.equal(counter(await totals(), "spent"), 949_999n);
        time = new Date("2026-11-15T10:01:00Z");
        await ask({ task: "keep" });
        assert.equal(counter(await totals(), "spent"), 0n);
    });

    it("keeps keys by their hashes, one of a name at a time, and forgets none that was revoked", async () => {
        await ask({ task: "createKey", name: "team", hash, by: "ada", requestsPerHour: 5 });
        const item = await store.get(gateKeyItem("gate-secret"));
        assert.deepEqual(keyCaller(hash, item, time), {
            id: `key/team/${hash.slice(0, 8)}`,
            limits: { requestsPerHour: 5n },
        });
        assert.doesNotMatch(JSON.stringify(await ask({ task: "listKeys" })), /secret|[0-9a-f]{64}/);
        const other = gateKeyItem("gate-other").sort;
        await assert.rejects(
            Promise.resolve(ask({ task: "createKey", name: "team", hash: other, by: "ada" })),
            /There is a key team/,
        );
        await ask({ task: "revokeKey", name: "team" });
        assert.equal(keyCaller(hash, await store.get(gateKeyItem("gate-secret")), time), undefined);
        await assert.rejects(Promise.resolve(ask({ task: "revokeKey", name: "team" })), /no key team in force/);
        await ask({ task: "createKey", name: "team", hash: other, by: "ada" });
        const keys = (await ask({ task: "listKeys" })) as GateKey[];
        assert.deepEqual(keys.map(({ name, revokedAt }) => [name, revokedAt !== undefined]).sort(), [
            ["team", false],
            ["team", true],
        ]);
    });

    it("narrows a key to models and to a time, after which its name is free, and it is listed for 30 days more", async () => {
        const models = ["meta.one", "us.meta.two"];
        const narrowed = { task: "createKey", name: "team", hash, by: "ada", models, validSeconds: 3600 } as const;
        const created = (await ask(narrowed)) as GateKey;
        assert.deepEqual([created.models, created.validUntil], [models, "2026-11-15T11:00:00.000Z"]);
        assert.deepEqual(await ask({ task: "listKeys" }), [created]);
        const item = await store.get(gateKeyItem("gate-secret"));
        assert.equal(counter(item, "expiresAt"), BigInt(Date.parse("2026-12-15T11:00:00Z") / 1000));
        assert.deepEqual(keyCaller(hash, item, time)?.models, models);
        const again = { task: "createKey", name: "team", hash: gateKeyItem("gate-other").sort, by: "ada" } as const;
        await assert.rejects(Promise.resolve(ask(again)), /There is a key team/);
        time = new Date("2026-11-15T11:00:00Z");
        assert.equal(keyCaller(hash, item, time), undefined);
        await assert.rejects(Promise.resolve(ask({ task: "revokeKey", name: "team" })), /no key team in force/);
        await ask(again);
        assert.equal(((await ask({ task: "listKeys" })) as GateKey[]).length, 2);
    });
});
