import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { BedrockClient, GetFoundationModelCommand, ListFoundationModelsCommand } from "@aws-sdk/client-bedrock";
import {
    BedrockRuntimeClient,
    ConverseCommand,
    type ConverseCommandInput,
    type ConverseCommandOutput,
    ConverseStreamCommand,
    type ConverseStreamOutput,
    InvokeModelCommand,
    InvokeModelWithResponseStreamCommand,
    type Tool,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import { type FakeBedrock, type FakeOptions, type Prices, startFakeBedrock } from "../support/bedrock";

const llama = "meta.llama3-3-70b-instruct-v1:0";
const claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const nova = "amazon.nova-lite-v1:0";
const titan = "amazon.titan-text-lite-v1";
const gptOss = "openai.gpt-oss-20b-1:0";

const cached = { cacheRead: 300_000, cacheWrite5m: 3_750_000, cacheWrite1h: 6_000_000 };
const prices: Readonly<Record<string, Prices>> = {
    [llama]: { input: 720_000, output: 720_000, tierPercent: { flex: 50, priority: 175 } },
    [claude]: { input: 3_300_000, output: 16_500_000, ...cached },
    [`us.${claude}`]: { input: 3_000_000, output: 15_000_000, ...cached },
    [nova]: { input: 60_000, output: 240_000 },
    [titan]: { input: 150_000, output: 200_000 },
    [gptOss]: { input: 70_000, output: 300_000, cacheRead: 7_000 },
};

const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };

/** The SDK's own client, as it comes, but for trying again: a call that is made twice would be billed twice. */
function clientOf({ url }: FakeBedrock, maxAttempts = 1): BedrockRuntimeClient {
    return new BedrockRuntimeClient({ endpoint: url, region: "us-east-1", credentials, maxAttempts });
}

/** The same over HTTP/1.1. */
function http1ClientOf({ url }: FakeBedrock): BedrockRuntimeClient {
    const requestHandler = new NodeHttpHandler({ requestTimeout: 2000 });
    return new BedrockRuntimeClient({
        endpoint: url,
        region: "us-east-1",
        credentials,
        maxAttempts: 1,
        requestHandler,
    });
}

function saying(prompt: string, more: Partial<ConverseCommandInput> = {}): ConverseCommandInput {
    return { modelId: llama, messages: [{ role: "user", content: [{ text: prompt }] }], ...more };
}

const maximum = (maxTokens: number) => ({ inferenceConfig: { maxTokens } });

const tools: { tools: Tool[] } = {
    tools: [
        { toolSpec: { name: "clock", inputSchema: { json: { type: "object" } } } },
        {
            toolSpec: {
                name: "weather",
                description: "Tells the weather.",
                inputSchema: {
                    json: {
                        type: "object",
                        properties: { city: { type: "string" }, days: { type: "integer" } },
                        required: ["city", "days"],
                    },
                },
            },
        },
    ],
};

async function eventsOf(client: BedrockRuntimeClient, input: ConverseCommandInput): Promise<ConverseStreamOutput[]> {
    const { stream } = await client.send(new ConverseStreamCommand(input));
    const events: ConverseStreamOutput[] = [];
    for await (const event of stream!) events.push(event);
    return events;
}

/** Goes away after the first piece of a stream. */
async function leave(client: BedrockRuntimeClient, input: ConverseCommandInput): Promise<void> {
    const leaving = new AbortController();
    const { stream } = await client.send(new ConverseStreamCommand(input), { abortSignal: leaving.signal });
    for await (const { contentBlockDelta } of stream!) if (contentBlockDelta) break;
    leaving.abort();
    client.destroy();
}

const textIn = (events: readonly ConverseStreamOutput[]) =>
    events.map(({ contentBlockDelta }) => contentBlockDelta?.delta?.text ?? "").join("");

const textOf = ({ output }: ConverseCommandOutput) => output?.message?.content?.[0]?.text ?? "";

const wordsIn = (value: string) => value.split(" ").filter((word) => word !== "").length;

/** What InvokeModel gives: body and headers, which the SDK keeps from its callers. */
async function invoked(
    client: BedrockRuntimeClient,
    modelId: string,
    body: object,
    serviceTier?: "flex",
): Promise<{ body: Record<string, unknown>; headers: Record<string, string> }> {
    const command = new InvokeModelCommand({ modelId, body: JSON.stringify(body), serviceTier });
    let headers: Record<string, string> = {};
    command.middlewareStack.add(
        (next) => async (args) => {
            const result = await next(args);
            ({ headers } = result.response as { headers: Record<string, string> });
            return result;
        },
        { step: "deserialize", priority: "low" },
    );
    const answer = await client.send(command);
    return { body: JSON.parse(answer.body.transformToString()) as Record<string, unknown>, headers };
}

/** The chunks of a model's own stream. */
async function streamed(
    client: BedrockRuntimeClient,
    modelId: string,
    body: object,
): Promise<Record<string, unknown>[]> {
    const command = new InvokeModelWithResponseStreamCommand({ modelId, body: JSON.stringify(body) });
    const chunks: Record<string, unknown>[] = [];
    const { body: stream } = await client.send(command);
    for await (const { chunk } of stream!) {
        chunks.push(JSON.parse(Buffer.from(chunk!.bytes!).toString("utf8")) as Record<string, unknown>);
    }
    return chunks;
}

const claudeBody = (content: string, max_tokens = 100) => ({
    anthropic_version: "bedrock-2023-05-31",
    max_tokens,
    messages: [{ role: "user", content }],
});

const metricsIn = (chunk: Record<string, unknown> | undefined) =>
    chunk?.["amazon-bedrock-invocationMetrics"] as Record<string, number> | undefined;

describe("the fake Bedrock", () => {
    let fake: FakeBedrock;
    let client: BedrockRuntimeClient;

    before(async () => {
        fake = await startFakeBedrock({ prices, quiet: true });
        client = clientOf(fake);
    });
    beforeEach(() => fake.reset());
    after(async () => {
        client.destroy();
        await fake.close();
    });

    /** Another one, with options of its own. */
    async function withFake(
        options: Partial<FakeOptions>,
        use: (fake: FakeBedrock, client: BedrockRuntimeClient) => Promise<void>,
    ): Promise<void> {
        const other = await startFakeBedrock({ prices, quiet: true, ...options });
        const itsClient = clientOf(other);
        try {
            await use(other, itsClient);
        } finally {
            itsClient.destroy();
            await other.close();
        }
    }

    describe("Converse", () => {
        it("answers with as many words as it counts tokens of output, and bills them to the micro-dollar", async () => {
            // 9 bytes: 3 tokens, and 8 of the template.
            const answer = await client.send(new ConverseCommand(saying("[[out=5]]")));
            assert.equal(wordsIn(textOf(answer)), 5);
            assert.equal(answer.stopReason, "end_turn");
            assert.deepEqual(answer.usage, {
                inputTokens: 11,
                outputTokens: 5,
                totalTokens: 16,
                cacheReadInputTokens: 0,
                cacheWriteInputTokens: 0,
                cacheDetails: [],
            });
            assert.deepEqual(answer.serviceTier, { type: "default" });
            // 16 tokens at 0.72 micro-dollars are 11.52.
            assert.equal(fake.bill.totalMicroUsd, 12n);
            assert.equal(fake.calls[0].microUsd, 12n);
        });

        it("rounds each call up once, not each kind of token and not the sum of the calls", async () => {
            for (let call = 0; call < 3; call += 1) await client.send(new ConverseCommand(saying("[[out=5]]")));
            assert.equal(fake.bill.totalMicroUsd, 36n);
            assert.deepEqual(fake.bill.lines, [
                {
                    model: llama,
                    calls: 3,
                    inputTokens: 33,
                    outputTokens: 15,
                    cacheReadTokens: 0,
                    cacheWrite5mTokens: 0,
                    cacheWrite1hTokens: 0,
                    microUsd: 36n,
                },
            ]);
        });

        it("puts out exactly maxTokens where it wanted more, and says so; one more and it ends by itself", async () => {
            const cut = await client.send(new ConverseCommand(saying("[[out=37]]", maximum(7))));
            assert.equal(wordsIn(textOf(cut)), 7);
            assert.equal(cut.usage?.outputTokens, 7);
            assert.equal(cut.stopReason, "max_tokens");
            const reached = await client.send(new ConverseCommand(saying("[[out=37]]", maximum(37))));
            assert.deepEqual([reached.stopReason, reached.usage?.outputTokens], ["max_tokens", 37]);
            const whole = await client.send(new ConverseCommand(saying("[[out=37]]", maximum(38))));
            assert.deepEqual([whole.stopReason, whole.usage?.outputTokens], ["end_turn", 37]);
        });

        it("counts all that the model reads: system, every message, tools; and every byte where it is told to", async () => {
            const plain = await client.send(new ConverseCommand(saying("one four")));
            assert.equal(plain.usage?.inputTokens, 2 + 8);
            const long = saying("12345678", {
                system: [{ text: "1234" }],
                messages: [
                    { role: "user", content: [{ text: "1234" }, { text: "1234" }] },
                    { role: "assistant", content: [{ text: "1234" }] },
                    { role: "user", content: [{ text: "1234" }] },
                ],
            });
            assert.equal((await client.send(new ConverseCommand(long))).usage?.inputTokens, 5 + 3 * 8);
            const withTools = await client.send(new ConverseCommand(saying("one four", { toolConfig: tools })));
            const described = ["clock", '{"type":"object"}', "weather", "Tells the weather."].join("").length;
            const schema = JSON.stringify(tools.tools[1].toolSpec!.inputSchema!.json).length;
            assert.equal(withTools.usage?.inputTokens, Math.ceil((8 + described + schema) / 4) + 8 + 2 * 8);
            // 14 bytes of the hint, and é is two.
            const bytes = await client.send(new ConverseCommand(saying("[[in=bytes]]é")));
            assert.equal(bytes.usage?.inputTokens, 14 + 8);
        });

        it("keeps what the cache took apart from the input, by time to live, and bills each at its price", async () => {
            const prompt =
                "[[out=1]] [[cacheRead=10]] [[cacheWrite=3]] [[cacheWrite1h=4]] and more to read: " + "x".repeat(40);
            const { usage } = await client.send(new ConverseCommand(saying(prompt, { modelId: claude })));
            const counted = Math.ceil(prompt.length / 4) + 8;
            assert.deepEqual(usage, {
                inputTokens: counted - 17,
                outputTokens: 1,
                totalTokens: counted + 1,
                cacheReadInputTokens: 10,
                cacheWriteInputTokens: 7,
                cacheDetails: [
                    { ttl: "1h", inputTokens: 4 },
                    { ttl: "5m", inputTokens: 3 },
                ],
            });
            const hundredths = (counted - 17) * 330 + 1650 + 10 * 30 + 3 * 375 + 4 * 600;
            assert.equal(fake.bill.totalMicroUsd, BigInt(Math.ceil(hundredths / 100)));
        });

        it("never counts more than a token a byte and the template: it refuses a hint that asks for more", async () => {
            const most = "[[cacheRead=26]] ".length + 8;
            const fits = saying(`[[cacheRead=${most}]] `, { modelId: claude });
            const { usage } = await client.send(new ConverseCommand(fits));
            assert.deepEqual([usage?.inputTokens, usage?.cacheReadInputTokens], [0, most]);
            const over = saying(`[[cacheRead=${most + 1}]] `, { modelId: claude });
            await assert.rejects(client.send(new ConverseCommand(over)), { name: "ValidationException" });
            assert.equal(fake.bill.calls, 1);
        });

        it("refuses to use the cache of a model that has no price for it", async () => {
            const call = client.send(new ConverseCommand(saying("[[cacheRead=1]]")));
            const refusal = { name: "ValidationException", message: /prompt caching/ };
            await assert.rejects(call, refusal);
            // Before anything of a stream is sent.
            await assert.rejects(client.send(new ConverseStreamCommand(saying("[[cacheRead=1]]"))), refusal);
            assert.equal(fake.bill.totalMicroUsd, 0n);
        });

        it("asks for the use of a tool, of the one that it must use, with what its schema requires", async () => {
            const toolConfig = { ...tools, toolChoice: { tool: { name: "weather" } } };
            const answer = await client.send(new ConverseCommand(saying("Please use a tool.", { toolConfig })));
            assert.equal(answer.stopReason, "tool_use");
            const { toolUse } = answer.output!.message!.content![0];
            assert.equal(toolUse?.name, "weather");
            assert.deepEqual(toolUse?.input, { city: "word", days: 1 });

            const content = [{ toolResult: { toolUseId: toolUse!.toolUseId, content: [{ text: "Rain." }] } }];
            const messages = [
                ...saying("Please use a tool.").messages!,
                answer.output!.message!,
                { role: "user" as const, content },
            ];
            const after = await client.send(new ConverseCommand({ modelId: llama, messages, toolConfig }));
            assert.equal(after.stopReason, "end_turn");
            assert.equal(wordsIn(textOf(after)), 16);
        });

        it("uses no tool that it was not given, and none when it has no tokens left to", async () => {
            const without = await client.send(new ConverseCommand(saying("use a tool")));
            assert.equal(without.stopReason, "end_turn");
            const cut = saying("use a tool", { toolConfig: tools, ...maximum(3) });
            assert.equal((await client.send(new ConverseCommand(cut))).stopReason, "max_tokens");
        });

        it("serves the tier that is asked for and bills it at its share", async () => {
            // 49 tokens at 0.72 are 35.28; half of that is 17.64, one and three quarters 61.74.
            const prompt = saying("[[out=38]]");
            for (const [type, cost] of [
                ["flex", 18n],
                ["priority", 62n],
                ["reserved", 36n],
            ] as const) {
                fake.reset();
                const answer = await client.send(new ConverseCommand({ ...prompt, serviceTier: { type } }));
                assert.equal(answer.serviceTier?.type, type);
                assert.equal(fake.bill.totalMicroUsd, cost, type);
            }
        });
    });

    describe("ConverseStream", () => {
        it("sends Bedrock's events in their order, text in pieces, and what was used in the last one", async () => {
            const events = await eventsOf(client, saying("[[out=10]]"));
            assert.deepEqual(
                events.map((event) => Object.keys(event)[0]),
                [
                    "messageStart",
                    ...Array.from({ length: 4 }, () => "contentBlockDelta"),
                    "contentBlockStop",
                    "messageStop",
                    "metadata",
                ],
            );
            assert.equal(wordsIn(textIn(events)), 10);
            assert.equal(events.at(-2)?.messageStop?.stopReason, "end_turn");
            const { usage, metrics, serviceTier } = events.at(-1)!.metadata!;
            assert.equal(usage?.inputTokens, 11);
            assert.equal(usage?.outputTokens, 10);
            assert.equal(typeof metrics?.latencyMs, "number");
            assert.equal(serviceTier?.type, "default");
            // 21 tokens at 0.72 are 15.12.
            assert.equal(fake.bill.totalMicroUsd, 16n);
        });

        it("stops at maxTokens", async () => {
            const events = await eventsOf(client, saying("[[out=10]]", maximum(6)));
            assert.equal(wordsIn(textIn(events)), 6);
            assert.equal(events.at(-2)?.messageStop?.stopReason, "max_tokens");
            assert.equal(events.at(-1)?.metadata?.usage?.outputTokens, 6);
        });

        it("sends the use of a tool as a block that is begun, and its input in pieces of JSON", async () => {
            const toolConfig = { ...tools, toolChoice: { tool: { name: "weather" } } };
            const events = await eventsOf(client, saying("use a tool", { toolConfig }));
            assert.equal(events[1].contentBlockStart?.start?.toolUse?.name, "weather");
            const pieces = events.map(({ contentBlockDelta }) => contentBlockDelta?.delta?.toolUse?.input ?? "");
            assert.ok(pieces.filter((piece) => piece !== "").length > 1);
            assert.deepEqual(JSON.parse(pieces.join("")), { city: "word", days: 1 });
            assert.equal(events.at(-2)?.messageStop?.stopReason, "tool_use");
        });

        it("divides its text among as many events as it is told to, with time between them", async () => {
            await withFake({ chunks: 6, chunkDelay: 10 }, async (_, itsClient) => {
                const began = performance.now();
                const events = await eventsOf(itsClient, saying("[[out=12]]"));
                assert.ok(performance.now() - began >= 45, "five times ten milliseconds");
                assert.equal(events.filter(({ contentBlockDelta }) => contentBlockDelta).length, 6);
            });
        });
    });

    describe("InvokeModel", () => {
        it("takes and gives Llama's own format, with Bedrock's counts in the headers", async () => {
            const body = { prompt: "[[out=50]]", max_gen_len: 20 };
            const answer = await invoked(client, llama, body);
            assert.equal(wordsIn(String(answer.body.generation)), 20);
            assert.deepEqual(
                [answer.body.prompt_token_count, answer.body.generation_token_count, answer.body.stop_reason],
                [11, 20, "length"],
            );
            const counts = ["input", "output", "cache-read-input", "cache-write-input"].map(
                (name) => answer.headers[`x-amzn-bedrock-${name}-token-count`],
            );
            assert.deepEqual(counts, ["11", "20", "0", "0"]);
            assert.match(answer.headers["x-amzn-bedrock-invocation-latency"], /^\d+$/);
            assert.equal(answer.headers["x-fake-bedrock"], "1");
            // 31 tokens at 0.72 are 22.32.
            assert.equal(fake.bill.totalMicroUsd, 23n);
        });

        it("takes Claude's, and tells of its cache in body and headers, apart from the input", async () => {
            const content = `[[out=5]][[cacheRead=6]][[cacheWrite=7]]${"x".repeat(40)}`;
            const counted = Math.ceil(content.length / 4) + 8;
            const { body, headers } = await invoked(client, claude, claudeBody(content));
            assert.equal(wordsIn((body.content as { text: string }[])[0].text), 5);
            assert.equal(body.stop_reason, "end_turn");
            assert.deepEqual(body.usage, {
                input_tokens: counted - 13,
                cache_creation_input_tokens: 7,
                cache_read_input_tokens: 6,
                cache_creation: { ephemeral_5m_input_tokens: 7, ephemeral_1h_input_tokens: 0 },
                output_tokens: 5,
            });
            assert.equal(headers["x-amzn-bedrock-input-token-count"], String(counted - 13));
            assert.equal(headers["x-amzn-bedrock-cache-read-input-token-count"], "6");
            assert.equal(headers["x-amzn-bedrock-cache-write-input-token-count"], "7");
        });

        it("refuses Claude's body without a limit or a version, as the model does", async () => {
            const { messages } = claudeBody("hello");
            for (const body of [
                { messages, max_tokens: 5 },
                { messages, anthropic_version: "bedrock-2023-05-31" },
            ]) {
                await assert.rejects(invoked(client, claude, body), {
                    name: "ValidationException",
                    message: /required/,
                });
            }
            assert.equal(fake.bill.calls, 0);
        });

        it("takes Nova's and Titan's", async () => {
            const inferenceConfig = { maxTokens: 4 };
            const ofNova = await invoked(client, nova, { ...saying("[[out=9]]"), inferenceConfig });
            assert.equal(ofNova.body.stopReason, "max_tokens");
            assert.equal((ofNova.body.usage as Record<string, number>).outputTokens, 4);
            const textGenerationConfig = { maxTokenCount: 3 };
            const ofTitan = await invoked(client, titan, { inputText: "[[out=9]]", textGenerationConfig });
            assert.equal(ofTitan.body.inputTextTokenCount, 11);
            const [result] = ofTitan.body.results as Record<string, unknown>[];
            assert.deepEqual([result.tokenCount, result.completionReason], [3, "LENGTH"]);
        });

        it("takes the tier from its header and says it in one", async () => {
            const { headers } = await invoked(client, llama, { prompt: "[[out=38]]" }, "flex");
            assert.equal(headers["x-amzn-bedrock-service-tier"], "flex");
            assert.equal(fake.bill.totalMicroUsd, 18n);
        });
    });

    describe("InvokeModelWithResponseStream", () => {
        const bodies: readonly (readonly [string, object])[] = [
            [llama, { prompt: "[[out=10]]" }],
            [claude, claudeBody("[[out=10]]")],
            [nova, saying("[[out=10]]")],
            [titan, { inputText: "[[out=10]]" }],
        ];

        it("has the invocation's metrics in the last chunk and in no other, for each family", async () => {
            for (const [model, body] of bodies) {
                const chunks = await streamed(client, model, body);
                const last = metricsIn(chunks.pop());
                assert.deepEqual(
                    { ...last, invocationLatency: 0, firstByteLatency: 0 },
                    {
                        inputTokenCount: 11,
                        outputTokenCount: 10,
                        cacheReadInputTokenCount: 0,
                        cacheWriteInputTokenCount: 0,
                        invocationLatency: 0,
                        firstByteLatency: 0,
                    },
                    model,
                );
                assert.deepEqual(chunks.filter(metricsIn), [], model);
            }
            assert.equal(fake.bill.calls, 4);
        });

        it("streams in the family's own format", async () => {
            const [ofLlama, ofClaude, ofNova, ofTitan] = await Promise.all(
                bodies.map(([model, body]) => streamed(client, model, body)),
            );
            assert.equal(wordsIn(ofLlama.map(({ generation }) => generation).join("")), 10);
            assert.deepEqual(
                ofLlama.map(({ generation_token_count }) => generation_token_count),
                [2, 5, 7, 10, 10],
            );
            assert.deepEqual(
                ofLlama.map(({ prompt_token_count }) => prompt_token_count),
                [11, null, null, null, null],
            );
            assert.equal(ofLlama.at(-1)?.stop_reason, "stop");
            assert.deepEqual(
                ofClaude.map(({ type }) => type),
                [
                    "message_start",
                    "content_block_start",
                    ...Array.from({ length: 4 }, () => "content_block_delta"),
                    "content_block_stop",
                    "message_delta",
                    "message_stop",
                ],
            );
            assert.deepEqual(ofClaude.at(-2)?.usage, { output_tokens: 10 });
            assert.ok("messageStart" in ofNova[0] && "metadata" in ofNova.at(-1)!);
            assert.equal(wordsIn(ofTitan.map(({ outputText }) => outputText).join("")), 10);
        });
    });

    describe("the API of OpenAI", () => {
        const chat = (body: object) =>
            fetch(`${fake.url}/openai/v1/chat/completions`, {
                method: "POST",
                body: JSON.stringify({ model: gptOss, messages: [{ role: "user", content: "[[out=9]]" }], ...body }),
            });
        const sent = async (body: object) => {
            const lines = (await (await chat(body)).text()).split("\n\n").filter((line) => line !== "");
            assert.equal(lines.pop(), "data: [DONE]");
            return lines.map((line) => JSON.parse(line.replace("data: ", "")) as Record<string, unknown>);
        };

        it("counts what came from the cache as input, and bills it at the cache's price", async () => {
            const content = `[[cacheRead=10]][[out=9]]${"x".repeat(20)}`;
            const counted = Math.ceil(content.length / 4) + 8;
            const answer = await chat({ messages: [{ role: "user", content }] });
            const { usage, choices } = (await answer.json()) as Record<string, unknown>;
            assert.deepEqual(usage, {
                prompt_tokens: counted,
                completion_tokens: 9,
                total_tokens: counted + 9,
                prompt_tokens_details: { cached_tokens: 10 },
            });
            assert.equal(wordsIn((choices as { message: { content: string } }[])[0].message.content), 9);
            const thousandths = (counted - 10) * 70 + 10 * 7 + 9 * 300;
            assert.equal(fake.bill.totalMicroUsd, BigInt(Math.ceil(thousandths / 1000)));
        });

        it("streams with the count in the last chunk if it is asked to, and bills it either way", async () => {
            const counted = await sent({ stream: true, stream_options: { include_usage: true } });
            assert.equal((counted.at(-1)?.usage as Record<string, number>).completion_tokens, 9);
            assert.deepEqual(counted.at(-1)?.choices, []);
            assert.ok(counted.slice(0, -1).every(({ usage }) => usage === null));
            const cost = fake.bill.totalMicroUsd;
            const uncounted = await sent({ stream: true });
            assert.ok(uncounted.every((chunk) => !("usage" in chunk)));
            assert.equal(fake.bill.totalMicroUsd, cost * 2n);
        });

        it("keeps to its limits, under both of their names", async () => {
            for (const limit of [{ max_tokens: 4 }, { max_completion_tokens: 4 }]) {
                const chunks = await sent({ stream: true, stream_options: { include_usage: true }, ...limit });
                assert.equal((chunks.at(-1)?.usage as Record<string, number>).completion_tokens, 4);
                const [choice] = chunks.at(-2)?.choices as { finish_reason: string }[];
                assert.equal(choice.finish_reason, "length");
            }
        });

        it("refuses in its own form", async () => {
            const answer = await chat({ model: "openai.unknown" });
            assert.equal(answer.status, 400);
            assert.match(JSON.stringify(await answer.json()), /^{"error":{"message":"The provided model identifier/);
            fake.fail({ kind: "refuse", error: "ThrottlingException" });
            assert.equal((await chat({})).status, 429);
            assert.equal(fake.bill.calls, 0);
        });
    });

    describe("a model's identifier", () => {
        const arn = (resource: string) => `arn:aws:bedrock:us-east-1:123456789012:${resource}`;

        it("may be encoded for a URL: ids, inference profiles and ARNs", async () => {
            const ids = [
                llama,
                `us.${llama}`,
                `arn:aws:bedrock:us-east-1::foundation-model/${llama}`,
                arn(`inference-profile/us.${llama}`),
            ];
            for (const modelId of ids) await client.send(new ConverseCommand(saying("hello", { modelId })));
            assert.deepEqual(
                fake.calls.map(({ model }) => model),
                ids,
            );
            assert.deepEqual(
                fake.bill.lines.map(({ model, calls }) => [model, calls]),
                [[llama, 4]],
            );
        });

        it("may stand in the path as it is, slash and all", async () => {
            const path = `/model/${arn(`inference-profile/us.${llama}`)}/converse`;
            const answer = await fetch(fake.url + path, { method: "POST", body: JSON.stringify(saying("hello")) });
            assert.equal(answer.status, 200);
            assert.equal(fake.calls[0].model, arn(`inference-profile/us.${llama}`));
        });

        it("has the price that stands under it before its model's", async () => {
            await client.send(
                new ConverseCommand(saying("[[out=100]]", { modelId: arn(`inference-profile/us.${claude}`) })),
            );
            await client.send(new ConverseCommand(saying("[[out=100]]", { modelId: `eu.${claude}` })));
            // 11 tokens in, 100 out.
            assert.deepEqual(
                fake.bill.lines.map(({ model, microUsd }) => [model, microUsd]),
                [
                    [`us.${claude}`, 1533n],
                    [claude, 1687n],
                ],
            );
        });

        it("may be that of an application's profile, whose model the fake is told", async () => {
            const profile = arn("application-inference-profile/a1b2c3");
            await withFake({ profiles: { [profile]: `us.${llama}` } }, async (other, itsClient) => {
                const { body } = await invoked(itsClient, profile, { prompt: "[[out=3]]" });
                assert.equal(body.generation_token_count, 3);
                assert.equal(other.bill.lines[0].model, llama);
            });
            await assert.rejects(invoked(client, profile, { prompt: "hello" }), { name: "ValidationException" });
        });

        it("is listed by the control plane where it is a foundation model's", async () => {
            const control = new BedrockClient({ endpoint: fake.url, region: "us-east-1", credentials });
            try {
                const { modelSummaries } = await control.send(new ListFoundationModelsCommand({}));
                assert.deepEqual(
                    modelSummaries?.map(({ modelId }) => modelId),
                    [nova, titan, claude, llama, gptOss],
                );
                const modelIdentifier = `arn:aws:bedrock:us-east-1::foundation-model/${llama}`;
                const { modelDetails } = await control.send(new GetFoundationModelCommand({ modelIdentifier }));
                assert.deepEqual([modelDetails?.modelId, modelDetails?.providerName], [llama, "meta"]);
                const unknown = control.send(new GetFoundationModelCommand({ modelIdentifier: `us.${llama}` }));
                await assert.rejects(unknown, { name: "ValidationException" });
            } finally {
                control.destroy();
            }
        });
    });

    describe("what is wrong with a call", () => {
        const posted = (body: string, path = `/model/${llama}/converse`) =>
            fetch(fake.url + path, { method: "POST", body });

        it("is refused in AWS's form, and costs nothing", async () => {
            const wrong = [
                "{",
                "[]",
                "{}",
                '{"messages":[]}',
                '{"messages":[{"role":"assistant","content":[{"text":"hello"}]}]}',
                '{"messages":[{"role":"user","content":[{"image":{"format":"png"}}]}]}',
                JSON.stringify({ ...saying("hello"), inferenceConfig: { maxTokens: 0 } }),
                JSON.stringify({ ...saying("hello"), inferenceConfig: { maxTokens: 8193 } }),
                JSON.stringify({ ...saying("hello"), serviceTier: { type: "gold" } }),
            ];
            for (const body of wrong) {
                const answer = await posted(body);
                assert.equal(answer.status, 400, body);
                assert.equal(answer.headers.get("x-amzn-errortype"), "ValidationException");
                assert.deepEqual(Object.keys((await answer.json()) as object), ["message"]);
            }
            assert.equal(fake.bill.calls, 0);
            assert.deepEqual(
                fake.calls.map(({ status }) => status),
                wrong.map(() => 400),
            );
        });

        it("is told to the SDK as the exception that it is", async () => {
            const unknown = client.send(new ConverseCommand(saying("hello", { modelId: "meta.unknown" })));
            await assert.rejects(unknown, { name: "ValidationException", message: /model identifier is invalid/ });
        });

        it("may be its path", async () => {
            assert.equal((await posted("{}", "/model/x/count-tokens")).status, 404);
            assert.equal((await posted("{}", "/model/%ZZ/converse")).status, 400);
        });
    });

    describe("a fault", () => {
        const failed = (name: string) => ({ name });

        it("refuses the next calls, as many as it says, by an exception of Bedrock, and bills nothing", async () => {
            const errors = [
                ["ThrottlingException", 429],
                ["ServiceUnavailableException", 503],
                ["InternalServerException", 500],
                ["ModelTimeoutException", 408],
                ["ModelNotReadyException", 429],
                ["AccessDeniedException", 403],
            ] as const;
            for (const [error, status] of errors) {
                fake.reset();
                fake.fail({ kind: "refuse", error, times: 2 });
                await assert.rejects(client.send(new ConverseCommand(saying("hello"))), failed(error));
                await assert.rejects(eventsOf(client, saying("hello")), failed(error));
                assert.equal(fake.bill.calls, 0);
                await client.send(new ConverseCommand(saying("hello")));
                assert.deepEqual(
                    fake.calls.map((call) => call.status),
                    [status, status, 200],
                );
            }
        });

        it("refuses what was billed, where it says so", async () => {
            fake.fail({ kind: "refuse", error: "ModelTimeoutException", billed: true });
            await assert.rejects(client.send(new ConverseCommand(saying("hello"))), failed("ModelTimeoutException"));
            assert.equal(fake.bill.calls, 1);
        });

        it("meets only the calls that it is meant for", async () => {
            fake.fail({
                kind: "refuse",
                error: "ThrottlingException",
                when: ({ body }) => JSON.stringify(body).includes("[[out=1]]"),
            });
            await client.send(new ConverseCommand(saying("hello")));
            await assert.rejects(client.send(new ConverseCommand(saying("[[out=1]]"))), failed("ThrottlingException"));
            await client.send(new ConverseCommand(saying("[[out=1]]")));
        });

        it("is tried again by a client that may", async () => {
            const patient = clientOf(fake, 2);
            fake.fail({ kind: "refuse", error: "ThrottlingException" });
            await patient.send(new ConverseCommand(saying("hello")));
            patient.destroy();
            assert.equal(fake.calls.length, 2);
            assert.equal(fake.bill.calls, 1);
        });

        it("is forgotten when the fake is reset, as are calls and bill", async () => {
            await client.send(new ConverseCommand(saying("hello")));
            fake.fail({ kind: "refuse", error: "ThrottlingException" });
            fake.reset();
            assert.deepEqual([fake.calls.length, fake.bill.totalMicroUsd, fake.bill.lines.length], [0, 0n, 0]);
            await client.send(new ConverseCommand(saying("hello")));
        });

        for (const [version, make] of [
            ["HTTP/2", clientOf],
            ["HTTP/1.1", http1ClientOf],
        ] as const) {
            describe(`over ${version}`, () => {
                let itsClient: BedrockRuntimeClient;
                beforeEach(() => (itsClient = make(fake)));
                afterEach(() => itsClient.destroy());

                it("resets the connection before anything is billed", async () => {
                    fake.fail({ kind: "reset" });
                    await assert.rejects(itsClient.send(new ConverseCommand(saying("hello"))));
                    assert.equal(fake.bill.calls, 0);
                    assert.equal(fake.calls[0].status, undefined);
                    await itsClient.send(new ConverseCommand(saying("hello")));
                });

                it("times out after the charge: no answer, and it costs as if there were one", async () => {
                    fake.fail({ kind: "timeOut", afterMs: 20 });
                    const began = performance.now();
                    await assert.rejects(itsClient.send(new ConverseCommand(saying("[[out=5]]"))));
                    assert.ok(performance.now() - began >= 18);
                    assert.equal(fake.bill.totalMicroUsd, 12n);
                    assert.equal(fake.calls[0].status, undefined);
                    assert.equal(fake.calls[0].usage?.outputTokens, 5);
                });

                it("cuts a stream after so many pieces, which arrive, and bills what was sent or all", async () => {
                    for (const [billing, outputTokens] of [
                        ["generated", 5],
                        ["whole", 10],
                    ] as const) {
                        fake.reset();
                        fake.fail({ kind: "cut", afterChunks: 2, billing });
                        const got: ConverseStreamOutput[] = [];
                        const { stream } = await itsClient.send(new ConverseStreamCommand(saying("[[out=10]]")));
                        await assert.rejects(async () => {
                            for await (const event of stream!) got.push(event);
                        });
                        assert.equal(wordsIn(textIn(got)), 5, "the two pieces arrived");
                        assert.ok(got.every(({ metadata }) => !metadata));
                        assert.equal(fake.bill.lines[0].outputTokens, outputTokens);
                    }
                });

                it("notices that its client goes in a stream, and bills all of it", async () => {
                    await withFake({ chunkDelay: 20 }, async (other) => {
                        const leaving = make(other);
                        await leave(leaving, saying("[[out=8]]"));
                        await other.settled();
                        assert.equal(other.calls[0].clientGone, true);
                        assert.equal(other.bill.lines[0].outputTokens, 8);
                    });
                });
            });
        }

        it("cuts before the first piece, and after the last", async () => {
            for (const [afterChunks, words] of [
                [0, 0],
                [4, 10],
                [99, 10],
            ] as const) {
                fake.reset();
                fake.fail({ kind: "cut", afterChunks, ending: "complete" });
                const events = await eventsOf(client, saying("[[out=10]]"));
                assert.equal(wordsIn(textIn(events)), words);
                assert.ok(events[0].messageStart);
                assert.ok(!events.at(-1)?.metadata);
                assert.equal(fake.bill.lines[0].outputTokens, words);
                assert.equal(fake.bill.lines[0].inputTokens, 11);
            }
        });

        it("ends a stream by an exception in it", async () => {
            fake.fail({ kind: "cut", afterChunks: 1, ending: "exception" });
            await assert.rejects(eventsOf(client, saying("hello")), failed("ModelStreamErrorException"));
            assert.equal(fake.bill.lines[0].outputTokens, 4);
        });

        it("of streams waits for one", async () => {
            fake.fail({ kind: "cut", afterChunks: 1 });
            await client.send(new ConverseCommand(saying("hello")));
            await assert.rejects(eventsOf(client, saying("hello")));
        });

        it("slows a call", async () => {
            fake.fail({ kind: "slow", ms: 40 });
            const began = performance.now();
            await client.send(new ConverseCommand(saying("hello")));
            assert.ok(performance.now() - began >= 38);
        });

        it("leaves out what was used, everywhere that Bedrock says it", async () => {
            fake.fail({ kind: "missingUsage", times: 4 });
            const { usage } = await client.send(new ConverseCommand(saying("hello")));
            assert.equal(usage, undefined);
            const events = await eventsOf(client, saying("hello"));
            assert.ok(events.at(-1)?.messageStop);
            const { headers, body } = await invoked(client, llama, { prompt: "hello" });
            assert.deepEqual(
                Object.keys(headers).filter((name) => name.endsWith("token-count")),
                [],
            );
            assert.equal(body.generation_token_count, 16, "the model's own count stays");
            const chunks = await streamed(client, llama, { prompt: "hello" });
            assert.deepEqual(chunks.filter(metricsIn), []);
            assert.equal(fake.bill.calls, 4);
            assert.ok((await client.send(new ConverseCommand(saying("hello")))).usage);
        });

        it("leaves the model's own count out, too, where it says so", async () => {
            fake.fail({ kind: "missingUsage", everywhere: true, times: 3 });
            const { body } = await invoked(client, llama, { prompt: "hello" });
            assert.ok(!("generation_token_count" in body));
            assert.ok(!("usage" in (await invoked(client, claude, claudeBody("hello"))).body));
            const chunks = await streamed(client, claude, claudeBody("hello"));
            assert.ok(!JSON.stringify(chunks).includes("output_tokens"));
        });

        it("counts writes to the cache twice in streams, in either of the ways that were seen, and bills them once", async () => {
            const prompt = saying("[[cacheWrite=12]]".padEnd(40), { modelId: claude });
            fake.fail({ kind: "wrongUsage" });
            const right = await client.send(new ConverseCommand(prompt));
            assert.deepEqual([right.usage?.inputTokens, right.usage?.cacheWriteInputTokens], [6, 12], "no stream");
            const inInput = (await eventsOf(client, prompt)).at(-1)?.metadata?.usage;
            assert.deepEqual(
                [inInput?.inputTokens, inInput?.cacheWriteInputTokens, inInput?.totalTokens],
                [18, 12, 18 + 12 + 16],
            );
            fake.fail({ kind: "wrongUsage", how: "doubled" });
            const doubled = metricsIn(
                (await streamed(client, claude, claudeBody("[[cacheWrite=12]]".padEnd(40)))).at(-1),
            );
            assert.deepEqual([doubled?.inputTokenCount, doubled?.cacheWriteInputTokenCount], [6, 24]);
            assert.deepEqual(
                fake.calls.map(({ usage }) => [usage?.inputTokens, usage?.cacheWrite5mTokens]),
                Array.from({ length: 3 }, () => [6, 12]),
            );
        });

        it("serves another tier than was asked for: says it, and bills it", async () => {
            fake.fail({ kind: "tier", served: "flex" });
            const asked = saying("[[out=38]]", { serviceTier: { type: "priority" } });
            const answer = await client.send(new ConverseCommand(asked));
            assert.equal(answer.serviceTier?.type, "flex");
            assert.equal(fake.bill.totalMicroUsd, 18n);
        });

        it("meets a call together with others", async () => {
            fake.fail({ kind: "slow", ms: 30 });
            fake.fail({ kind: "missingUsage" });
            const began = performance.now();
            const { usage } = await client.send(new ConverseCommand(saying("hello")));
            assert.ok(performance.now() - began >= 28 && usage === undefined);
        });
    });

    describe("a client that has gone", () => {
        it("is billed for the answer that it did not wait for", async () => {
            await withFake({ latency: 60 }, async (other) => {
                const body = JSON.stringify(saying("[[out=5]]"));
                const signal = AbortSignal.timeout(20);
                await assert.rejects(fetch(`${other.url}/model/${llama}/converse`, { method: "POST", body, signal }));
                assert.equal(other.bill.calls, 0, "not yet");
                await other.settled();
                assert.equal(other.calls[0].clientGone, true);
                assert.equal(other.bill.totalMicroUsd, 12n);
            });
        });

        it("is billed for what was generated of a stream, where the fake is told so", async () => {
            await withFake({ chunkDelay: 20, clientGone: "generated" }, async (other, leaving) => {
                await leave(leaving, saying("[[out=8]]"));
                await other.settled();
                assert.equal(other.bill.lines[0].outputTokens, 2);
            });
        });

        it("is on no bill that was begun after it", async () => {
            await withFake({ latency: 30 }, async (other, itsClient) => {
                const running = itsClient.send(new ConverseCommand(saying("hello")));
                while (other.calls.length === 0) await sleep(1);
                other.reset();
                await running;
                assert.equal(other.bill.calls, 0);
            });
        });
    });

    describe("the server", () => {
        it("records each call: when, what, with which headers, and how it was answered", async () => {
            const began = Date.now();
            await client.send(new ConverseCommand(saying("hello", maximum(3))));
            const [call] = fake.calls;
            assert.ok(call.time >= began && call.time <= Date.now());
            assert.deepEqual([call.operation, call.model, call.stream], ["Converse", llama, false]);
            assert.match(call.headers.authorization ?? "", /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/);
            assert.deepEqual(call.body?.inferenceConfig, { maxTokens: 3 });
            assert.deepEqual([call.status, call.clientGone, call.usage?.outputTokens], [200, false, 3]);
        });

        it("announces itself in every answer, and on stderr unless it is to be quiet", async () => {
            const { write } = process.stderr;
            const said: string[] = [];
            process.stderr.write = (chunk: string | Uint8Array) => said.push(String(chunk)) > 0;
            try {
                await withFake({ quiet: false }, async ({ url }) => {
                    assert.deepEqual(said, [`A fake Bedrock, for tests, listens on ${url}\n`]);
                });
                await withFake({}, async () => assert.equal(said.length, 1));
            } finally {
                process.stderr.write = write;
            }
            const answer = await fetch(`${fake.url}/model/x/converse`, { method: "POST", body: "{" });
            assert.equal(answer.headers.get("x-fake-bedrock"), "1");
        });

        it("answers many at once, none of them lost, and the bill is their sum", async () => {
            const calls = Array.from({ length: 200 }, (_, index) => saying(`[[out=${index + 1}]] ${index}`));
            const answers = await Promise.all(calls.map((call) => client.send(new ConverseCommand(call))));
            const expected = answers.reduce((sum, { usage }) => sum + Math.ceil((usage!.totalTokens! * 72) / 100), 0);
            assert.equal(fake.bill.totalMicroUsd, BigInt(expected));
            assert.equal(fake.bill.lines[0].outputTokens, (200 * 201) / 2);
        });

        it("keeps no more calls than it is told to, and bills them all", async () => {
            await withFake({ keepCalls: 1 }, async (other, itsClient) => {
                for (let call = 0; call < 3; call += 1) await itsClient.send(new ConverseCommand(saying("hello")));
                assert.deepEqual([other.calls.length, other.bill.calls], [1, 3]);
            });
        });

        it("counts, limits and answers by default as it is told to", async () => {
            const options = { overhead: { message: 100 }, outputTokens: 3, maxOutputTokens: 50 };
            await withFake(options, async (_, itsClient) => {
                const { usage } = await itsClient.send(new ConverseCommand(saying("four", { toolConfig: tools })));
                const { usage: without } = await itsClient.send(new ConverseCommand(saying("four")));
                assert.deepEqual([without?.inputTokens, without?.outputTokens], [101, 3]);
                assert.ok(usage!.inputTokens! > 101 + 2 * 8);
                const long = await itsClient.send(new ConverseCommand(saying("[[out=99]]")));
                assert.deepEqual([long.usage?.outputTokens, long.stopReason], [50, "max_tokens"]);
                await assert.rejects(itsClient.send(new ConverseCommand(saying("hello", maximum(51)))), /limit of 50/);
            });
        });

        it("takes its time, by call where it is told so", async () => {
            const latency = ({ operation }: { operation: string }) => (operation === "Converse" ? 30 : 0);
            await withFake({ latency }, async (_, itsClient) => {
                const began = performance.now();
                const { metrics } = await itsClient.send(new ConverseCommand(saying("hello")));
                assert.ok(performance.now() - began >= 28);
                assert.ok(metrics!.latencyMs! >= 28);
            });
        });

        it("closes while a call runs: the call is billed, and its client told nothing", async () => {
            const other = await startFakeBedrock({ prices, quiet: true, latency: 60_000 });
            const itsClient = clientOf(other);
            const running = assert.rejects(itsClient.send(new ConverseCommand(saying("[[out=5]]"))));
            while (other.calls.length === 0) await sleep(1);
            await other.close();
            await running;
            itsClient.destroy();
            assert.equal(other.bill.totalMicroUsd, 12n);
        });
    });
});
