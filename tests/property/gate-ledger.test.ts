// The gate's ledger in a world of its own: replicas that meet at every call of the table and die at any of them, clocks
// that go wrong by what AWS lets pass, months that end, operators, and a bill that is the truth.

import assert from "node:assert/strict";

import * as fc from "fast-check";

import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import {
    admission,
    lateSettlement,
    type Lease,
    leaseFor,
    leasesPartition,
    type Limits,
    type Refusal,
    refusalOf,
    release,
    settlement,
    totalsKey,
} from "../../functions/bedrock-gate/core/ledger";
import { counter, type Refused, type Store, text, type Write } from "../../functions/bedrock-gate/core/store";
import { nameOf } from "../../functions/bedrock-gate/core/time";
import { type Brake, ShutOff } from "../../functions/bedrock-gate/shut-off";
import { type Mishap, ScheduledStore, tableFails } from "../support/gate/scheduled-store";

/** What every request of these tests is of. */
const of = { model: "a.model", tokens: 100n };

const minute = 60_000;
/** By which a clock may be wrong before AWS refuses its signatures. */
const skew = 5 * minute;
const leaseTime = 15 * minute;
/** When a replica is ended whatever it does, as Lambda does: a lease outlives it. */
const functionTime = 14 * minute;

const limits: Limits = { microUsdPerMonth: 1000n, requestsPerHour: 1_000_000n, requestsPerDay: 1_000_000n };
const settings = { environment: "dev", microUsdPerMonth: limits.microUsdPerMonth, shutOffPercent: 95, hasGate: true };

/** One request and the replica that serves it. */
interface Plan {
    readonly ceiling: bigint;
    /** Percent of the ceiling that it costs. */
    readonly share: number;
    readonly sent: boolean;
    /** Of the replica's clock, in milliseconds. */
    readonly offset: number;
    /** How often it is settled: again, where nobody knows whether the first time has worked. */
    readonly settlements: number;
    /** Turns that it waits before each of them: one that waits for long finds its lease run out. */
    readonly pause: number;
    readonly mishaps: readonly Mishap[];
}

/** Somebody who looks after the shut-off. */
interface Chore {
    readonly kind: "keep" | "look" | "shut off" | "restore";
    /** Turns that it waits. */
    readonly pause: number;
    readonly offset: number;
    readonly mishaps: readonly Mishap[];
}

interface Billed {
    readonly id: string;
    readonly month: string;
    readonly cost: bigint;
}

const offset = fc.integer({ min: -skew, max: skew });
const mishaps = fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    {
        weight: 3,
        arbitrary: fc.array(
            fc.record({
                call: fc.nat(3),
                kind: fc.constantFrom("dies" as const, "fails" as const),
                done: fc.boolean(),
            }),
            { minLength: 1, maxLength: 2 },
        ),
    },
);
const plan: fc.Arbitrary<Plan> = fc.record({
    ceiling: fc.oneof(fc.bigInt({ min: 1n, max: 400n }), fc.constantFrom(500n, 1001n)),
    share: fc.oneof(fc.nat(100), fc.constant(100)),
    sent: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    offset,
    settlements: fc.integer({ min: 1, max: 3 }),
    pause: fc.oneof(fc.constant(0), fc.nat(20)),
    mishaps,
});
const chore: fc.Arbitrary<Chore> = fc.record({
    kind: fc.oneof(
        { weight: 4, arbitrary: fc.constant("keep" as const) },
        { weight: 1, arbitrary: fc.constantFrom("look" as const, "shut off" as const, "restore" as const) },
    ),
    pause: fc.nat(30),
    offset,
    mishaps,
});
/** Somewhere in a month, or shortly before it ends: this year's February, a leap year's, December. */
const start = fc
    .tuple(
        fc.constantFrom("2026-11-15T12:00Z", "2026-12-01T00:00Z", "2027-03-01T00:00Z", "2028-03-01T00:00Z"),
        fc.integer({ min: -40 * minute, max: 0 }),
    )
    .map(([end, before]) => Date.parse(end) + before);

/** A brake that is always at one place. */
class ModelBrake implements Brake {
    attached = false;

    constructor(private readonly scheduler?: fc.Scheduler) {}

    private async turn(on: boolean): Promise<void> {
        await this.scheduler?.schedule(Promise.resolve(), "to IAM");
        this.attached = on;
    }

    attach = () => this.turn(true);
    detach = () => this.turn(false);
    attachedTo = () => Promise.resolve(this.attached ? ("everybody" as const) : ("nobody" as const));
    isDenied = () => Promise.resolve(true);
}

/** A table that tells at once what it let pass, whether or not its user hears of it. */
class ObservedTable extends MemoryStore {
    readonly onDone = new WeakMap<readonly Write[], () => void>();

    override async transact(writes: readonly Write[]): Promise<Refused | undefined> {
        const refused = await super.transact(writes);
        if (!refused) this.onDone.get(writes)?.();
        return refused;
    }
}

class World {
    readonly table = new ObservedTable();
    readonly brake: ModelBrake;
    /** AWS's bill. */
    readonly billed: Billed[] = [];
    readonly refusals: Refusal[] = [];
    /** Every lease that a replica asked for, whatever came of it. */
    readonly leases: Lease[] = [];
    /** How each lease ended, by what the table let pass. */
    readonly ends = new Map<string, { readonly how: "settled" | "corrected" | "released"; readonly cost: bigint }>();
    private requests = 0;

    constructor(
        /** AWS's clock. */
        public time: number,
        readonly scheduler: fc.Scheduler,
    ) {
        this.brake = new ModelBrake(scheduler);
    }

    async tick(steps: readonly number[]): Promise<void> {
        for (const step of steps) {
            await this.scheduler.schedule(Promise.resolve(), "time passes");
            this.time += step;
        }
    }

    /** Serves a request as a gate does. */
    async serve({ ceiling, share, sent, offset: wrong, settlements, pause, mishaps: its }: Plan): Promise<void> {
        const store = new ScheduledStore(this.table, this.scheduler, its);
        const began = this.time;
        const now = () => new Date(this.time + wrong);
        const request = { id: `r${this.requests++}`, caller: "caller", ceiling, floor: ceiling, ...of };
        const lease = leaseFor(request, now(), leaseTime);
        this.leases.push(lease);
        const refused = await store.transact(admission(lease, limits, now()));
        if (refused) {
            this.refusals.push(refusalOf(refused, lease, limits, now()));
            return;
        }
        if (this.time > began + functionTime) return;
        if (!sent) return void (await this.end(store, lease, "released", 0n));
        await this.scheduler.schedule(Promise.resolve(), "to AWS");
        // It was ended before its call came through.
        if (this.time > began + functionTime) return;
        const cost = (ceiling * BigInt(share) + 99n) / 100n;
        this.bill({ id: lease.id, month: nameOf("month", new Date(this.time)), cost }, lease);
        for (let time = 0; time < settlements; time++) {
            await this.wait(pause, "settles");
            try {
                const done = await this.end(store, lease, "settled", cost);
                if (!done) await this.end(store, lease, "corrected", cost);
            } catch {
                // It tries again.
            }
        }
    }

    private async end(store: Store, lease: Lease, how: "settled" | "corrected" | "released", cost: bigint) {
        const charge = { microUsd: cost, model: "model", inputTokens: 1n, outputTokens: 1n };
        const writes = {
            settled: () => settlement(lease, charge, new Date(this.time)),
            corrected: () => lateSettlement(lease, charge, new Date(this.time)),
            released: () => release(lease),
        }[how]();
        this.table.onDone.set(writes, () => this.note(lease, how, cost));
        return (await store.transact(writes)) === undefined;
    }

    private note({ id }: Lease, how: "settled" | "corrected" | "released", cost: bigint): void {
        assert.equal(this.ends.has(id), false, `${id} ended twice`);
        this.ends.set(id, { how, cost });
    }

    private bill(call: Billed, { months }: Lease): void {
        assert.ok(months.includes(call.month), `billed in ${call.month}, set aside in ${months.join()}`);
        this.billed.push(call);
        assert.ok(this.truth(call.month) <= limits.microUsdPerMonth, `overspent in ${call.month}`);
    }

    truth(month: string, among: (call: Billed) => boolean = () => true): bigint {
        return this.billed
            .filter((call) => call.month === month && among(call))
            .reduce((sum, { cost }) => sum + cost, 0n);
    }

    get months(): string[] {
        return [...new Set(this.leases.flatMap(({ months }) => months))];
    }

    shutOff(store: Store, wrong: number, brake: Brake = this.brake): ShutOff {
        const now = () => new Date(this.time + wrong);
        return new ShutOff(settings, { store, brake, now, log: () => undefined, alert: () => Promise.resolve() });
    }

    private async wait(turns: number, what: string): Promise<void> {
        for (let turn = 0; turn < turns; turn++) await this.scheduler.schedule(Promise.resolve(), what);
    }

    async do({ kind, pause, offset: wrong, mishaps: its }: Chore): Promise<void> {
        const shutOff = this.shutOff(new ScheduledStore(this.table, this.scheduler, its), wrong);
        await this.wait(pause, kind);
        if (kind === "keep") await shutOff.keep();
        if (kind === "look") await shutOff.look();
        if (kind === "shut off") await shutOff.engage("bypass");
        if (kind === "restore") await shutOff.restore({ reason: "a test", by: "operator" });
    }

    /** What the ledger must hold: each lease as it ended, once. */
    async checkTotals(): Promise<void> {
        for (const month of this.months) {
            const totals = await this.table.get(totalsKey(month));
            const open = await this.table.list(leasesPartition(month));
            const charged = await this.table.list(`charged#${month}`);
            let [spent, held] = [0n, 0n];
            for (const lease of this.leases.filter(({ months }) => months.includes(month))) {
                const sort = `${lease.expiresAt.toISOString()}#${lease.id}`;
                const end = this.ends.get(lease.id);
                const states = [open.has(sort), charged.has(sort), end !== undefined].filter(Boolean);
                assert.ok(states.length <= 1, `${lease.id} is in more than one state`);
                if (open.has(sort)) held += lease.ceiling;
                if (charged.has(sort)) spent += lease.ceiling;
                spent += end?.cost ?? 0n;
            }
            assert.equal(counter(totals, "spent"), spent, `spent in ${month}`);
            assert.equal(counter(totals, "held"), held + spent, `held in ${month}`);
            assert.ok(held + spent <= limits.microUsdPerMonth, `more is held in ${month} than there is`);
            const settled = this.truth(month, ({ id }) => this.ends.has(id));
            assert.ok(spent >= settled, `${settled} were settled in ${month}, ${spent} are spent`);
            assert.ok(held + spent >= this.truth(month), `a call of ${month} is neither spent nor held`);
        }
    }
}

/** What goes on in a world until nothing is left to do. */
async function run(world: World, work: readonly Promise<unknown>[]): Promise<void> {
    const failures: unknown[] = [];
    for (const one of work) {
        one.catch((error: Error) => {
            if (error.message !== tableFails) failures.push(error);
        });
    }
    await world.scheduler.waitFor(Promise.resolve());
    await world.scheduler.waitIdle();
    if (failures.length > 0) throw failures[0];
}

describe("the gate's ledger, whatever happens in whatever order", function () {
    this.timeout(120_000);

    const happenings = fc.record({
        scheduler: fc.scheduler(),
        start,
        plans: fc.array(plan, { minLength: 1, maxLength: 8 }),
        chores: fc.array(chore, { maxLength: 6 }),
        ticks: fc.array(fc.oneof(fc.nat(minute), fc.nat(25 * minute)), { maxLength: 8 }),
        /** For how long nobody has looked after the leases when somebody does again. */
        neglect: fc.constantFrom(0, 3 * 24 * 60 * minute),
        lastOffset: offset,
        asked: fc.bigInt({ min: 1n, max: 1001n }),
    });

    it("never overspends, loses no settled call, charges each once, and frees what nobody settles", async () => {
        const seen = { refusals: 0, corrected: 0, expired: 0, twoMonths: 0, admitted: 0, shutOff: 0 };
        await fc.assert(
            fc.asyncProperty(
                happenings,
                async ({ scheduler, start, plans, chores, ticks, neglect, lastOffset, asked }) => {
                    const world = new World(start, scheduler);
                    await run(world, [
                        world.tick(ticks),
                        ...plans.map((one) => world.serve(one)),
                        ...chores.map((one) => world.do(one)),
                    ]);
                    await world.checkTotals();
                    seen.refusals += world.refusals.length;
                    seen.corrected += [...world.ends.values()].filter(({ how }) => how === "corrected").length;
                    seen.twoMonths += world.leases.filter(({ months }) => months.length === 2).length;

                    // The clock of a replica that made a lease, that of the sweeper, and what the sweeper allows for.
                    world.time += leaseTime + 3 * skew + 1 + neglect;
                    const brake = new ModelBrake();
                    brake.attached = world.brake.attached;
                    await world.shutOff(world.table, lastOffset, brake).keep();
                    await world.checkTotals();
                    const month = nameOf("month", new Date(world.time + lastOffset));
                    const totals = await world.table.get(totalsKey(month));
                    const isShut = text(totals, "shutOffAt") !== undefined;
                    assert.equal(brake.attached, isShut, "the brake is not as the ledger says");
                    const isDue = counter(totals, "spent") * 100n >= limits.microUsdPerMonth * 95n;
                    if (isDue && text(totals, "restoredUntil") === undefined) assert.ok(isShut, "it is not shut off");
                    for (const one of world.months) {
                        assert.equal(
                            (await world.table.list(leasesPartition(one))).size,
                            0,
                            `leases of ${one} are left`,
                        );
                        seen.expired += (await world.table.list(`charged#${one}`)).size;
                    }

                    const now = new Date(world.time + lastOffset);
                    const request = { id: "last", caller: "caller", ceiling: asked, floor: asked, ...of };
                    const lease = leaseFor(request, now, leaseTime);
                    const refused = await world.table.transact(admission(lease, limits, now));
                    const counted = await Promise.all(lease.months.map((one) => world.table.get(totalsKey(one))));
                    const fits = counted.every(
                        (one, index) =>
                            (lease.months[index] !== nameOf("month", now) || text(one, "shutOffAt") === undefined) &&
                            counter(one, "spent") + asked <= limits.microUsdPerMonth,
                    );
                    assert.equal(
                        refused === undefined,
                        fits,
                        fits ? "it fits and is refused" : "admitted, and does not fit",
                    );
                    if (refused) assert.equal(refusalOf(refused, lease, limits, now).code, "budget_exceeded");
                    seen.admitted += refused ? 0 : 1;
                    seen.shutOff += isShut ? 1 : 0;
                },
            ),
            { numRuns: 3000 },
        );
        // A world in which these never happen would prove nothing.
        for (const [what, times] of Object.entries(seen)) assert.ok(times > 20, `${what}: ${times}`);
    });

    it("lets at least 95 % of the budget be used where nothing crashes", async () => {
        const plans = fc.record({
            scheduler: fc.scheduler(),
            ceilings: fc.array(fc.bigInt({ min: 1n, max: 10n }), { minLength: 3, maxLength: 20 }),
            shares: fc.array(fc.integer({ min: 10, max: 100 }), { minLength: 1, maxLength: 20 }),
            workers: fc.integer({ min: 1, max: 4 }),
        });
        await fc.assert(
            fc.asyncProperty(plans, async ({ scheduler, ceilings, shares, workers }) => {
                const world = new World(Date.parse("2026-11-15T12:00Z"), scheduler);
                const store = new ScheduledStore(world.table, scheduler);
                const shutOff = world.shutOff(store, 0);
                let truth = 0n;
                let requests = 0;
                const work = async () => {
                    for (;;) {
                        const number = requests++;
                        const ceiling = ceilings[number % ceilings.length];
                        const cost = (ceiling * BigInt(shares[number % shares.length]) + 99n) / 100n;
                        const now = new Date(world.time);
                        const request = { id: `r${number}`, caller: "caller", ceiling, floor: ceiling, ...of };
                        const lease = leaseFor(request, now, leaseTime);
                        const refused = await store.transact(admission(lease, limits, now));
                        if (refused) {
                            if (refusalOf(refused, lease, limits, now).code === "budget_exceeded") return;
                            continue;
                        }
                        truth += cost;
                        const charge = { microUsd: cost, model: "model", inputTokens: 1n, outputTokens: 1n };
                        assert.equal(await store.transact(settlement(lease, charge, now)), undefined);
                        await shutOff.look();
                    }
                };
                await run(
                    world,
                    Array.from({ length: workers }, () => work()),
                );
                assert.ok(truth * 100n >= limits.microUsdPerMonth * 95n, `${truth} of ${limits.microUsdPerMonth}`);
                assert.ok(truth <= limits.microUsdPerMonth);
            }),
            { numRuns: 20 },
        );
    });
});
