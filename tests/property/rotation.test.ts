// A rotation is killed at every moment, in a world of its own: the steps are the tool's, everything else is a model of
// what IAM, the engine and those who use the keys do. The real ones are in tests/rotation.

import assert from "node:assert/strict";

import * as fc from "fast-check";

import { type AccessKeySettings, refuseOlder } from "../../components/scoped-identity/access-keys";
import { evidenceOf } from "../../ops/rotate/evidence";
import { type Goal, goalOf, nextStep, type Step } from "../../ops/rotate/plan";
import { type Situation } from "../../ops/rotate/situation";

const quietSeconds = 60;
const graceSeconds = 60;

class Killed extends Error {}

interface ModelKey {
    id: string;
    /** Undefined where the engine was killed before it knew of the key. */
    generation?: number;
    active: boolean;
    created: number;
    lastUsed?: number;
    /** Before then AWS refuses it now and then. */
    validFrom: number;
}

/** Seconds, keys, and consumers that take what is published after a while. */
class World {
    time = 1_000_000;
    file: AccessKeySettings = { revision: 1, generations: [1], published: 1 };
    tag: AccessKeySettings = this.file;
    keys: ModelKey[] = [{ id: "AKIA1", generation: 1, active: true, created: 0, validFrom: 0 }];
    /** Id of the key that the stack hands out. */
    published = "AKIA1";
    /** What each consumer uses, and when it looks for another key. */
    consumers: { key: string; looks: number; every: number }[];
    private made = 1;
    private untilKill = Infinity;

    constructor(
        periods: readonly number[],
        private readonly lags: () => number,
    ) {
        this.consumers = periods.map((every) => ({ key: "AKIA1", looks: every, every }));
    }

    killAfter(moments: number): void {
        this.untilKill = moments;
    }

    /** Something happened from which the world cannot go back; here the tool may die. */
    private moment(): void {
        assert.ok(this.keys.length <= 2, "never more than two keys");
        this.pass(1);
        if (--this.untilKill < 0) throw new Killed();
    }

    /** Time passes; every consumer works all the while. */
    pass(seconds: number): void {
        for (let second = 0; second < seconds; second++) {
            this.time++;
            for (const consumer of this.consumers) {
                if (this.time >= consumer.looks) {
                    consumer.key = this.published;
                    consumer.looks = this.time + consumer.every;
                }
                const key = this.keys.find(({ id }) => id === consumer.key);
                assert.ok(key, `a consumer's key ${consumer.key} was deleted`);
                assert.ok(key.active, `a consumer's key ${consumer.key} was made inactive`);
                assert.ok(this.time >= key.validFrom, `key ${consumer.key} was published before AWS knew it`);
                key.lastUsed = this.time;
            }
        }
    }

    /** What recovery does with a key whose secret nobody has. */
    recover(): void {
        this.keys = this.keys.filter(({ generation }) => generation !== undefined);
    }

    situation(): Situation {
        const { file } = this;
        const of = (generation: number) => this.keys.find((key) => key.generation === generation);
        const date = (seconds: number | undefined) => (seconds === undefined ? undefined : new Date(seconds * 1000));
        const [current, old] = [of(file.published), file.retiring && of(file.retiring.generation)];
        return {
            now: new Date(this.time * 1000),
            fileName: "the file",
            settings: file,
            applied: this.tag,
            keys: this.keys.map(({ id, generation, active, created, lastUsed }) => ({
                id,
                generation,
                active,
                created: new Date(created * 1000),
                lastUsed: date(lastUsed),
            })),
            publishedAsDeclared: current?.id === this.published,
            publishedWorks: current?.active === true,
            evidence:
                file.retiring && current && old?.active
                    ? evidenceOf({
                          now: new Date(this.time * 1000),
                          since: new Date(file.since!),
                          quietSeconds,
                          timeoutSeconds: 300,
                          granularitySeconds: 1,
                          published: { generation: file.published, id: current.id },
                          retiring: file.retiring,
                          lastUse: { published: date(current.lastUsed), retiring: date(old.lastUsed) },
                      })
                    : [],
            confirmed: true,
            graceSeconds,
        };
    }

    /** The engine, in its order: the user's tag, new keys, what stands on keys, what is deleted. */
    apply(settings: AccessKeySettings): void {
        this.file = settings;
        this.moment();
        assert.equal(refuseOlder(this.tag, settings), undefined, "the component takes every step");
        this.tag = settings;
        this.moment();
        for (const generation of settings.generations) {
            if (this.keys.some((key) => key.generation === generation)) continue;
            const id = `AKIA${++this.made}`;
            const created: ModelKey = { id, active: true, created: this.time, validFrom: this.time + this.lags() };
            this.keys.push(created);
            this.moment();
            created.generation = generation;
            this.moment();
        }
        for (const key of this.keys) {
            key.active = !(settings.retiring?.inactive && settings.retiring.generation === key.generation);
            this.moment();
        }
        this.published = this.keys.find(({ generation }) => generation === settings.published)!.id;
        this.moment();
        this.keys = this.keys.filter(({ generation }) => settings.generations.includes(generation!));
        this.moment();
    }

    /** As long as it takes until AWS knows the key everywhere. */
    prove(generation: number): void {
        const { validFrom } = this.keys.find((key) => key.generation === generation)!;
        this.pass(Math.max(0, validFrom - this.time) + 1);
    }
}

/** A run of the tool. Returns whether it came to its end; a killed one did not. */
function run(world: World, rollback: boolean): boolean {
    world.recover();
    try {
        const goal: Goal = goalOf(world.situation(), rollback);
        for (let steps = 0; steps < 500; steps++) {
            const step: Step = nextStep(world.situation(), goal);
            if (step.kind === "done") return true;
            if (step.kind === "stop") {
                // All that may stop a run here is that a way back has been walked to its end.
                assert.ok(rollback && world.file.generations.length === 1, `${step.reason} ${step.fix}`);
                return true;
            }
            if (step.kind === "wait") {
                world.pass(step.until ? Math.ceil((step.until.getTime() - world.time * 1000) / 1000) : 1);
                continue;
            }
            assert.ok(step.kind !== "handOut", "there are no files here");
            if (step.kind === "prove") world.prove(step.generation);
            world.apply(step.settings);
        }
        assert.fail(`no end: ${JSON.stringify(world.file)}`);
    } catch (error) {
        if (!(error instanceof Killed)) throw error;
        return false;
    }
}

describe("a rotation that is killed at any moment", () => {
    const scenario = fc.record({
        consumers: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }),
        lags: fc.infiniteStream(fc.integer({ min: 0, max: 60 })),
        runs: fc.array(fc.record({ rollback: fc.boolean(), kill: fc.option(fc.nat(40)) }), { maxLength: 12 }),
    });

    it("is finished by the next run: one key, the published one, and no consumer was refused", () =>
        fc.assert(
            fc.property(scenario, ({ consumers, lags, runs }) => {
                const world = new World(consumers, () => lags.next().value);
                for (const { rollback, kill } of runs) {
                    world.killAfter(kill ?? Infinity);
                    run(world, rollback);
                }
                world.killAfter(Infinity);
                assert.ok(run(world, false));
                const [only, ...others] = world.keys;
                assert.deepEqual([others, only.id, only.active], [[], world.published, true]);
                assert.deepEqual(world.tag, world.file);
                assert.equal(world.file.generations.length, 1);
            }),
            { numRuns: 500 },
        ));

    it("takes five revisions and one new generation where nobody disturbs it", () => {
        const world = new World([10], () => 30);
        assert.ok(run(world, false));
        const { revision, generations, published } = world.file;
        assert.deepEqual({ revision, generations, published }, { revision: 5, generations: [2], published: 2 });
    });
});
