import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";
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

const tools = {
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
            const schema = JSON.stringify(tools.tools[1].toolSpec.inputSchema.json).length;
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
            await assert.rejects(call, { name: "ValidationException", message: /prompt caching/ });
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
});
