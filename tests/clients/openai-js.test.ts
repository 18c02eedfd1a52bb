import assert from "node:assert/strict";

import OpenAI from "openai";

import { withEnvironment } from "../support/client-environment";
import { type GateServer, model, otherModel, startGateServer } from "../support/gate-server";

const saying = (content: string) => ({
    model,
    messages: [{ role: "user" as const, content }],
    max_completion_tokens: 100,
});

const tools = [
    {
        type: "function" as const,
        function: {
            name: "weather",
            parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        },
    },
];

describe("openai for Node", () => {
    let gate: GateServer;
    before(async () => (gate = await startGateServer()));
    after(() => gate.close());

    /** As a service makes it: everything else is in its variables. */
    const withKey = <Result>(key: string, run: (client: OpenAI) => Promise<Result>) =>
        withEnvironment({ OPENAI_API_KEY: key, OPENAI_BASE_URL: `${gate.url}/v1` }, () => run(new OpenAI()));
    const client = async <Result>(run: (client: OpenAI) => Promise<Result>) => withKey(await gate.key(), run);

    it("a completion", async () => {
        const { choices, usage } = await client((openai) => openai.chat.completions.create(saying("Hello [[out=12]]")));
        assert.equal(choices[0].message.content, "word ".repeat(12));
        assert.equal(choices[0].finish_reason, "stop");
        assert.equal(usage?.completion_tokens, 12);
    });

    it("a stream, with its usage", async () => {
        const { text, usage } = await client(async (openai) => {
            const options = { stream: true as const, stream_options: { include_usage: true } };
            const stream = await openai.chat.completions.create({ ...saying("Hello [[out=12]]"), ...options });
            let text = "";
            let usage: OpenAI.CompletionUsage | null | undefined;
            for await (const chunk of stream) {
                text += chunk.choices[0]?.delta.content ?? "";
                usage = chunk.usage ?? usage;
            }
            return { text, usage };
        });
        assert.equal(text, "word ".repeat(12));
        assert.equal(usage?.completion_tokens, 12);
    });

    it("a tool, and its result", async () => {
        const answer = await client(async (openai) => {
            const ask = { ...saying("Please use a tool"), tools };
            const { choices } = await openai.chat.completions.create(ask);
            assert.equal(choices[0].finish_reason, "tool_calls");
            const { message } = choices[0];
            const [call] = message.tool_calls!;
            assert.ok(call.type === "function");
            assert.deepEqual([call.function.name, call.function.arguments], ["weather", '{"city":"word"}']);
            const result = { role: "tool" as const, tool_call_id: call.id, content: "21 degrees" };
            return openai.chat.completions.create({ ...ask, messages: [...ask.messages, message, result] });
        });
        assert.equal(answer.choices[0].finish_reason, "stop");
    });

    it("a tool that the client runs itself, from a stream", async () => {
        const text = await client(async (openai) => {
            const cities: string[] = [];
            const weather = {
                type: "function" as const,
                function: {
                    name: "weather",
                    description: "The weather of a city",
                    parse: JSON.parse,
                    parameters: tools[0].function.parameters,
                    function: ({ city }: { city: string }) => {
                        cities.push(city);
                        return "21 degrees";
                    },
                },
            };
            const ask = { ...saying("Please use a tool"), stream: true as const };
            const runner = openai.chat.completions.runTools({ ...ask, tools: [weather] });
            const text = await runner.finalContent();
            assert.deepEqual(cities, ["word"]);
            return text;
        });
        assert.match(text!, /^(word )+$/);
    });

    it("the list of models", async () => {
        const found = await client(async (openai) => (await openai.models.list()).data);
        assert.deepEqual(
            found.map(({ id }) => id),
            [model],
        );
    });

    it("a model that is not allowed", async () => {
        const call = client((openai) => openai.chat.completions.create({ ...saying("Hello"), model: otherModel }));
        await assert.rejects(call, (error: Error) => {
            assert.ok(error instanceof OpenAI.PermissionDeniedError);
            assert.equal(error.code, "model_not_allowed");
            assert.match(error.message, /is not among this environment's models/);
            return true;
        });
    });

    it("what Converse has not: refused, and not ignored", async () => {
        const ask = { ...saying("Hello"), response_format: { type: "json_object" as const } };
        const call = client((openai) => openai.chat.completions.create(ask));
        await assert.rejects(call, { status: 400, message: "400 response_format: not supported by this gate" });
    });

    it("a key that nobody has", async () => {
        const call = withKey("gate-unknown", (openai) => openai.chat.completions.create(saying("Hello")));
        await assert.rejects(call, (error: Error) => error instanceof OpenAI.AuthenticationError);
    });

    it("the request limit: an error at once, though the client would try again", async () => {
        const began = Date.now();
        const calls = withKey(await gate.key(1), async (openai) => {
            await openai.chat.completions.create(saying("Hello"));
            await openai.chat.completions.create(saying("Hello"));
        });
        await assert.rejects(calls, (error: Error) => {
            assert.ok(error instanceof OpenAI.RateLimitError);
            assert.equal(error.code, "hour_limit");
            assert.ok(Number(error.headers.get("retry-after")) > 0);
            assert.equal(error.headers.get("x-ratelimit-remaining-requests"), "0");
            return true;
        });
        assert.ok(Date.now() - began < 400);
    });

    it("a model that does not answer in time is not asked again: that would be billed again", async () => {
        const before = gate.bedrock.calls.length;
        gate.bedrock.fail({ kind: "timeOut" });
        await assert.rejects(
            client((openai) => openai.chat.completions.create(saying("Hello"))),
            { code: "model_timeout" },
        );
        assert.equal(gate.bedrock.calls.length, before + 1);
    });

    it("a stream that fails is an error, and no short answer", async () => {
        gate.bedrock.fail({ kind: "cut", afterChunks: 1, ending: "exception" });
        const call = client(async (openai) => {
            const stream = await openai.chat.completions.create({ ...saying("Hello"), stream: true });
            for await (const chunk of stream) assert.ok(chunk);
        });
        await assert.rejects(call, { code: "modelStreamErrorException" });
    });
});
