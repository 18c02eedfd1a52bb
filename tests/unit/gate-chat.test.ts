import assert from "node:assert/strict";

import { BadRequest } from "../../functions/bedrock-gate/core/ask";
import { chatCompletion, ChatChunks, readChat } from "../../functions/bedrock-gate/core/chat";

const read = (body: object) =>
    readChat(JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }], ...body }));
const refused = (body: object | string, message: RegExp) =>
    assert.throws(
        () => (typeof body === "string" ? readChat(body) : read(body)),
        (error) => error instanceof BadRequest && message.test(error.message),
    );

const weather = {
    type: "function",
    function: { name: "weather", description: "Tells it.", parameters: { type: "object", properties: { image: {} } } },
};

describe("a request for a chat completion", () => {
    it("is Converse's by other names", () => {
        const request = read({
            messages: [
                { role: "system", content: "Be short." },
                { role: "developer", content: [{ type: "text", text: "Be kind." }] },
                { role: "user", content: "Hi" },
                { role: "user", content: [{ type: "text", text: "there" }] },
                { role: "assistant", content: "Hello" },
                { role: "user", content: "Bye" },
            ],
            max_completion_tokens: 5,
            max_tokens: 9,
            temperature: 0,
            top_p: 0.5,
            stop: "x",
            service_tier: "flex",
            stream: true,
            stream_options: { include_usage: true },
        });
        assert.deepEqual(request, {
            model: "m",
            stream: true,
            includeUsage: true,
            converse: {
                system: [{ text: "Be short." }, { text: "Be kind." }],
                messages: [
                    { role: "user", content: [{ text: "Hi" }, { text: "there" }] },
                    { role: "assistant", content: [{ text: "Hello" }] },
                    { role: "user", content: [{ text: "Bye" }] },
                ],
                inferenceConfig: { maxTokens: 5, temperature: 0, topP: 0.5, stopSequences: ["x"] },
                serviceTier: { type: "flex" },
            },
        });
    });

    it("without wishes has none, and null is none", () => {
        const none = {
            stop: null,
            temperature: null,
            top_p: null,
            max_tokens: null,
            n: null,
            tool_choice: null,
            seed: null,
        };
        for (const body of [{}, none, { service_tier: "auto", n: 1, tools: [], stop: undefined }]) {
            assert.deepEqual(read(body), {
                model: "m",
                stream: false,
                includeUsage: false,
                converse: { messages: [{ role: "user", content: [{ text: "Hi" }] }] },
            });
        }
    });

    it("has tools, calls of them and their results", () => {
        const { converse } = read({
            tools: [weather, { type: "function", function: { name: "clock" } }],
            tool_choice: "required",
            messages: [
                { role: "user", content: "Rain?" },
                {
                    role: "assistant",
                    content: null,
                    tool_calls: [
                        { id: "1", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } },
                        { id: "2", type: "function", function: { name: "clock", arguments: "" } },
                    ],
                },
                { role: "tool", tool_call_id: "1", content: "Rain." },
                { role: "tool", tool_call_id: "2", content: [{ type: "text", text: "Noon." }] },
                { role: "user", content: "So?" },
            ],
        });
        assert.deepEqual(converse, {
            messages: [
                { role: "user", content: [{ text: "Rain?" }] },
                {
                    role: "assistant",
                    content: [
                        { toolUse: { toolUseId: "1", name: "weather", input: { city: "Bonn" } } },
                        { toolUse: { toolUseId: "2", name: "clock", input: {} } },
                    ],
                },
                {
                    role: "user",
                    content: [
                        { toolResult: { toolUseId: "1", content: [{ text: "Rain." }] } },
                        { toolResult: { toolUseId: "2", content: [{ text: "Noon." }] } },
                        { text: "So?" },
                    ],
                },
            ],
            toolConfig: {
                tools: [
                    {
                        toolSpec: {
                            name: "weather",
                            description: "Tells it.",
                            inputSchema: { json: weather.function.parameters },
                        },
                    },
                    { toolSpec: { name: "clock", inputSchema: { json: { type: "object" } } } },
                ],
                toolChoice: { any: {} },
            },
        });
    });

    it("chooses among its tools", () => {
        const choice = (tool_choice: unknown) => read({ tools: [weather], tool_choice }).converse.toolConfig as object;
        assert.equal("toolChoice" in choice("auto"), false);
        assert.equal(choice("none"), undefined);
        const named = choice({ type: "function", function: { name: "weather" } });
        assert.deepEqual(named, { ...choice("auto"), toolChoice: { tool: { name: "weather" } } });
        refused({ tools: [weather], tool_choice: "some" }, /tool_choice/);
    });

    const faults: readonly (readonly [string, object | string, RegExp])[] = [
        ["no JSON", "{", /no JSON/],
        ["no object", "[]", /no JSON object/],
        ["no model", { model: undefined }, /model is missing/],
        ["no messages", { messages: [] }, /messages is missing/],
        ["messages that are none", { messages: "Hi" }, /messages is missing/],
        ["a message that is none", { messages: ["Hi"] }, /messages\[0\] is no object/],
        ["an unknown role", { messages: [{ role: "robot", content: "x" }] }, /messages\[0\]\.role is "robot"/],
        ["an empty message", { messages: [{ role: "user", content: "" }] }, /content is empty/],
        ["a number for content", { messages: [{ role: "user", content: 7 }] }, /expected text/],
        ["an image", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }, /has image_url/],
        ["several answers", { n: 2 }, /n is not supported/],
        ["a field that would be ignored", { seed: 7, logit_bias: {} }, /seed, logit_bias: not supported/],
        ["tools that are none", { tools: [{ type: "web_search" }] }, /tools: expected functions/],
        [
            "arguments that are no JSON",
            { messages: [{ role: "assistant", tool_calls: [{ id: "1", function: { name: "f", arguments: "{" } }] }] },
            /arguments of f are no JSON/,
        ],
    ];
    for (const [what, body, message] of faults) {
        it(`with ${what} is refused`, () => refused(body, message));
    }
});

const head = { id: "chatcmpl-1", model: "m", created: 7 };
const usage = { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheWriteInputTokens: 4 };
const counted = {
    prompt_tokens: 8,
    completion_tokens: 2,
    total_tokens: 10,
    prompt_tokens_details: { cached_tokens: 3 },
};

describe("a chat completion", () => {
    const of = (content: object[], stopReason = "end_turn") =>
        chatCompletion(head, { output: { message: { role: "assistant", content } }, stopReason, usage });
    const choiceOf = (completion: object) => (completion as { choices: Record<string, unknown>[] }).choices[0];

    it("has Converse's answer", () => {
        assert.deepEqual(of([{ text: "Hello " }, { text: "there" }]), {
            id: "chatcmpl-1",
            object: "chat.completion",
            created: 7,
            model: "m",
            choices: [
                {
                    index: 0,
                    message: { role: "assistant", content: "Hello there", refusal: null },
                    logprobs: null,
                    finish_reason: "stop",
                },
            ],
            usage: counted,
        });
    });

    it("has its calls of tools", () => {
        const choice = choiceOf(of([{ toolUse: { toolUseId: "1", name: "f", input: { a: 1 } } }], "tool_use"));
        assert.deepEqual(choice.message, {
            role: "assistant",
            content: null,
            refusal: null,
            tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
        });
        assert.equal(choice.finish_reason, "tool_calls");
    });

    const reasons = {
        max_tokens: "length",
        model_context_window_exceeded: "length",
        stop_sequence: "stop",
        content_filtered: "content_filter",
        guardrail_intervened: "content_filter",
    };
    for (const [reason, finish] of Object.entries(reasons)) {
        it(`that ended by ${reason} says ${finish}`, () =>
            assert.equal(choiceOf(of([{ text: "x" }], reason)).finish_reason, finish));
    }
});

describe("a chat completion in pieces", () => {
    const event = (type: string, content: object) => ({ type, content, isException: false });
    const deltas = (chunks: object[]) =>
        chunks.map((chunk) => (chunk as { choices: { delta: unknown }[] }).choices[0]?.delta);

    it("has a piece for each of the answer's, its end, and what was used where that is asked for", () => {
        const events = [
            event("messageStart", { role: "assistant" }),
            event("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Hello" } }),
            event("contentBlockStop", { contentBlockIndex: 0 }),
            event("messageStop", { stopReason: "max_tokens" }),
            event("metadata", { usage }),
        ];
        const chunk = (choices: object[]) => ({ ...head, object: "chat.completion.chunk", choices });
        const expected = [
            chunk([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }]),
            chunk([{ index: 0, delta: { content: "Hello" }, finish_reason: null }]),
            chunk([{ index: 0, delta: {}, finish_reason: "length" }]),
        ];
        const write = (includeUsage: boolean) => {
            const chunks = new ChatChunks(head, includeUsage);
            return events.flatMap((one) => chunks.of(one));
        };
        assert.deepEqual(write(false), expected);
        assert.deepEqual(write(true), [...expected, { ...chunk([]), usage: counted }]);
    });

    it("numbers its calls of tools by themselves, not with the blocks of text", () => {
        const chunks = new ChatChunks(head, false);
        const start = (contentBlockIndex: number, name: string) =>
            event("contentBlockStart", { contentBlockIndex, start: { toolUse: { toolUseId: name, name } } });
        const input = (contentBlockIndex: number, text: string) =>
            event("contentBlockDelta", { contentBlockIndex, delta: { toolUse: { input: text } } });
        const written = [start(1, "a"), input(1, "{"), start(2, "b"), input(2, "[]"), input(1, "}")].flatMap((one) =>
            chunks.of(one),
        );
        const begun = (index: number, id: string) => ({
            tool_calls: [{ index, id, type: "function", function: { name: id, arguments: "" } }],
        });
        const piece = (index: number, text: string) => ({ tool_calls: [{ index, function: { arguments: text } }] });
        assert.deepEqual(deltas(written), [begun(0, "a"), piece(0, "{"), begun(1, "b"), piece(1, "[]"), piece(0, "}")]);
    });

    it("says that it failed", () => {
        const chunks = new ChatChunks(head, false);
        const content = { message: "It failed." };
        assert.deepEqual(chunks.of({ type: "modelStreamErrorException", content, isException: true }), [
            { error: { message: "It failed.", type: "server_error", code: "modelStreamErrorException" } },
        ]);
    });
});
