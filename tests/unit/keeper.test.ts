import assert from "node:assert/strict";

import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import { control } from "../../functions/bedrock-gate/control";
import { totalsKey } from "../../functions/bedrock-gate/core/ledger";
import { counter, type Item, text } from "../../functions/bedrock-gate/core/store";
import { noTokens, type TokenUsage } from "../../functions/bedrock-gate/core/usage";
import { type Brake, ShutOff } from "../../functions/bedrock-gate/shut-off";
import { Watch } from "../../functions/bedrock-gate/watch";

const model = "meta.one-v1:0";
const key = totalsKey("2026-11");

/** A keeper on a table in memory, with a brake and a CloudWatch of its own. */
class Keeper {
    readonly store = new MemoryStore();
    readonly alerts: string[] = [];
    counted: readonly [string, Partial<TokenUsage>][] = [];
    time = Date.parse("2026-11-15T12:00Z");
    attached = false;
    attachFails = false;
    alertFails = false;
    readonly shutOff: ShutOff;
    readonly watch: Watch;
    readonly now = () => new Date(this.time);

    constructor(hasGate: boolean, isDenied?: Brake["isDenied"]) {
        const settings = {
            environment: "dev",
            region: "us-east-1",
            // A token of the model costs a micro-dollar.
            prices: { [model]: { input: 1_000_000, output: 1_000_000 } },
            microUsdPerMonth: 1_000n,
            shutOffPercent: 95,
            budgetServices: ["Amazon Bedrock"],
            hasGate,
            bypassShutsOff: false,
        };
        const ground = {
            store: this.store,
            now: this.now,
            log: () => undefined,
            alert: async (subject: string, message: string) => {
                await Promise.resolve();
                if (this.alertFails) throw new Error("no topic");
                this.alerts.push(`${subject}: ${message}`);
            },
        };
        const turn = async (on: boolean) => {
            await Promise.resolve();
            if (on && this.attachFails) throw new Error("LimitExceeded");
            this.attached = on;
        };
        const brake: Brake = {
            attach: () => turn(true),
            detach: () => turn(false),
            attachedTo: () => Promise.resolve(this.attached ? "everybody" : "nobody"),
            ...(isDenied ? { isDenied } : {}),
        };
        this.shutOff = new ShutOff(settings, { ...ground, brake });
        this.watch = new Watch(settings, {
            ...ground,
            shutOff: this.shutOff,
            tokens: () =>
                Promise.resolve(new Map(this.counted.map(([id, usage]) => [id, { ...noTokens, ...usage }] as const))),
            bill: () => Promise.resolve({}),
        });
    }

    async keep(minutes = 5): Promise<void> {
        this.time += minutes * 60_000;
        await control({ task: "keep" }, this);
    }

    get totals(): Promise<Item | undefined> {
        return this.store.get(key);
    }

    async amounts(): Promise<bigint[]> {
        const totals = await this.totals;
        return [counter(totals, "spent"), counter(totals, "held")];
    }
}

describe("E4: the keeper without a gate", () => {
    it("writes what CloudWatch's tokens cost as what the month has spent, whatever stood there", async () => {
        const keeper = new Keeper(false);
        keeper.counted = [[model, { input: 300n, output: 200n }]];
        await keeper.keep();
        assert.deepEqual(await keeper.amounts(), [500n, 500n]);
        assert.ok(counter(await keeper.totals, "expiresAt") > 0n);
        keeper.counted = [[model, { input: 400n, output: 200n }]];
        await keeper.keep();
        assert.deepEqual(await keeper.amounts(), [600n, 600n]);
        await keeper.store.transact([{ key, add: { held: 7n } }]);
        await keeper.keep();
        assert.deepEqual(await keeper.amounts(), [600n, 600n]);
        assert.deepEqual([keeper.attached, keeper.alerts], [false, []]);
    });

    it("shuts off at 95 %, tells of it once, and restores as the next month begins", async () => {
        const keeper = new Keeper(false);
        keeper.counted = [[model, { input: 949n }]];
        await keeper.keep();
        assert.equal(keeper.attached, false);
        keeper.counted = [[model, { input: 950n }]];
        await keeper.keep();
        assert.equal(keeper.attached, true);
        assert.equal(text(await keeper.totals, "shutOffBy"), "meter");
        await keeper.keep();
        assert.equal(keeper.alerts.length, 1);
        assert.match(keeper.alerts[0], /by what CloudWatch has counted\. It is shut off since 2026-11-15T12:10/);
        keeper.counted = [];
        keeper.time = Date.parse("2026-12-01T00:00Z");
        await keeper.keep(0);
        assert.equal(keeper.attached, false);
    });

    it("leaves a budget open that an operator has restored", async () => {
        const keeper = new Keeper(false);
        keeper.counted = [[model, { input: 2_000n }]];
        await keeper.keep();
        await control({ task: "restore", reason: "a test", by: "operator" }, keeper);
        await keeper.keep();
        assert.equal(keeper.attached, false);
        assert.deepEqual(await keeper.amounts(), [2_000n, 2_000n]);
    });

    it("alarms once a day of a model without a price, and counts the others", async () => {
        const keeper = new Keeper(false);
        keeper.counted = [
            [model, { input: 5n }],
            ["someone.unknown-v1:0", { input: 1n }],
        ];
        await keeper.keep();
        await keeper.keep();
        assert.equal(keeper.alerts.length, 1);
        assert.match(keeper.alerts[0], /someone\.unknown-v1:0.*llm-models\.prices/);
        assert.deepEqual(await keeper.amounts(), [5n, 5n]);
        await keeper.keep(24 * 60);
        assert.equal(keeper.alerts.length, 2);
    });

    it("a trial denies as the keeper next looks, and leaves what was spent", async () => {
        const keeper = new Keeper(false);
        keeper.counted = [[model, { input: 100n }]];
        await keeper.keep();
        await control({ task: "beginTrial", seconds: 300 }, keeper);
        await keeper.keep(0);
        assert.equal(keeper.attached, true);
        assert.deepEqual(await keeper.amounts(), [950n, 950n]);
        assert.match(keeper.alerts[0], /\(trial\)/);
        keeper.counted = [[model, { input: 110n }]];
        await keeper.keep(1);
        assert.deepEqual(await keeper.amounts(), [960n, 960n]);
        await control({ task: "endTrial" }, keeper);
        assert.equal(keeper.attached, false);
        assert.deepEqual(await keeper.amounts(), [110n, 110n]);
    });

    it("reports no ledger: there is none but its own estimate", async () => {
        const keeper = new Keeper(false);
        keeper.counted = [[model, { input: 100n }]];
        await keeper.keep();
        const report = await keeper.watch.report();
        assert.equal(report.ledger, undefined);
        assert.deepEqual([report.cloudWatch.spentMicroUsd, report.spentMicroUsd], ["100", "100"]);
    });
});

describe("E4: with a gate", () => {
    it("the keeper leaves the ledger alone, and alarms once a day of tokens past the gate", async () => {
        const keeper = new Keeper(true);
        keeper.counted = [[model, { input: 2_000n }]];
        await keeper.keep();
        await keeper.keep();
        assert.deepEqual(await keeper.amounts(), [0n, 0n]);
        assert.equal(keeper.attached, false);
        assert.equal(keeper.alerts.length, 1);
        assert.match(keeper.alerts[0], /past the gate/);
    });
});

describe("E4: people are told of a shut-off, whatever fails meanwhile", () => {
    const mark = (keeper: Keeper) =>
        keeper.store.transact([{ key, set: { shutOffAt: keeper.now().toISOString(), shutOffBy: "meter" } }]);

    it("whoever began it was killed after its mark: the keeper attaches the deny, and tells when it is sure", async () => {
        const keeper = new Keeper(true);
        await mark(keeper);
        await keeper.keep(1);
        assert.deepEqual([keeper.attached, keeper.alerts.length], [true, 0]);
        await keeper.keep(5);
        await keeper.keep(5);
        assert.equal(keeper.alerts.length, 1);
        assert.match(keeper.alerts[0], /since 2026-11-15T12:00/);
    });

    it("the deny cannot be attached: they are told so at once, and it is tried again", async () => {
        const keeper = new Keeper(true);
        keeper.attachFails = true;
        await assert.rejects(keeper.shutOff.engage("meter"), /LimitExceeded/);
        assert.equal(keeper.alerts.length, 1);
        assert.match(keeper.alerts[0], /could not be attached \(LimitExceeded\)/);
        await assert.rejects(keeper.keep(), /LimitExceeded/);
        keeper.attachFails = false;
        await keeper.keep();
        assert.deepEqual([keeper.attached, keeper.alerts.length], [true, 1]);
    });

    it("they cannot be told: the keeper tells them later", async () => {
        const keeper = new Keeper(true);
        keeper.alertFails = true;
        await assert.rejects(keeper.shutOff.engage("meter"), /no topic/);
        assert.equal(keeper.attached, true);
        keeper.alertFails = false;
        await keeper.keep();
        await keeper.keep();
        assert.equal(keeper.alerts.length, 1);
    });

    it("a probe that fails is asked again, and what it says in the end is told", async () => {
        let asked = 0;
        const keeper = new Keeper(true, () =>
            asked++ === 0 ? Promise.reject(new Error("cut")) : Promise.resolve(true),
        );
        await keeper.shutOff.engage("meter");
        assert.equal(asked, 2);
        assert.match(keeper.alerts[0], /AWS denied invocations 0 ms later/);
        assert.equal((await keeper.totals)?.deniedAfterMs, 0n);
    });

    it("restored and shut off again, they are told again", async () => {
        const keeper = new Keeper(true);
        await keeper.shutOff.engage("meter");
        await keeper.shutOff.restore({ reason: "a test", by: "operator" });
        await keeper.shutOff.engage("bypass");
        assert.equal(keeper.alerts.length, 1, "an operator's restoration holds");
        await keeper.shutOff.restore({ reason: "a test", by: "operator", until: new Date(0) });
        await keeper.shutOff.engage("bypass");
        assert.equal(keeper.alerts.length, 2);
        assert.notEqual(text(await keeper.totals, "toldAt"), undefined);
    });
});
