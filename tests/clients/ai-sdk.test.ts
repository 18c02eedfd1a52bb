import assert from "node:assert/strict";

import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { APICallError, generateText, type LanguageModel, RetryError, stepCountIs, streamText, tool } from "ai";
import { AwsClient } from "aws4fetch";
import { z } from "zod";

import { withEnvironment } from "../support/client-environment";
import { type GateServer, model, otherModel, region, roleCredentials, startGateServer } from "../support/gate-server";

const weather = tool({
    description: "The weather of a city",
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => `21 degrees in ${city}`,
});

describe("AI SDK with its provider for Amazon Bedrock", () => {
    let gate: GateServer;
    before(async () => (gate = await startGateServer()));
    after(() => gate.close());

    type Run<Result> = (model: LanguageModel) => Promise<Result>;
    /** As a service makes it: everything else is in its variables. */
    const withKey = <Result>(key: string, run: Run<Result>, id = model) => {
        const variables = {
            AWS_REGION: region,
            AWS_BEARER_TOKEN_BEDROCK: key,
            AWS_ENDPOINT_URL_BEDROCK_RUNTIME: gate.url,
        };
        return withEnvironment(variables, () => run(createAmazonBedrock()(id)));
    };
    const signed = <Result>(run: Run<Result>, id = model) => {
        const signer = new AwsClient({ ...roleCredentials, service: "lambda", region, retries: 0 });
        const variables = { AWS_REGION: region, AWS_ENDPOINT_URL_BEDROCK_RUNTIME: gate.signedUrl };
        return withEnvironment(variables, () =>
            run(createAmazonBedrock({ apiKey: "signed", fetch: signer.fetch.bind(signer) })(id)),
        );
    };
    const ways = {
        "with a gate key": async <Result>(run: Run<Result>, id?: string) => withKey(await gate.key(), run, id),
        "signed for Lambda": signed,
    };

    for (const [way, through] of Object.entries(ways)) {
        describe(way, () => {
            it("generateText", async () => {
                const { text, usage } = await through((model) =>
                    generateText({ model, prompt: "Hello [[out=12]]", maxOutputTokens: 100 }),
                );
                assert.equal(text.trim(), "word ".repeat(12).trim());
                assert.equal(usage.outputTokens, 12);
            });

            it("streamText", async () => {
                const { text, usage } = await through(async (model) => {
                    const result = streamText({ model, prompt: "Hello [[out=12]]", maxOutputTokens: 100 });
                    let text = "";
                    for await (const piece of result.textStream) text += piece;
                    return { text, usage: await result.usage };
                });
                assert.equal(text, "word ".repeat(12));
                assert.equal(usage.outputTokens, 12);
            });

            it("a tool, and its result", async () => {
                const { steps, text } = await through((model) =>
                    generateText({
                        model,
                        prompt: "Please use a tool",
                        maxOutputTokens: 100,
                        tools: { weather },
                        stopWhen: stepCountIs(2),
                    }),
                );
                assert.deepEqual(steps[0].toolResults[0].output, "21 degrees in word");
                assert.match(text, /^(word ?)+$/);
            });

            it("a model that is not allowed", async () => {
                const call = through((model) => generateText({ model, prompt: "Hello" }), otherModel);
                await assert.rejects(call, (error: Error) => {
                    assert.ok(APICallError.isInstance(error));
                    assert.equal(error.statusCode, 403);
                    assert.match(error.message, /is not among this environment's models/);
                    return true;
                });
            });
        });
    }

    it("signs for Lambda where it is told so", async () => {
        await signed((model) => generateText({ model, prompt: "Hello", maxOutputTokens: 100 }));
        assert.deepEqual([...new Set(gate.scopes)], [`${region}/lambda/aws4_request`]);
    });

    it("a key that nobody has", async () => {
        const call = withKey("gate-unknown", (model) => generateText({ model, prompt: "Hello" }));
        await assert.rejects(call, (error: Error) => APICallError.isInstance(error) && error.statusCode === 401);
    });

    it("the request limit, after the client's own tries", async () => {
        const ask = { prompt: "Hello", maxOutputTokens: 100 };
        const calls = withKey(await gate.key(1), async (model) => {
            await generateText({ model, ...ask });
            await generateText({ model, ...ask, maxRetries: 1 });
        });
        await assert.rejects(calls, (error: Error) => {
            assert.ok(RetryError.isInstance(error));
            assert.match(error.message, /The limit of 1 requests an hour is reached/);
            return true;
        });
    });

    it("a model that does not answer in time is not asked again: that would be billed again", async () => {
        const before = gate.bedrock.calls.length;
        gate.bedrock.fail({ kind: "timeOut" });
        const call = ways["with a gate key"]((model) => generateText({ model, prompt: "Hello", maxOutputTokens: 100 }));
        await assert.rejects(call, (error: Error) => APICallError.isInstance(error) && error.statusCode === 424);
        assert.equal(gate.bedrock.calls.length, before + 1);
    });
});
