import assert from "node:assert/strict";

import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import { type Item } from "../../functions/bedrock-gate/core/store";
import { Readiness } from "../../functions/bedrock-gate/readiness";

const minute = 60_000;

/** Processes of a gate, and its keeper, on one table. */
class World {
    readonly calls: string[] = [];
    readonly log: string[] = [];
    readonly store = new MemoryStore();
    time = Date.parse("2026-11-15T12:00Z");
    fails = false;

    process(idleMinutes = 10): Readiness {
        const call = async (name: string) => {
            await Promise.resolve();
            if (this.fails) throw new Error("no capacity");
            this.calls.push(name);
        };
        return new Readiness(idleMinutes, {
            store: this.store,
            instances: { begin: () => call("begin"), end: () => call("end") },
            now: () => new Date(this.time),
            log: (event) => void this.log.push(event),
        });
    }

    async use(gate: Readiness): Promise<void> {
        gate.used();
        // Nobody can wait for it.
        await new Promise((resolve) => setImmediate(resolve));
    }

    async lastUsedAt(): Promise<Item[string] | undefined> {
        return (await this.store.get({ partition: "gate", sort: "use" }))?.lastUsedAt;
    }
}

describe("E9: instances of the gate", () => {
    it("begin with the first use, and are asked for again every few minutes by a process that goes on", async () => {
        const world = new World();
        const gate = world.process();
        for (let minutes = 0; minutes < 12; minutes++) {
            await world.use(gate);
            world.time += minute;
        }
        assert.deepEqual(world.calls, ["begin", "begin", "begin"]);
    });

    it("are noted as used at most once a minute", async () => {
        const world = new World();
        const gate = world.process();
        const noted = new Set<unknown>();
        for (let step = 0; step < 60; step++) {
            await world.use(gate);
            noted.add(await world.lastUsedAt());
            world.time += 1000;
        }
        assert.equal(noted.size, 1);
        await world.use(gate);
        assert.equal(await world.lastUsedAt(), "2026-11-15T12:01:00.000Z");
    });

    it("end when nobody has used the gate for its time, and not before", async () => {
        const world = new World();
        const [gate, keeper] = [world.process(), world.process()];
        await world.use(gate);
        for (const [minutes, calls] of [
            [10, ["begin"]],
            [1, ["begin", "end"]],
            [5, ["begin", "end"]],
        ] as const) {
            world.time += minutes * minute;
            await keeper.endIfIdle();
            assert.deepEqual(world.calls, calls);
        }
    });

    it("begin again at once when the gate is used after that, by the same process too", async () => {
        const world = new World();
        const [gate, keeper] = [world.process(), world.process()];
        await world.use(gate);
        await keeper.end();
        await world.use(gate);
        assert.deepEqual(world.calls, ["begin", "end", "begin"]);
    });

    it("are tried to be ended again where that failed", async () => {
        const world = new World();
        const [gate, keeper] = [world.process(), world.process()];
        await world.use(gate);
        world.time += 20 * minute;
        world.fails = true;
        await assert.rejects(keeper.endIfIdle(), /no capacity/);
        world.fails = false;
        await keeper.endIfIdle();
        assert.deepEqual(world.calls, ["begin", "end"]);
    });

    it("that cannot be had are logged, and not asked for by every request", async () => {
        const world = new World();
        const gate = world.process();
        world.fails = true;
        for (let step = 0; step < 120; step++) {
            await world.use(gate);
            world.time += 1000;
        }
        assert.deepEqual(world.log, ["instances not kept ready"]);
    });

    it("that a former setting has left are ended, and nothing is where there never were any", async () => {
        const world = new World();
        const keeper = world.process(0);
        await keeper.endIfIdle();
        assert.deepEqual(world.calls, []);
        await world.use(world.process());
        world.time += minute;
        await keeper.endIfIdle();
        assert.deepEqual(world.calls, ["begin", "end"]);
    });
});
