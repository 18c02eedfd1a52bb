import assert from "node:assert/strict";

import * as fc from "fast-check";

import { frame, FrameReader } from "../../functions/bedrock-gate/core/frames";
import { readAnswer, StreamMeter } from "../../functions/bedrock-gate/core/meter";
import { converseUsage, invokeUsage, metricsUsage } from "../../functions/bedrock-gate/core/usage";

const none = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n };
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
/** Values that stand for no number of tokens. */
const noCounts = [-1, 1.5, "7", NaN, 2 ** 53, true, {}, []];

describe("what an answer says that it used", () => {
    it("in Converse: each kind apart, writes to the cache by their time", () => {
        const usage = { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheWriteInputTokens: 9 };
        const details = [
            { ttl: "1h", inputTokens: 4 },
            { ttl: "5m", inputTokens: 5 },
        ];
        assert.deepEqual(converseUsage({ inputTokens: 1, outputTokens: 2 }), { ...none, input: 1n, output: 2n });
        assert.deepEqual(converseUsage({ ...usage, cacheDetails: details }), {
            input: 1n,
            output: 2n,
            cacheRead: 3n,
            cacheWrite5m: 5n,
            cacheWrite1h: 4n,
        });
        assert.equal(converseUsage(usage)?.cacheWrite5m, 9n);
        // Details that say more than the sum count.
        assert.deepEqual(
            converseUsage({ ...usage, cacheWriteInputTokens: 1, cacheDetails: details })?.cacheWrite1h,
            4n,
        );
    });

    it("in the headers of InvokeModel: writes to the cache count as the dearer ones", () => {
        const headers = (more: Record<string, string>) =>
            new Headers(
                Object.entries(more).map(
                    ([name, value]) => [`x-amzn-bedrock-${name}-token-count`, value] as [string, string],
                ),
            );
        assert.deepEqual(invokeUsage(headers({ input: "1", output: "2" })), { ...none, input: 1n, output: 2n });
        const all = { input: "1", output: "2", "cache-read-input": "3", "cache-write-input": "4" };
        assert.deepEqual(invokeUsage(headers(all)), {
            ...none,
            input: 1n,
            output: 2n,
            cacheRead: 3n,
            cacheWrite1h: 4n,
        });
        assert.equal(invokeUsage(headers({ input: "1" })), undefined);
        assert.equal(invokeUsage(headers({})), undefined);
        for (const name of Object.keys(all)) {
            for (const value of ["-1", "x", "", "1.5", "1e3", "9".repeat(16)]) {
                assert.equal(invokeUsage(headers({ ...all, [name]: value })), undefined, `${name}: ${value}`);
            }
        }
    });

    it("in the metrics of a stream", () => {
        const metrics = {
            inputTokenCount: 1,
            outputTokenCount: 2,
            cacheReadInputTokenCount: 3,
            cacheWriteInputTokenCount: 4,
        };
        assert.deepEqual(metricsUsage(metrics), { ...none, input: 1n, output: 2n, cacheRead: 3n, cacheWrite1h: 4n });
        assert.equal(metricsUsage({ inputTokenCount: 1 }), undefined);
    });

    it("is nothing that is known where something else stands in the place of a count: it is never 0", () => {
        for (const value of noCounts) {
            for (const name of ["inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"]) {
                assert.equal(converseUsage({ inputTokens: 1, outputTokens: 1, [name]: value }), undefined, name);
            }
            for (const name of [
                "inputTokenCount",
                "outputTokenCount",
                "cacheReadInputTokenCount",
                "cacheWriteInputTokenCount",
            ]) {
                assert.equal(metricsUsage({ inputTokenCount: 1, outputTokenCount: 1, [name]: value }), undefined, name);
            }
        }
        for (const nothing of [undefined, null, [], "x", {}]) {
            assert.equal(converseUsage(nothing), undefined);
            assert.equal(metricsUsage(nothing), undefined);
        }
    });
});

describe("an answer in one piece", () => {
    const usage = { inputTokens: 1, outputTokens: 2 };
    const converse = (body: unknown) => readAnswer("converse", new Headers(), json(body));
    const counted = new Headers({ "x-amzn-bedrock-input-token-count": "1", "x-amzn-bedrock-output-token-count": "2" });
    const invoked = (body: unknown) => readAnswer("invoke", counted, json(body));

    it("tells its usage and its tier", () => {
        const reading = converse({ usage, stopReason: "end_turn", serviceTier: { type: "flex" } });
        assert.deepEqual(reading, { usage: { ...none, input: 1n, output: 2n }, serviceTier: "flex", whole: true });
        const headers = new Headers([...counted, ["x-amzn-bedrock-service-tier", "priority"]]);
        assert.equal(readAnswer("invoke", headers, json({})).serviceTier, "priority");
        assert.equal(invoked({}).serviceTier, undefined);
    });

    it("is whole where the model came to its end, in the words of each family", () => {
        for (const stopReason of ["end_turn", "tool_use", "stop_sequence"]) {
            assert.equal(converse({ usage, stopReason }).whole, true, stopReason);
        }
        for (const body of [
            { stop_reason: "stop", generation: "x" },
            { stop_reason: "end_turn", content: [] },
            { results: [{ completionReason: "FINISH" }] },
            { choices: [{ finish_reason: "tool_calls" }] },
            { generations: [{ finish_reason: "COMPLETE" }] },
            { outputs: [{ stop_reason: "stop" }] },
        ]) {
            assert.equal(invoked(body).whole, true, JSON.stringify(body));
        }
    });

    it("is not whole where a limit, a filter or a failure ended it, or where it does not say", () => {
        for (const stopReason of [
            "max_tokens",
            "guardrail_intervened",
            "content_filtered",
            "malformed_model_output",
            "malformed_tool_use",
            "model_context_window_exceeded",
            "something_new",
        ]) {
            assert.equal(converse({ usage, stopReason }).whole, false, stopReason);
        }
        for (const body of [
            { stop_reason: "length" },
            { results: [{ completionReason: "FINISH" }, { completionReason: "LENGTH" }] },
            { generations: [{ finish_reason: "ERROR_TOXIC" }] },
            { choices: [{ finish_reason: "content_filter" }] },
            { stop_reason: null },
            {},
        ]) {
            assert.equal(invoked(body).whole, false, JSON.stringify(body));
        }
        assert.equal(converse({ stopReason: "end_turn" }).whole, false, "without usage");
        for (const text of ["", "{", "null", "[]", "<html>"]) {
            const reading = readAnswer("converse", new Headers(), Buffer.from(text));
            assert.deepEqual([reading.usage, reading.whole], [undefined, false], text);
        }
    });
});

const converseEvents = [
    frame("messageStart", { role: "assistant" }),
    frame("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Grüße 𝄞" } }),
    frame("messageStop", { stopReason: "end_turn" }),
    frame("metadata", { usage: { inputTokens: 5, outputTokens: 3 }, serviceTier: { type: "flex" } }),
];
const chunk = (payload: unknown) => frame("chunk", { bytes: json(payload).toString("base64") });
const metrics = { "amazon-bedrock-invocationMetrics": { inputTokenCount: 5, outputTokenCount: 3 } };

function metered(pieces: readonly Uint8Array[]) {
    const meter = new StreamMeter(undefined);
    for (const piece of pieces) meter.read(piece);
    return meter.reading();
}

describe("an event stream", () => {
    const stream = Buffer.concat(converseEvents);

    it("is read alike in pieces of any size", () => {
        const types = ["messageStart", "contentBlockDelta", "messageStop", "metadata"];
        fc.assert(
            fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
                const ends = [0, ...[...cuts].sort((one, other) => one - other), stream.length];
                const reader = new FrameReader();
                const events = ends.slice(1).flatMap((end, index) => reader.read(stream.subarray(ends[index], end)));
                assert.deepEqual(
                    events.map(({ type }) => type),
                    types,
                );
                assert.deepEqual(events[1].content, { contentBlockIndex: 0, delta: { text: "Grüße 𝄞" } });
                assert.equal(reader.isWhole, true);
            }),
        );
        const single = metered([...stream].map((byte) => Uint8Array.of(byte)));
        assert.deepEqual(single, metered([stream]));
    });

    it("of Converse tells its usage, its tier and that it is whole", () => {
        assert.deepEqual(metered(converseEvents), {
            usage: { ...none, input: 5n, output: 3n },
            serviceTier: "flex",
            whole: true,
        });
    });

    it("of a model's own format tells them in its last chunk", () => {
        const chunks = [
            chunk({ type: "message_start", message: { stop_reason: null } }),
            chunk({ delta: { stop_reason: "end_turn" } }),
        ];
        assert.deepEqual(metered([...chunks, chunk({ type: "message_stop", ...metrics })]), {
            usage: { ...none, input: 5n, output: 3n },
            serviceTier: undefined,
            whole: true,
        });
        assert.equal(metered([chunk({ stop_reason: "length", ...metrics })]).whole, false);
        assert.equal(metered([chunk({ generation: "x", ...metrics })]).whole, false);
        assert.equal(metered([chunk("text"), frame("chunk", { bytes: 7 }), ...chunks]).usage, undefined);
    });

    it("that is cut anywhere is not whole", () => {
        const ends = converseEvents.map((_, index) => Buffer.concat(converseEvents.slice(0, index)).length);
        for (let end = 0; end < stream.length; end++) {
            const reading = metered([stream.subarray(0, end)]);
            assert.equal(reading.whole, false, `cut after ${end} bytes`);
            assert.equal(reading.usage, undefined);
            const reader = new FrameReader();
            reader.read(stream.subarray(0, end));
            assert.equal(reader.isWhole, ends.includes(end));
        }
    });

    it("with a wrong checksum, an absurd length or an event that is no JSON is not whole, and no error", () => {
        const broken = Buffer.from(stream);
        broken[broken.length - 1] ^= 1;
        const header = Buffer.from(stream);
        header[9] ^= 1;
        for (const bytes of [
            broken,
            header,
            Buffer.from("HTTP/1.1 200 OK and so on"),
            Buffer.alloc(64),
            Buffer.alloc(64, 255),
        ]) {
            assert.equal(metered([bytes, stream]).whole, false);
        }
        const reader = new FrameReader();
        assert.throws(() => reader.read(Buffer.alloc(64)), /An event of 0 bytes/);
    });

    it("without a stop reason, or with one of a limit, is not whole", () => {
        const [start, delta, , metadata] = converseEvents;
        assert.equal(metered([start, delta, metadata]).whole, false);
        assert.equal(
            metered([start, delta, frame("messageStop", { stopReason: "max_tokens" }), metadata]).whole,
            false,
        );
    });
});
