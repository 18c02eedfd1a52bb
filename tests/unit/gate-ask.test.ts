import assert from "node:assert/strict";

import { BadRequest, type Operation, readAsk } from "../../functions/bedrock-gate/core/ask";

const llama = "meta.llama3-3-70b-instruct-v1:0";
const said = { messages: [{ role: "user", content: [{ text: "Hello" }] }] };

const read = (body: unknown, operation: Operation = "converse", model = llama, headers: Record<string, string> = {}) =>
    readAsk(operation, model, typeof body === "string" ? body : JSON.stringify(body), new Headers(headers));
const refused = (body: unknown, message: RegExp, operation: Operation = "converse", model = llama, headers = {}) =>
    assert.throws(
        () => read(body, operation, model, headers),
        (error) => error instanceof BadRequest && message.test(error.message),
    );

describe("the limit of an answer's length", () => {
    const families: readonly (readonly [model: string, body: object, written: object])[] = [
        ["anthropic.claude-v2", { max_tokens: 7 }, { max_tokens: 5 }],
        ["anthropic.claude-v2", { max_tokens_to_sample: 7 }, { max_tokens_to_sample: 5 }],
        ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", { max_tokens: 7 }, { max_tokens: 5 }],
        [
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-opus-5",
            { max_tokens: 7 },
            { max_tokens: 5 },
        ],
        [`arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/${llama}`, { max_gen_len: 7 }, { max_gen_len: 5 }],
        [llama, { max_gen_len: 7 }, { max_gen_len: 5 }],
        [
            "amazon.nova-lite-v1:0",
            { inferenceConfig: { maxTokens: 7, topP: 1 } },
            { inferenceConfig: { maxTokens: 5, topP: 1 } },
        ],
        [
            "us.amazon.nova-lite-v1:0",
            { inferenceConfig: { max_new_tokens: 7 } },
            { inferenceConfig: { max_new_tokens: 5 } },
        ],
        [
            "amazon.titan-text-lite-v1",
            { textGenerationConfig: { maxTokenCount: 7 } },
            { textGenerationConfig: { maxTokenCount: 5 } },
        ],
        ["mistral.mistral-large-2407-v1:0", { max_tokens: 7 }, { max_tokens: 5 }],
        ["cohere.command-r-v1:0", { max_tokens: 7 }, { max_tokens: 5 }],
        ["us.deepseek.r1-v1:0", { max_tokens: 7 }, { max_tokens: 5 }],
        ["ai21.j2-mid-v1", { maxTokens: 7 }, { maxTokens: 5 }],
        ["qwen.qwen3-32b-v1:0", { max_tokens: 7 }, { max_tokens: 5 }],
        ["openai.gpt-oss-20b-1:0", { max_completion_tokens: 7 }, { max_completion_tokens: 5 }],
        ["openai.gpt-oss-20b-1:0", { max_tokens: 7 }, { max_tokens: 5 }],
    ];
    for (const [model, body, written] of families) {
        it(`of ${model} is read from and written to ${JSON.stringify(body)}`, () => {
            for (const operation of ["invoke", "invoke-with-response-stream"] as const) {
                const ask = read({ prompt: "x", ...body }, operation, model);
                assert.equal(ask.outputTokens, 7);
                assert.deepEqual(ask.withOutputTokens(5), { prompt: "x", ...written });
                assert.equal(read({ prompt: "x" }, operation, model).outputTokens, undefined);
            }
        });
    }

    it("of Converse is the same for every model", () => {
        for (const model of [llama, "writer.palmyra-x5-v1:0", "arn:aws:bedrock:us-east-1:1:provisioned-model/x"]) {
            const ask = read({ ...said, inferenceConfig: { maxTokens: 7, temperature: 0 } }, "converse", model);
            assert.equal(ask.outputTokens, 7);
            assert.deepEqual(ask.withOutputTokens(5), {
                ...said,
                inferenceConfig: { maxTokens: 5, temperature: 0 },
            });
            assert.deepEqual(read(said).withOutputTokens(5), { ...said, inferenceConfig: { maxTokens: 5 } });
        }
    });

    it("is the largest where several are named, and one where it is written", () => {
        const two = { max_completion_tokens: 1, max_tokens: 100_000 };
        const ask = read(two, "invoke", "openai.gpt-oss-20b-1:0");
        assert.equal(ask.outputTokens, 100_000);
        assert.deepEqual(ask.withOutputTokens(5), { max_completion_tokens: 5 });
        const nova = read({ inferenceConfig: { maxTokens: 1, max_new_tokens: 9 } }, "invoke", "amazon.nova-lite-v1:0");
        assert.equal(nova.outputTokens, 9);
        assert.deepEqual(nova.withOutputTokens(5), { inferenceConfig: { maxTokens: 5 } });
    });

    for (const absurd of [0, -1, 1.5, "7", null, true, [], {}, 2 ** 53]) {
        it(`is not ${JSON.stringify(absurd)}`, () => {
            refused({ ...said, inferenceConfig: { maxTokens: absurd } }, /inferenceConfig\.maxTokens is .*above 0/);
            refused({ max_gen_len: absurd }, /max_gen_len is/, "invoke");
            // Nor the second of two.
            const two = { max_completion_tokens: 1, max_tokens: absurd };
            refused(two, /max_tokens is/, "invoke", "openai.gpt-oss-20b-1:0");
        });
    }
    it("is not 1e999", () => refused('{"inferenceConfig": {"maxTokens": 1e999}}', /maxTokens/));

    it("is not looked for where the format is not known", () => {
        for (const model of [
            "writer.palmyra-x5-v1:0",
            "arn:aws:bedrock:us-east-1:1:provisioned-model/x",
            "constructor",
        ]) {
            refused({ max_tokens: 7 }, /is not known here.*use Converse/, "invoke", model);
        }
    });

    it("is not set past the gate by the model's own fields, however deep", () => {
        for (const fields of [
            { max_tokens: 9 },
            { inferenceConfig: { max_new_tokens: 9 } },
            { textGenerationConfig: { maxTokenCount: 9 } },
            { max_gen_len: 9 },
            { n: 2 },
            { deep: [{ num_generations: 2 }] },
        ]) {
            refused({ ...said, additionalModelRequestFields: fields }, /additionalModelRequestFields/);
        }
        read({ ...said, additionalModelRequestFields: { top_k: 5, thinking: { budget_tokens: 9 } } });
        read({ ...said, additionalModelRequestFields: { reasoningConfig: { maxReasoningEffort: "low" } } });
    });
});

describe("a request", () => {
    it("that is no JSON object is refused", () => {
        refused("", /no JSON/);
        refused("{", /no JSON/);
        for (const body of ["[]", "null", "7", '"x"']) refused(body, /no JSON object/);
    });

    it("with a number that JSON cannot hold is refused: it would be sent as another", () => {
        refused('{"messages": [], "inferenceConfig": {"temperature": 1e999}}', /temperature is a number beyond/);
    });

    it("for several answers is refused, for one it is not", () => {
        for (const name of ["n", "num_generations", "numResults", "num_results"]) {
            refused({ prompt: "x", [name]: 2 }, new RegExp(name), "invoke");
            read({ prompt: "x", [name]: 1 }, "invoke");
        }
    });

    it("with a guardrail is refused, wherever it is named", () => {
        refused({ ...said, guardrailConfig: { guardrailIdentifier: "g" } }, /Guardrails/);
        refused({ prompt: "x", "amazon-bedrock-guardrailConfig": {} }, /Guardrails/, "invoke");
        refused({ prompt: "x" }, /Guardrails/, "invoke", llama, { "X-Amzn-Bedrock-GuardrailIdentifier": "g" });
    });

    it("for latency-optimized answers is refused", () => {
        refused({ ...said, performanceConfig: { latency: "optimized" } }, /latency/);
        refused({}, /latency/, "invoke", llama, { "x-amzn-bedrock-performanceconfig-latency": "optimized" });
        read({ ...said, performanceConfig: { latency: "standard" } });
    });

    const content = (block: unknown) => ({ messages: [{ role: "user", content: [{ text: "see" }, block] }] });
    const pictures: readonly (readonly [string, unknown, RegExp])[] = [
        ["an image", content({ image: { format: "png", source: { bytes: "" } } }), /image/],
        ["a document", content({ document: { name: "x" } }), /document/],
        ["a video", content({ video: { source: { s3Location: {} } } }), /video/],
        ["an image that a tool gave", content({ toolResult: { content: [{ image: {} }] } }), /image/],
        ["an image that is guarded", content({ guardContent: { image: {} } }), /image/],
        ["Claude's image", content({ type: "image", source: {} }), /image/],
        ["Claude's image in a tool's result", content({ type: "tool_result", content: [{ type: "image" }] }), /image/],
        ["OpenAI's image", content({ type: "image_url", image_url: { url: "data:" } }), /image_url/],
        ["OpenAI's audio", content({ type: "input_audio", input_audio: {} }), /input_audio/],
        ["OpenAI's file", content({ type: "file", file: {} }), /file/],
        ["Llama's images", { prompt: "x", images: ["aGk="] }, /images/],
        ["Qwen's video", content({ type: "video_url", video_url: "x" }), /video_url/],
    ];
    for (const [what, body, name] of pictures) {
        it(`with ${what} is refused`, () => refused(body, name));
    }

    it("may have tools, arguments and schemas in which something is called an image", () => {
        const schema = { type: "object", properties: { image: { type: "string" }, document: { type: "object" } } };
        const toolSpec = { name: "image", inputSchema: { json: schema } };
        read({ ...said, toolConfig: { tools: [{ toolSpec }], toolChoice: { tool: { name: "image" } } } });
        read(content({ toolUse: { name: "image", toolUseId: "1", input: { image: { file: [] } } } }));
        read(content({ toolResult: { toolUseId: "1", content: [{ json: { image: { type: "image" } } }] } }));
        read({ tools: [{ name: "image", input_schema: schema }], messages: [] }, "invoke", "anthropic.claude-v2");
        read({ response_format: { json_schema: { schema } }, messages: [] }, "invoke", "openai.gpt-oss-20b-1:0");
        read(content({ text: "the image of a video" }));
    });

    it("names its service tier in the body or in a header", () => {
        assert.equal(read(said).serviceTier, "default");
        assert.equal(read({ ...said, serviceTier: { type: "flex" } }).serviceTier, "flex");
        const header = { "x-amzn-bedrock-service-tier": "priority" };
        assert.equal(read({ prompt: "x" }, "invoke", llama, header).serviceTier, "priority");
        assert.equal(read(said, "converse", llama, header).serviceTier, "default");
        const gptOss = "openai.gpt-oss-20b-1:0";
        assert.equal(read({ service_tier: "priority" }, "invoke", gptOss, header).serviceTier, "priority");
        refused({ service_tier: "priority" }, /the header .* says default/, "invoke", gptOss);
        refused({ service_tier: "flex" }, /the header .* says priority/, "invoke", gptOss, header);
        refused({ service_tier: "auto" }, /the header .* says priority/, "invoke", gptOss, header);
        refused({ ...said, serviceTier: { type: "best" } }, /service tier is "best"/);
        refused({}, /service tier/, "invoke", llama, { "x-amzn-bedrock-service-tier": "constructor" });
    });
});

describe("the bound of a request's input", () => {
    const bytes = (body: object) => BigInt(Buffer.byteLength(JSON.stringify(body)));

    it("is a token a byte, and what a template adds to the request and to each message", () => {
        assert.equal(read(said).inputTokens, bytes(said) + 64n + 64n);
        const two = { messages: [...said.messages, { role: "assistant", content: [{ text: "Grüße" }] }] };
        assert.equal(read(two).inputTokens, bytes(two) + 64n + 2n * 64n);
        assert.equal(read({ prompt: "x" }, "invoke").inputTokens, bytes({ prompt: "x" }) + 128n);
    });

    it("has none where a tool runs at Bedrock, or a number is sent as another", () => {
        refused(
            { ...said, toolConfig: { tools: [{ systemTool: { name: "nova_grounding" } }] } },
            /tool that Bedrock runs/,
        );
        refused({ ...said, tools: [{ type: "web_search_20250305", name: "web_search" }] }, /tool that Bedrock runs/);
        read({
            ...said,
            tools: [
                { name: "mine", input_schema: {} },
                { type: "custom", name: "mine" },
            ],
        });
        refused({ ...said, a: 2 ** 53 }, /a is a number beyond/);
        refused({ ...said, a: 1e20 }, /a is a number beyond/);
    });

    it("is of the text as a tokenizer may write it out, where that is longer", () => {
        const ligature = { prompt: "\ufdfa" };
        assert.equal(read(ligature, "invoke").inputTokens, bytes({ prompt: "\ufdfa".normalize("NFKC") }) + 128n);
        assert.ok(read(ligature, "invoke").inputTokens > bytes(ligature) + 128n);
    });

    it("has more for tools, wherever they are", () => {
        const tools = [{ toolSpec: { name: "a" } }, { toolSpec: { name: "b" } }];
        for (const more of [{ toolConfig: { tools } }, { tools }, { additionalModelRequestFields: { tools } }]) {
            const body = { ...said, ...more };
            assert.equal(read(body).inputTokens, bytes(body) + 128n + 1024n + 2n * 128n, JSON.stringify(more));
        }
    });

    it("is of the body that is sent: spaces are not, and short numbers may become long ones", () => {
        assert.equal(read(JSON.stringify(said, null, 40)).inputTokens, read(said).inputTokens);
        const numbers = `[${Array.from({ length: 100 }, () => "1e-5").join()}]`;
        const text = `{"messages":[{"role":"user","content":[{"toolUse":{"input":{"a":${numbers}}}}]}]}`;
        const ask = read(text);
        assert.ok(ask.inputTokens >= bytes(ask.body));
    });
});
