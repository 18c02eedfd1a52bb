import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import {
    type BedrockRuntimeClient,
    ConverseCommand,
    type ConverseCommandInput,
    ConverseStreamCommand,
    type ConverseStreamOutput,
    InvokeModelCommand,
    InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";

import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import { leasesPartition, savingsKey, totalsKey } from "../../functions/bedrock-gate/core/ledger";
import { type GateSettings } from "../../functions/bedrock-gate/core/settings";
import { type Write } from "../../functions/bedrock-gate/core/store";
import { nameOf } from "../../functions/bedrock-gate/core/time";
import { ShutOff } from "../../functions/bedrock-gate/shut-off";
import { type FakeBedrock, type FakeOptions, startFakeBedrock } from "../support/bedrock";
import { TestGate, type TestGateOptions, watch } from "../support/gate/test-gate";

const llama = "meta.llama3-3-70b-instruct-v1:0";
const claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const unpriced = "meta.codellama-34b-instruct-v1:0";

const cached = { cacheRead: 300_000, cacheWrite5m: 3_750_000, cacheWrite1h: 6_000_000 };
const rates = {
    [llama]: { input: 720_000, output: 720_000, maxOutputTokens: 4096 },
    [claude]: { input: 3_000_000, output: 15_000_000, ...cached, maxOutputTokens: 8192 },
};
const half = { input: 360_000, output: 360_000 };
const dearer = { input: 1_260_000, output: 1_260_000 };

const settings: GateSettings = {
    environment: "dev",
    region: "us-east-1",
    endpoint: "http://127.0.0.1:1",
    table: "gate",
    microUsdPerMonth: 1_000_000n,
    shutOffPercent: 95,
    models: [llama, claude, unpriced],
    requestsPerHour: 1000n,
    requestsPerDay: 1000n,
    cacheSeconds: 60,
    callSeconds: 60,
    leaseSeconds: 120,
    tiers: ["small", "large"],
    prices: { ...rates, [llama]: { ...rates[llama], tiers: { flex: half, priority: dearer } } },
    brake: { policyArn: "arn", users: [], roles: [] },
    topicArn: "arn",
    budgetServices: ["Amazon Bedrock"],
    hasGate: true,
    bypassShutsOff: false,
};

/** What the fake bills, in its own words. */
const prices: FakeOptions["prices"] = {
    [llama]: { input: 720_000, output: 720_000, tierPercent: { flex: 50, priority: 175, reserved: 200 } },
    [claude]: { input: 3_000_000, output: 15_000_000, ...cached },
};

let prompts = 0;
/** A prompt that nobody has asked before. */
const prompt = (more = "") => `${more} ${prompts++}`;
const saying = (text: string, more: Partial<ConverseCommandInput> = {}): ConverseCommandInput => ({
    modelId: llama,
    messages: [{ role: "user", content: [{ text }] }],
    ...more,
});
const limited = (maxTokens: number) => ({ inferenceConfig: { maxTokens } });
const claudeBody = (content: string, max_tokens = 100) =>
    JSON.stringify({ anthropic_version: "bedrock-2023-05-31", max_tokens, messages: [{ role: "user", content }] });

async function eventsOf(client: BedrockRuntimeClient, input: ConverseCommandInput): Promise<ConverseStreamOutput[]> {
    const { stream } = await client.send(new ConverseStreamCommand(input));
    const events: ConverseStreamOutput[] = [];
    for await (const event of stream!) events.push(event);
    return events;
}

async function invokedStream(client: BedrockRuntimeClient, modelId: string, body: string): Promise<string> {
    const { body: stream } = await client.send(new InvokeModelWithResponseStreamCommand({ modelId, body }));
    let all = "";
    for await (const { chunk } of stream!) all += Buffer.from(chunk!.bytes!).toString("utf8");
    return all;
}

const converse = (client: BedrockRuntimeClient, text: string, more: Partial<ConverseCommandInput> = {}) =>
    client.send(new ConverseCommand(saying(text, more)));

describe("the gate in front of Bedrock", () => {
    let fake: FakeBedrock;
    let gates: TestGate[] = [];

    before(async () => (fake = await startFakeBedrock({ prices, quiet: true })));
    beforeEach(() => fake.reset());
    afterEach(async () => {
        await Promise.all(gates.map((gate) => gate.close()));
        gates = [];
    });
    after(() => fake.close());

    async function gateWith(options: TestGateOptions = {}, to = fake): Promise<TestGate> {
        const gate = await TestGate.start(to, settings, options);
        gates.push(gate);
        return gate;
    }

    /** What is spent is exactly what is billed, and nothing is reserved any more. */
    async function assertExact(gate: TestGate): Promise<void> {
        const { spent, held } = await gate.totals();
        assert.deepEqual([spent, held], [fake.bill.totalMicroUsd, fake.bill.totalMicroUsd]);
    }

    describe("counts to the micro-dollar what", () => {
        it("Converse costs, what a cache took too", async () => {
            const gate = await gateWith();
            const text = prompt("[[out=37]] [[cacheRead=5]] [[cacheWrite=3]] [[cacheWrite1h=4]]");
            await converse(gate.client(), text, { modelId: claude, ...limited(100) });
            assert.ok(fake.bill.totalMicroUsd > 0n);
            await assertExact(gate);
        });

        it("ConverseStream costs", async () => {
            const gate = await gateWith();
            const text = prompt("[[out=37]] [[cacheRead=5]] [[cacheWrite=3]]");
            const events = await eventsOf(gate.client(), saying(text, { modelId: claude }));
            assert.equal(events.at(-1)?.metadata?.usage?.outputTokens, 37);
            await assertExact(gate);
        });

        it("InvokeModel costs", async () => {
            const gate = await gateWith();
            const body = claudeBody(prompt("[[out=37]] [[cacheRead=5]] [[cacheWrite1h=4]]"));
            await gate.client().send(new InvokeModelCommand({ modelId: claude, body }));
            await assertExact(gate);
        });

        it("InvokeModelWithResponseStream costs", async () => {
            const gate = await gateWith();
            const text = await invokedStream(gate.client(), claude, claudeBody(prompt("[[out=37]] [[cacheRead=5]]")));
            assert.match(text, /word/);
            await assertExact(gate);
        });

        it("many requests at the same time cost", async () => {
            const gate = await gateWith();
            const client = gate.client();
            await Promise.all(
                Array.from({ length: 40 }, (_, number) =>
                    number % 2 ? converse(client, prompt()) : eventsOf(client, saying(prompt())),
                ),
            );
            assert.equal(fake.bill.calls, 40);
            assert.equal((await gate.totals()).calls, 40n);
            await assertExact(gate);
        });

        it("another service tier costs: the one that served it", async () => {
            for (const served of ["flex", "priority"] as const) {
                fake.reset();
                const gate = await gateWith();
                fake.fail({ kind: "tier", served, times: 2 });
                await converse(gate.client(), prompt("[[out=37]]"));
                await eventsOf(gate.client(), saying(prompt("[[out=37]]")));
                await assertExact(gate);
            }
        });

        it("a service tier costs that has no price here, at least as much as it may", async () => {
            const gate = await gateWith();
            fake.fail({ kind: "tier", served: "reserved" });
            await converse(gate.client(), prompt("[[out=37]]"), limited(38));
            const { spent, held } = await gate.totals();
            assert.ok(spent >= fake.bill.totalMicroUsd, `${spent} of ${fake.bill.totalMicroUsd}`);
            assert.equal(held, spent);
        });
    });

    it("asks for the longest answer that it counts with where its caller names no limit", async () => {
        const own = { [llama]: { ...rates[llama], maxOutputTokens: 50 } };
        const gate = await gateWith({ settings: { prices: own } });
        const answer = await converse(gate.client(), prompt("[[out=500]]"));
        assert.equal(answer.usage?.outputTokens, 50);
        assert.deepEqual(fake.calls[0].body?.inferenceConfig, { maxTokens: 50 });
        await assertExact(gate);
        assert.equal(gate.log.length, 0);
    });

    describe("with a cache", () => {
        it("answers a second time without a call, and says what that saved", async () => {
            const gate = await gateWith();
            const client = gate.client();
            const seen = watch(client);
            const text = prompt();
            const first = await converse(client, text);
            assert.equal(seen.headers["x-gate-cache"], "miss");
            assert.equal(seen.headers["x-gate-cost-microusd"], String(fake.bill.totalMicroUsd));
            const second = await converse(client, text);
            assert.equal(seen.headers["x-gate-cache"], "hit");
            assert.equal(seen.headers["x-gate-saved-microusd"], String(fake.bill.totalMicroUsd));
            assert.deepEqual([second.output, second.usage], [first.output, first.usage]);
            assert.equal(fake.calls.length, 1);
            const savings = await gate.store.get(savingsKey(nameOf("month", new Date())));
            assert.deepEqual([savings?.hits, savings?.saved], [1n, fake.bill.totalMicroUsd]);
            await assertExact(gate);
        });

        it("plays streams again as streams", async () => {
            const gate = await gateWith();
            const client = gate.client();
            const input = saying(prompt());
            assert.deepEqual(await eventsOf(client, input), await eventsOf(client, input));
            const body = claudeBody(prompt());
            const [one, other] = [await invokedStream(client, claude, body), await invokedStream(client, claude, body)];
            assert.equal(one, other);
            assert.equal(fake.calls.length, 2);
        });

        it("shares no answer between callers, operations, limits or service tiers", async () => {
            const gate = await gateWith();
            const text = prompt();
            await converse(gate.client("ada"), text);
            await converse(gate.client("bob"), text);
            await converse(gate.client("ada"), text, limited(1000));
            await converse(gate.client("ada"), text, { serviceTier: { type: "flex" } });
            await eventsOf(gate.client("ada"), saying(text));
            assert.equal(fake.calls.length, 5);
            await assertExact(gate);
        });

        it("neither asks it nor keeps anything where its caller says no-store", async () => {
            const gate = await gateWith();
            const text = prompt();
            const open = gate.client();
            const closed = gate.client();
            const seen = watch(closed, { "cache-control": "max-age=0, no-store" });
            await converse(closed, text);
            assert.equal(seen.headers["x-gate-cache"], "bypass");
            await converse(open, text);
            await converse(closed, text);
            assert.equal(fake.calls.length, 3);
            await converse(open, text);
            assert.equal(fake.calls.length, 3);
        });

        it("keeps nothing for longer than it may", async () => {
            let now = Date.parse("2026-11-15T10:00:00Z");
            const gate = await gateWith({ now: () => new Date(now) });
            const text = prompt();
            await converse(gate.client(), text);
            now += 59_000;
            await converse(gate.client(), text);
            assert.equal(fake.calls.length, 1);
            now += 1000;
            await converse(gate.client(), text);
            assert.equal(fake.calls.length, 2);
        });

        it("keeps no answer that a limit cut off", async () => {
            const gate = await gateWith();
            const client = gate.client();
            const text = prompt("[[out=37]]");
            for (let time = 0; time < 2; time++) {
                await converse(client, text, limited(5));
                await eventsOf(client, saying(text, limited(5)));
                await invokedStream(client, claude, claudeBody(text, 5));
            }
            assert.equal(fake.calls.length, 6);
            await assertExact(gate);
        });

        it("keeps no error, no answer without a count, and no stream that was cut or failed", async () => {
            const gate = await gateWith();
            const client = gate.client();
            const text = prompt();
            fake.fail({ kind: "refuse", error: "ModelErrorException" });
            await assert.rejects(converse(client, text));
            fake.fail({ kind: "missingUsage" });
            await converse(client, text);
            await converse(client, text);
            assert.equal(fake.calls.length, 3);
            const stream = saying(text);
            for (const ending of ["connection", "exception", "complete"] as const) {
                fake.fail({ kind: "cut", afterChunks: 2, ending });
                await eventsOf(client, stream).catch(() => undefined);
            }
            fake.fail({ kind: "missingUsage" });
            await eventsOf(client, stream);
            await eventsOf(client, stream);
            assert.equal(fake.calls.length, 8);
            const { spent } = await gate.totals();
            assert.ok(spent >= fake.bill.totalMicroUsd);
        });

        it("makes one call of equal requests at the same time, and of streams", async () => {
            const slow = await startFakeBedrock({ prices, quiet: true, latency: 100 });
            try {
                const gate = await gateWith({}, slow);
                const client = gate.client();
                const input = saying(prompt());
                const answers = await Promise.all(
                    Array.from({ length: 10 }, () => client.send(new ConverseCommand(input))),
                );
                assert.equal(slow.calls.length, 1);
                assert.equal(new Set(answers.map(({ output }) => JSON.stringify(output))).size, 1);
                await Promise.all(Array.from({ length: 5 }, () => eventsOf(client, input)));
                assert.equal(slow.calls.length, 2);
                assert.equal((await gate.totals()).spent, slow.bill.totalMicroUsd);
            } finally {
                await slow.close();
            }
        });

        it("lets another request ask where the one that asked has failed", async () => {
            const gate = await gateWith();
            const input = saying(prompt());
            fake.fail({ kind: "slow", ms: 100 });
            fake.fail({ kind: "refuse", error: "ThrottlingException" });
            const client = gate.client();
            const [first, second] = await Promise.allSettled([
                client.send(new ConverseCommand(input)),
                sleep(30).then(() => client.send(new ConverseCommand(input))),
            ]);
            assert.deepEqual([first.status, second.status], ["rejected", "fulfilled"]);
            await assertExact(gate);
        });
    });

    describe("refuses", () => {
        const refusal = (name: string, status: number, message: RegExp) => (error: Error) => {
            const { name: found, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
            assert.deepEqual([found, $metadata?.httpStatusCode], [name, status], error.message);
            assert.match(error.message, message);
            return true;
        };

        it("more requests than an hour or a day allows, and counts them down", async () => {
            let now = Date.parse("2026-11-15T10:20:00Z");
            const limits = { requestsPerHour: 2n, requestsPerDay: 3n };
            const gate = await gateWith({ now: () => new Date(now), settings: limits });
            const client = gate.client();
            const seen = watch(client);
            await converse(client, prompt());
            assert.equal(seen.headers["x-ratelimit-remaining-requests"], "1");
            await converse(client, prompt());
            await assert.rejects(converse(client, prompt()), refusal("ThrottlingException", 429, /2 requests an hour/));
            await converse(gate.client("bob"), prompt());
            now += 3_600_000;
            await converse(client, prompt());
            assert.equal(seen.headers["x-ratelimit-remaining-requests"], "0");
            await assert.rejects(converse(client, prompt()), refusal("ThrottlingException", 429, /3 requests a day/));
            now += 24 * 3_600_000;
            await converse(client, prompt());
            assert.equal(fake.calls.length, 5);
            await assertExact(gate);
        });

        it("a model that is not allowed, and one whose price nobody knows", async () => {
            const gate = await gateWith();
            const client = gate.client();
            const other = { modelId: "amazon.nova-lite-v1:0" };
            await assert.rejects(converse(client, "x", other), refusal("AccessDeniedException", 403, /not among/));
            const free = { modelId: unpriced };
            await assert.rejects(
                converse(client, "x", free),
                refusal("AccessDeniedException", 403, /price of .* not known/),
            );
            const reserved = { serviceTier: { type: "reserved" } } as const;
            await assert.rejects(converse(client, "x", reserved), refusal("AccessDeniedException", 403, /reserved/));
            assert.equal(fake.calls.length, 0);
        });

        it("what does not fit into what is left, as used up and not as busy", async () => {
            const gate = await gateWith({ settings: { microUsdPerMonth: 600n } });
            await assert.rejects(
                converse(gate.client(), "x".repeat(1000), limited(10)),
                refusal("AccessDeniedException", 403, /0\.00 USD of this month's 0\.0006 USD are spent/),
            );
            // Its refusal is none for a smaller one.
            await converse(gate.client(), prompt(), limited(10));
            await assertExact(gate);
        });

        it("what would fit if others were done, as busy, and lets it through when they are", async () => {
            const slow = await startFakeBedrock({ prices, quiet: true, latency: 200 });
            try {
                const gate = await gateWith({ settings: { microUsdPerMonth: 500n } }, slow);
                const client = gate.client();
                const first = converse(client, prompt(), limited(200));
                await sleep(50);
                await assert.rejects(
                    converse(client, prompt(), limited(300)),
                    refusal("ThrottlingException", 429, /neither spent nor reserved/),
                );
                await first;
                await converse(client, prompt(), limited(200));
                assert.ok(slow.bill.totalMicroUsd <= 500n);
                assert.equal((await gate.totals()).spent, slow.bill.totalMicroUsd);
            } finally {
                await slow.close();
            }
        });

        it("to let an answer be longer than what is left affords: it asks for a shorter one and says so", async () => {
            const gate = await gateWith({ settings: { microUsdPerMonth: 500n } });
            const client = gate.client();
            const seen = watch(client);
            await converse(client, prompt("[[out=100]]"), limited(200));
            const answer = await converse(client, prompt("[[out=4000]]"), limited(4000));
            const lowered = Number(seen.headers["x-gate-max-tokens"]);
            assert.ok(lowered > 0 && lowered < 600, String(lowered));
            assert.equal(answer.usage?.outputTokens, lowered);
            assert.ok(fake.bill.totalMicroUsd <= 500n);
            await assertExact(gate);
        });

        it("absurd limits, malformed bodies and unknown operations", async () => {
            const gate = await gateWith();
            const post = async (path: string, body: string) => {
                const response = await fetch(`${gate.url}${path}`, { method: "POST", body });
                return [response.status, response.headers.get("x-gate-error")];
            };
            assert.deepEqual(await post(`/model/${llama}/converse`, "{"), [400, "invalid_request"]);
            const negative = JSON.stringify(limited(-5));
            assert.deepEqual(await post(`/model/${llama}/converse`, negative), [400, "invalid_request"]);
            const absurd = JSON.stringify(limited(1_000_000_000));
            assert.deepEqual(await post(`/model/${llama}/converse`, absurd), [400, "invalid_request"]);
            assert.deepEqual(await post(`/model/${llama}/converse`, '{"temperature":1e999}'), [400, "invalid_request"]);
            assert.deepEqual(await post(`/model/%E0%A4/converse`, "{}"), [400, "invalid_request"]);
            assert.deepEqual(await post(`/model/${llama}/count-tokens`, "{}"), [404, "not_found"]);
            assert.deepEqual(await post(`/elsewhere`, "{}"), [404, "not_found"]);
            assert.equal(fake.calls.length, 0);
            assert.deepEqual(await gate.totals(), { spent: 0n, held: 0n, calls: 0n, hits: 0n, saved: 0n });
        });

        it("a body that is larger than Lambda takes", async () => {
            const gate = await gateWith();
            const body = JSON.stringify(saying("x".repeat(6 * 1024 * 1024)));
            const response = await fetch(`${gate.url}/model/${llama}/converse`, { method: "POST", body });
            assert.equal(response.status, 413);
            assert.equal(fake.calls.length, 0);
        });

        it("a request of the same name within a day, unless the first was not run", async () => {
            const gate = await gateWith();
            const client = gate.client();
            watch(client, { "idempotency-key": "one" });
            fake.fail({ kind: "refuse", error: "ThrottlingException" });
            await assert.rejects(converse(client, prompt()), refusal("ThrottlingException", 429, /./));
            await converse(client, prompt());
            await assert.rejects(converse(client, prompt()), refusal("ConflictException", 409, /not sent again/));
            assert.equal(fake.bill.calls, 1);
            const other = gate.client("bob");
            watch(other, { "idempotency-key": "one" });
            await converse(other, prompt());
            await assertExact(gate);
        });
    });

    describe("when Bedrock", () => {
        async function leasesOf(gate: TestGate): Promise<number> {
            return (await gate.store.list(leasesPartition(nameOf("month", gate.now())))).size;
        }

        for (const error of [
            "ThrottlingException",
            "ValidationException",
            "AccessDeniedException",
            "ServiceUnavailableException",
        ] as const) {
            it(`refuses with ${error}, nothing is charged and its words are passed on`, async () => {
                const gate = await gateWith();
                fake.fail({ kind: "refuse", error, message: "Bedrock's own words." });
                await assert.rejects(converse(gate.client(), prompt()), {
                    name: error,
                    message: "Bedrock's own words.",
                });
                await assertExact(gate);
                assert.equal(await leasesOf(gate), 0);
            });
        }

        for (const error of ["ModelTimeoutException", "ModelErrorException", "InternalServerException"] as const) {
            it(`fails with ${error} after it has billed, the ceiling is charged`, async () => {
                const gate = await gateWith();
                fake.fail({ kind: "refuse", error, billed: true });
                await assert.rejects(converse(gate.client(), prompt()), { name: error });
                await charged(gate);
            });
        }

        async function charged(gate: TestGate): Promise<void> {
            const { spent, held } = await gate.totals();
            assert.ok(spent > 0n && spent >= fake.bill.totalMicroUsd, `${spent} of ${fake.bill.totalMicroUsd}`);
            assert.equal(held, spent);
            assert.equal(await leasesOf(gate), 0);
        }

        it("resets the connection, nobody knows what it billed: the ceiling is charged", async () => {
            const gate = await gateWith();
            fake.fail({ kind: "reset" });
            await assert.rejects(converse(gate.client(), prompt()), { name: "ModelTimeoutException" });
            await charged(gate);
        });

        it("hangs up when it has billed, the ceiling is charged", async () => {
            const gate = await gateWith();
            fake.fail({ kind: "timeOut" });
            await assert.rejects(converse(gate.client(), prompt()), { name: "ModelTimeoutException" });
            await charged(gate);
        });

        it("is slower than the gate waits, the ceiling is charged, and the call is not made again", async () => {
            const gate = await gateWith({ timeout: 100 });
            fake.fail({ kind: "slow", ms: 300 });
            await assert.rejects(converse(gate.client(), prompt()), { name: "ModelTimeoutException" });
            await fake.settled();
            assert.equal(fake.calls.length, 1);
            await charged(gate);
        });

        it("cannot be reached, nothing is charged", async () => {
            const gone = await startFakeBedrock({ prices, quiet: true });
            await gone.close();
            const gate = await gateWith({ endpoint: gone.url });
            await assert.rejects(converse(gate.client(), prompt()), { name: "ServiceUnavailableException" });
            await assertExact(gate);
        });

        for (const billing of ["generated", "whole"] as const) {
            for (const ending of ["connection", "exception", "complete"] as const) {
                it(`cuts a stream by its ${ending} and bills what was ${billing}, no less is charged`, async () => {
                    const gate = await gateWith();
                    fake.fail({ kind: "cut", afterChunks: 2, billing, ending });
                    await eventsOf(gate.client(), saying(prompt("[[out=100]]"))).catch(() => undefined);
                    await charged(gate);
                });
            }
        }

        it("does not say what it used, the ceiling is charged", async () => {
            const gate = await gateWith();
            fake.fail({ kind: "missingUsage", everywhere: true, times: 4 });
            const client = gate.client();
            await converse(client, prompt());
            await eventsOf(client, saying(prompt()));
            await client.send(new InvokeModelCommand({ modelId: claude, body: claudeBody(prompt()) }));
            await invokedStream(client, claude, claudeBody(prompt()));
            await charged(gate);
        });

        it("counts what it wrote to its cache twice, no less is charged", async () => {
            for (const how of ["inInput", "doubled"] as const) {
                fake.reset();
                const gate = await gateWith();
                fake.fail({ kind: "wrongUsage", how });
                await eventsOf(
                    gate.client(),
                    saying(prompt("[[cacheWrite=20]] and more to read"), { modelId: claude }),
                );
                await charged(gate);
            }
        });
    });

    it("reads a stream to its end and charges it when its caller has gone", async () => {
        const slow = await startFakeBedrock({ prices, quiet: true, chunkDelay: 40, chunks: 5 });
        try {
            const gate = await gateWith({}, slow);
            const client = gate.client();
            const leaving = new AbortController();
            const input = new ConverseStreamCommand(saying(prompt("[[out=50]]")));
            const { stream } = await client.send(input, { abortSignal: leaving.signal });
            for await (const { contentBlockDelta } of stream!) if (contentBlockDelta) break;
            leaving.abort();
            client.destroy();
            await slow.settled();
            for (let wait = 0; wait < 50 && (await gate.totals()).calls === 0n; wait++) await sleep(20);
            assert.equal(slow.calls[0].clientGone, false);
            const { spent, held } = await gate.totals();
            assert.deepEqual([spent, held], [slow.bill.totalMicroUsd, slow.bill.totalMicroUsd]);
        } finally {
            await slow.close();
        }
    });

    describe("when its table", () => {
        /** A table that fails where it is told to. */
        class FailingStore extends MemoryStore {
            fails: (writes: readonly Write[]) => boolean = () => true;
            override transact(writes: readonly Write[]) {
                return this.fails(writes) ? Promise.reject(new Error("no table")) : super.transact(writes);
            }
            override get(key: Parameters<MemoryStore["get"]>[0]) {
                return this.fails([]) ? Promise.reject(new Error("no table")) : super.get(key);
            }
        }

        it("fails, nothing is sent", async () => {
            for (const cacheSeconds of [0, 60]) {
                const gate = await gateWith({ store: new FailingStore(), settings: { cacheSeconds } });
                await assert.rejects(converse(gate.client(), prompt()), {
                    name: "ServiceUnavailableException",
                    message: /cannot be counted/,
                });
                await assert.rejects(eventsOf(gate.client(), saying(prompt())), {
                    name: "ServiceUnavailableException",
                });
            }
            assert.equal(fake.calls.length, 0);
        });

        it("fails at the settlement, the answer is given, the lease stays and is charged when it has run out", async () => {
            const store = new FailingStore();
            store.fails = (writes) => writes.some((write) => write.delete);
            let now = Date.parse("2026-11-15T10:00:00Z");
            const gate = await gateWith({ store, now: () => new Date(now) });
            await converse(gate.client(), prompt());
            const before = await gate.totals();
            assert.equal(before.spent, 0n);
            assert.ok(before.held >= fake.bill.totalMicroUsd);
            assert.equal(gate.log.find(({ event }) => event === "not settled")?.facts.error, "no table");
            store.fails = () => false;
            now += 120_000 + 5 * 60_000 + 1;
            const nobody = () => Promise.resolve();
            const brake = {
                attach: nobody,
                detach: nobody,
                attachedTo: () => Promise.resolve("nobody" as const),
                isDenied: () => Promise.resolve(true),
            };
            const ground = { store, brake, now: () => new Date(now), log: () => undefined, alert: nobody };
            await new ShutOff(settings, ground).keep();
            const { spent, held } = await gate.totals();
            assert.deepEqual([spent, held], [before.held, before.held]);
        });

        it("does not tell what is left, the answer is given without it", async () => {
            const store = new FailingStore();
            let reads = 0;
            store.fails = (writes) => writes.length === 0 && reads++ > 0;
            const gate = await gateWith({ store, settings: { cacheSeconds: 60 } });
            const client = gate.client();
            const seen = watch(client);
            await converse(client, prompt());
            assert.equal("x-ratelimit-limit-requests" in seen.headers, false);
            store.fails = () => false;
            await assertExact(gate);
        });
    });

    it("gives the answer where the shut-off cannot look", async () => {
        const gate = await gateWith({ charged: () => Promise.reject(new Error("IAM is away")) });
        await converse(gate.client(), prompt());
        await assertExact(gate);
        assert.equal(gate.log[0]?.event, "shut-off not looked at");
    });

    it("refuses at once when its budget is shut off", async () => {
        const gate = await gateWith();
        const key = totalsKey(nameOf("month", new Date()));
        await gate.store.transact([{ key, set: { shutOffAt: "2026-11-15T10:00:00.000Z" } }]);
        await assert.rejects(converse(gate.client(), prompt()), {
            name: "AccessDeniedException",
            message: /shut off at/,
        });
        assert.equal(fake.calls.length, 0);
    });

    it("counts in the month that its clock shows, hours off, no less than is billed", async () => {
        for (const hours of [-7, -1, 1, 7]) {
            fake.reset();
            const now = () => new Date(Date.now() + hours * 3_600_000);
            const gate = await gateWith({ now });
            await converse(gate.client(), prompt());
            await eventsOf(gate.client(), saying(prompt()));
            const months = new Set([nameOf("month", now()), nameOf("month", new Date())]);
            const totals = await Promise.all([...months].map((month) => gate.totals(month)));
            assert.ok(totals.some(({ spent }) => spent >= fake.bill.totalMicroUsd));
        }
    });

    describe("as OpenAI's API", () => {
        const ask = (gate: TestGate, body: object) =>
            fetch(`${gate.url}/v1/chat/completions`, {
                method: "POST",
                body: JSON.stringify({
                    model: llama,
                    messages: [{ role: "user", content: prompt("[[out=5]]") }],
                    ...body,
                }),
            });

        it("answers, counts and tells", async () => {
            const gate = await gateWith();
            const response = await ask(gate, {});
            const completion = (await response.json()) as { choices: { message: object }[]; usage: object };
            assert.deepEqual(completion.choices[0].message, {
                role: "assistant",
                content: "word ".repeat(5),
                refusal: null,
            });
            assert.equal(response.headers.get("x-gate-cost-microusd"), String(fake.bill.totalMicroUsd));
            await assertExact(gate);
        });

        it("streams, with what was used, to the end", async () => {
            const gate = await gateWith();
            const response = await ask(gate, { stream: true, stream_options: { include_usage: true } });
            assert.equal(response.headers.get("content-type"), "text/event-stream");
            const lines = (await response.text()).split("\n\n").filter((line) => line !== "");
            assert.equal(lines.at(-1), "data: [DONE]");
            assert.match(lines.at(-2)!, /"completion_tokens":5/);
            await assertExact(gate);
        });

        it("refuses in its own format", async () => {
            const gate = await gateWith();
            const refused = async (body: object) => {
                const response = await ask(gate, body);
                const { error } = (await response.json()) as { error: { type: string; code: string } };
                return [response.status, error.type, error.code];
            };
            assert.deepEqual(await refused({ n: 2 }), [400, "invalid_request_error", "invalid_request"]);
            assert.deepEqual(await refused({ model: "x" }), [403, "permission_error", "model_not_allowed"]);
            fake.fail({ kind: "refuse", error: "ThrottlingException" });
            assert.deepEqual(await refused({}), [429, "rate_limit_error", "ThrottlingException"]);
            await assertExact(gate);
        });

        it("tells a caller what it has used", async () => {
            const gate = await gateWith();
            await ask(gate, {});
            const told = (await (await fetch(`${gate.url}/v1/usage`)).json()) as Record<
                string,
                Record<string, unknown>
            >;
            assert.equal(told.month.spentMicroUsd, String(fake.bill.totalMicroUsd));
            assert.deepEqual([told.hour.requests, told.day.requests, told.month.calls], [1, 1, 1]);
        });
    });
});
