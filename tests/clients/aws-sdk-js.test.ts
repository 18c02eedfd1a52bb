import assert from "node:assert/strict";

import {
    BedrockRuntimeClient,
    ConverseCommand,
    type ConverseCommandInput,
    ConverseStreamCommand,
    InvokeModelCommand,
    InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import { withEnvironment } from "../support/client-environment";
import { type Fault } from "../support/bedrock";
import { type GateServer, model, otherModel, region, roleCredentials, startGateServer } from "../support/gate-server";

const saying = (text: string, more: Partial<ConverseCommandInput> = {}): ConverseCommandInput => ({
    modelId: model,
    messages: [{ role: "user", content: [{ text }] }],
    inferenceConfig: { maxTokens: 100 },
    ...more,
});

const toolConfig = {
    tools: [
        {
            toolSpec: {
                name: "weather",
                description: "The weather of a city",
                inputSchema: { json: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
            },
        },
    ],
};

const invocation = {
    modelId: model,
    contentType: "application/json",
    body: JSON.stringify({
        messages: [{ role: "user", content: [{ text: "Hello [[out=12]]" }] }],
        inferenceConfig: { maxTokens: 100 },
    }),
};

describe("AWS SDK for JavaScript", () => {
    let gate: GateServer;
    before(async () => (gate = await startGateServer()));
    after(() => gate.close());

    /** As a service makes it: everything else is in its variables. */
    const withKey = <Result>(key: string, run: (client: BedrockRuntimeClient) => Promise<Result>) =>
        withEnvironment(variablesOf(key), () => run(new BedrockRuntimeClient()));
    const variablesOf = (key: string) => ({
        AWS_REGION: region,
        AWS_BEARER_TOKEN_BEDROCK: key,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME: gate.url,
    });
    const signed = <Result>(run: (client: BedrockRuntimeClient) => Promise<Result>) => {
        const variables = {
            AWS_REGION: region,
            AWS_ENDPOINT_URL_BEDROCK_RUNTIME: gate.signedUrl,
            AWS_ACCESS_KEY_ID: roleCredentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: roleCredentials.secretAccessKey,
            AWS_SESSION_TOKEN: roleCredentials.sessionToken,
        };
        // Over HTTP/2, its default, the client signs `:authority` and no host.
        const options = { requestHandler: new NodeHttpHandler(), signingName: "lambda" };
        return withEnvironment(variables, () => run(new BedrockRuntimeClient(options)));
    };
    const ways = {
        "with a gate key": async <Result>(run: (client: BedrockRuntimeClient) => Promise<Result>) =>
            withKey(await gate.key(), run),
        "signed for Lambda": signed,
    };

    for (const [way, through] of Object.entries(ways)) {
        describe(way, () => {
            it("Converse", async () => {
                const { output, usage, $metadata } = await through((client) =>
                    client.send(new ConverseCommand(saying("Hello [[out=12]]"))),
                );
                assert.equal(output?.message?.content?.[0]?.text, "word ".repeat(12));
                assert.equal(usage?.outputTokens, 12);
                assert.equal($metadata.httpStatusCode, 200);
            });

            it("ConverseStream", async () => {
                const { text, outputTokens } = await through(async (client) => {
                    const { stream } = await client.send(new ConverseStreamCommand(saying("Hello [[out=12]]")));
                    let text = "";
                    let outputTokens: number | undefined;
                    for await (const { contentBlockDelta, metadata } of stream!) {
                        text += contentBlockDelta?.delta?.text ?? "";
                        outputTokens ??= metadata?.usage?.outputTokens;
                    }
                    return { text, outputTokens };
                });
                assert.deepEqual({ text, outputTokens }, { text: "word ".repeat(12), outputTokens: 12 });
            });

            it("a tool, and its result", async () => {
                const answer = await through(async (client) => {
                    const ask = saying("Please use a tool", { toolConfig });
                    const { output, stopReason } = await client.send(new ConverseCommand(ask));
                    assert.equal(stopReason, "tool_use");
                    const { toolUse } = output!.message!.content![0];
                    assert.deepEqual([toolUse?.name, toolUse?.input], ["weather", { city: "word" }]);
                    const toolResult = { toolUseId: toolUse!.toolUseId, content: [{ json: { degrees: 21 } }] };
                    const messages = [
                        ...ask.messages!,
                        output!.message!,
                        { role: "user" as const, content: [{ toolResult }] },
                    ];
                    return client.send(new ConverseCommand({ ...ask, messages }));
                });
                assert.equal(answer.stopReason, "end_turn");
            });

            it("a tool, in a stream", async () => {
                const input = await through(async (client) => {
                    const ask = new ConverseStreamCommand(saying("Please use a tool", { toolConfig }));
                    const { stream } = await client.send(ask);
                    let input = "";
                    for await (const { contentBlockDelta } of stream!) {
                        input += contentBlockDelta?.delta?.toolUse?.input ?? "";
                    }
                    return input;
                });
                assert.deepEqual(JSON.parse(input), { city: "word" });
            });

            it("InvokeModel", async () => {
                const { body } = await through((client) => client.send(new InvokeModelCommand(invocation)));
                const answer = JSON.parse(body.transformToString()) as { usage: { outputTokens: number } };
                assert.equal(answer.usage.outputTokens, 12);
            });

            it("InvokeModelWithResponseStream", async () => {
                const metrics = await through(async (client) => {
                    const { body } = await client.send(new InvokeModelWithResponseStreamCommand(invocation));
                    let last = "";
                    for await (const { chunk } of body!) last = Buffer.from(chunk!.bytes!).toString();
                    return (JSON.parse(last) as Record<string, unknown>)["amazon-bedrock-invocationMetrics"];
                });
                assert.equal((metrics as { outputTokenCount: number }).outputTokenCount, 12);
            });

            it("a model's ARN, whose slash the client encodes", async () => {
                const modelId = `arn:aws:bedrock:${region}:111122223333:inference-profile/${model}`;
                const { stopReason } = await through((client) =>
                    client.send(new ConverseCommand(saying("Hello", { modelId }))),
                );
                assert.equal(stopReason, "end_turn");
            });

            it("a model that is not allowed", async () => {
                const call = through((client) =>
                    client.send(new ConverseCommand(saying("Hello", { modelId: otherModel }))),
                );
                await assert.rejects(call, {
                    name: "AccessDeniedException",
                    message: `${otherModel} is not among this environment's models: ${model}`,
                });
            });

            it("a stream of a model that is not allowed", async () => {
                const ask = new ConverseStreamCommand(saying("Hello", { modelId: otherModel }));
                await assert.rejects(
                    through((client) => client.send(ask)),
                    { name: "AccessDeniedException" },
                );
            });
        });
    }

    it("over HTTP/1.1, as the document has it", async () => {
        const key = await gate.key();
        const events: string[] = [];
        await withEnvironment(variablesOf(key), async () => {
            const client = new BedrockRuntimeClient({ requestHandler: new NodeHttpHandler() });
            const { stream } = await client.send(new ConverseStreamCommand(saying("Hello")));
            for await (const event of stream!) events.push(...Object.keys(event));
        });
        assert.deepEqual([events[0], events.at(-1)], ["messageStart", "metadata"]);
    });

    it("a key that nobody has", async () => {
        const call = withKey("gate-unknown", (client) => client.send(new ConverseCommand(saying("Hello"))));
        await assert.rejects(call, {
            name: "AccessDeniedException",
            message: /gate keys that are neither revoked nor expired/,
        });
    });

    it("the request limit: an error at once, though the hour is long", async () => {
        const began = Date.now();
        const calls = withKey(await gate.key(1), async (client) => {
            await client.send(new ConverseCommand(saying("Hello")));
            await client.send(new ConverseCommand(saying("Hello")));
        });
        await assert.rejects(calls, (error: Error & { $metadata: { httpStatusCode: number } }) => {
            assert.equal(error.name, "ThrottlingException");
            assert.match(error.message, /^The limit of 1 requests an hour is reached/);
            assert.equal(error.$metadata.httpStatusCode, 429);
            return true;
        });
        assert.ok(Date.now() - began < 5000);
    });

    it("a model that is no part of a URL, which only another client can ask for", async () => {
        const headers = { authorization: `Bearer ${await gate.key()}` };
        const response = await fetch(`${gate.url}/model/%E0%A4%A/converse`, { method: "POST", headers, body: "{}" });
        assert.deepEqual([response.status, response.headers.get("x-amzn-errortype")], [400, "ValidationException"]);
    });

    it("signs for Lambda where it is told so", async () => {
        await signed((client) => client.send(new ConverseCommand(saying("Hello"))));
        assert.deepEqual([...new Set(gate.scopes)], [`${region}/lambda/aws4_request`]);
    });

    it("signs for Bedrock otherwise, which a function URL refuses", async () => {
        const call = withEnvironment({}, () => {
            const options = { endpoint: gate.signedUrl, region, credentials: roleCredentials };
            const client = new BedrockRuntimeClient({ ...options, requestHandler: new NodeHttpHandler() });
            return client.send(new ConverseCommand(saying("Hello")));
        });
        await assert.rejects(call, { message: /scoped to correct service/ });
    });

    const billedOnce: Readonly<Record<string, Fault>> = {
        "a model that does not answer in time": { kind: "timeOut" },
        "an answer that is cut off": { kind: "cut", afterChunks: 1, ending: "exception" },
    };
    for (const [what, fault] of Object.entries(billedOnce)) {
        it(`${what} is not asked again: that would be billed again`, async () => {
            const before = gate.bedrock.calls.length;
            gate.bedrock.fail(fault);
            const ask = saying("Hello");
            const call = withKey(await gate.key(), async (client) => {
                if (fault.kind === "timeOut") return client.send(new ConverseCommand(ask));
                const { stream } = await client.send(new ConverseStreamCommand(ask));
                for await (const event of stream!) assert.ok(event);
            });
            await assert.rejects(call);
            assert.equal(gate.bedrock.calls.length, before + 1);
        });
    }

    it("has been charged what Bedrock has billed, or more where nobody knows", async () => {
        const { counted, billed } = await gate.totals();
        assert.ok(counted >= billed && billed > 0n, `${counted} counted, ${billed} billed`);
    });
});
