import assert from "node:assert/strict";

import execa from "execa";

import { clientEnvironment } from "../support/client-environment";
import { gateExamples } from "../support/gate-document";
import { type GateServer, model, otherModel, region, roleCredentials, startGateServer } from "../support/gate-server";
import { type PythonClients, pythonClients, runProgram } from "../support/python-clients";

/** The line of the documentation by which boto3 signs for Lambda. */
const signForLambda = /^client\.meta\.events.*$/m.exec(gateExamples().get("boto3, signed")!.code)![0];

describe("Clients in Python", () => {
    let gate: GateServer;
    let clients: PythonClients;
    before(async function () {
        // The first time they are installed.
        this.timeout(300_000);
        const found = await pythonClients();
        if (!found) return this.skip();
        clients = found;
        gate = await startGateServer();
    });
    after(() => gate?.close());

    /** boto3 sends no token without TLS. */
    const secure = () => ({
        AWS_DEFAULT_REGION: region,
        AWS_CA_BUNDLE: gate.certificate,
        SSL_CERT_FILE: gate.certificate,
    });
    const withKey = (key: string) => ({
        ...secure(),
        AWS_BEARER_TOKEN_BEDROCK: key,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME: gate.secureUrl,
    });
    const signed = () => ({
        ...secure(),
        AWS_ACCESS_KEY_ID: roleCredentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: roleCredentials.secretAccessKey,
        AWS_SESSION_TOKEN: roleCredentials.sessionToken,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME: gate.secureSignedUrl,
    });
    const words = "word ".repeat(12);

    describe("boto3", () => {
        const boto3 = (variables: Readonly<Record<string, string>>, names: readonly string[], asked = model) =>
            runProgram(clients, "boto3_client.py", names, { MODEL: asked, ...variables });
        const ways = {
            "with a gate key": async () => withKey(await gate.key()),
            "signed for Lambda": () => Promise.resolve({ ...signed(), EXTRA_LINE: signForLambda }),
        };
        for (const [way, variables] of Object.entries(ways)) {
            it(`${way}: calls, streams and tools`, async () => {
                const names = ["converse", "stream", "tools", "tool_stream", "invoke", "invoke_stream"];
                const [converse, stream, tools, toolStream, invoke, invokeStream] = await boto3(
                    await variables(),
                    names,
                );
                assert.deepEqual(converse, { text: words, outputTokens: 12, stopReason: "end_turn" });
                assert.deepEqual(stream, { text: words, outputTokens: 12 });
                assert.deepEqual(tools, { name: "weather", input: { city: "word" }, then: "end_turn" });
                assert.deepEqual(toolStream, { city: "word" });
                assert.equal((invoke as { outputTokens: number }).outputTokens, 12);
                assert.equal((invokeStream as { outputTokenCount: number }).outputTokenCount, 12);
            });

            it(`${way}: a model that is not allowed`, async () => {
                const refusal = {
                    error: "AccessDeniedException",
                    message: `${otherModel} is not among this environment's models: ${model}`,
                    status: 403,
                    type: "AccessDeniedException",
                };
                const refused = await boto3(await variables(), ["converse", "stream"], otherModel);
                assert.deepEqual(refused, [refusal, refusal]);
            });

            it(`${way}: a model's ARN, whose slash the client encodes`, async () => {
                const arn = `arn:aws:bedrock:${region}:111122223333:inference-profile/${model}`;
                const [answer] = await boto3(await variables(), ["converse"], arn);
                assert.deepEqual(answer, { text: words, outputTokens: 12, stopReason: "end_turn" });
            });
        }

        it("signs for Lambda where it is told so", () =>
            assert.deepEqual([...new Set(gate.scopes)], [`${region}/lambda/aws4_request`]));

        it("signs for Bedrock otherwise, which a function URL refuses", async () => {
            const [refused] = (await boto3(signed(), ["converse"])) as { status: number; message: string }[];
            assert.equal(refused.status, 403);
            assert.match(refused.message, /scoped to correct service/);
        });

        it("a key that nobody has", async () => {
            const [refused] = (await boto3(withKey("gate-unknown"), ["converse"])) as {
                error: string;
                status: number;
            }[];
            assert.deepEqual([refused.error, refused.status], ["AccessDeniedException", 401]);
        });

        it("the request limit", async () => {
            // Its own tries would take it ten seconds and more.
            const variables = { ...withKey(await gate.key(1)), AWS_MAX_ATTEMPTS: "2" };
            const [, refused] = await boto3(variables, ["converse", "converse"]);
            const { error, status, message, type } = refused as Record<string, string>;
            assert.deepEqual([error, status, type], ["ThrottlingException", 429, "ThrottlingException"]);
            assert.match(message, /^The limit of 1 requests an hour is reached/);
        });

        it("a model that does not answer in time is not asked again: that would be billed again", async () => {
            const before = gate.bedrock.calls.length;
            gate.bedrock.fail({ kind: "timeOut" });
            const [refused] = (await boto3(withKey(await gate.key()), ["converse"])) as { error: string }[];
            assert.equal(refused.error, "ModelTimeoutException");
            assert.equal(gate.bedrock.calls.length, before + 1);
        });
    });

    describe("openai for Python", () => {
        const openai = (key: string, names: readonly string[], asked = model) =>
            runProgram(clients, "openai_client.py", names, {
                ...secure(),
                MODEL: asked,
                OPENAI_API_KEY: key,
                OPENAI_BASE_URL: `${gate.secureUrl}/v1`,
            });

        it("calls, streams, tools and the list of models", async () => {
            const names = ["complete", "stream", "tools", "tool_stream", "models"];
            const [complete, stream, tools, toolStream, models] = await openai(await gate.key(), names);
            assert.deepEqual(complete, { text: words, outputTokens: 12 });
            assert.deepEqual(stream, { text: words, outputTokens: 12 });
            assert.deepEqual(tools, { name: "weather", input: { city: "word" }, then: "stop" });
            assert.deepEqual(toolStream, { city: "word" });
            assert.deepEqual(models, [model]);
        });

        it("a model that is not allowed, called and streamed", async () => {
            const refused = await openai(await gate.key(), ["complete", "stream"], otherModel);
            for (const one of refused as Record<string, string>[]) {
                assert.deepEqual([one.type, one.error], ["PermissionDeniedError", "model_not_allowed"]);
            }
        });

        it("a key that nobody has", async () => {
            const [refused] = (await openai("gate-unknown", ["complete"])) as Record<string, string>[];
            assert.deepEqual([refused.type, refused.error], ["AuthenticationError", "unknown_caller"]);
        });

        it("the request limit", async () => {
            const [, refused] = (await openai(await gate.key(1), ["complete", "complete"])) as Record<string, string>[];
            assert.deepEqual([refused.type, refused.error], ["RateLimitError", "hour_limit"]);
        });

        it("a model that does not answer in time is not asked again: that would be billed again", async () => {
            const before = gate.bedrock.calls.length;
            gate.bedrock.fail({ kind: "timeOut" });
            const [refused] = (await openai(await gate.key(), ["complete"])) as Record<string, string>[];
            assert.equal(refused.error, "model_timeout");
            assert.equal(gate.bedrock.calls.length, before + 1);
        });
    });

    describe("AWS CLI", () => {
        const messages = (text: string) => JSON.stringify([{ role: "user", content: [{ text }] }]);
        const tools = JSON.stringify({
            tools: [{ toolSpec: { name: "weather", inputSchema: { json: { type: "object", required: ["city"] } } } }],
        });
        const aws = (key: string, args: readonly string[]) =>
            execa("aws", ["bedrock-runtime", ...args], {
                env: clientEnvironment({
                    ...withKey(key),
                    AWS_MAX_ATTEMPTS: "2",
                    PATH: `${clients.commands}:${process.env.PATH}`,
                }),
                extendEnv: false,
                reject: false,
            });
        const converse = (key: string, text: string, more: readonly string[] = [], asked = model) =>
            aws(key, ["converse", "--model-id", asked, "--messages", messages(text), ...more]);

        it("a call", async () => {
            const { stdout } = await converse(await gate.key(), "Hello [[out=12]]");
            const { output, usage } = JSON.parse(stdout) as Record<string, never>;
            assert.deepEqual(output, { message: { role: "assistant", content: [{ text: words }] } });
            assert.equal((usage as { outputTokens: number }).outputTokens, 12);
        });

        it("a tool", async () => {
            const { stdout } = await converse(await gate.key(), "Please use a tool", ["--tool-config", tools]);
            const { stopReason } = JSON.parse(stdout) as Record<string, string>;
            assert.equal(stopReason, "tool_use");
        });

        it("has no command for streams", async () => {
            const { stderr, exitCode } = await aws(await gate.key(), ["converse-stream", "--model-id", model]);
            assert.notEqual(exitCode, 0);
            assert.match(stderr, /[Ii]nvalid choice/);
        });

        it("a model that is not allowed", async () => {
            const { stderr, exitCode } = await converse(await gate.key(), "Hello", [], otherModel);
            assert.notEqual(exitCode, 0);
            assert.match(stderr, /AccessDeniedException.*is not among this environment's models/);
        });

        it("a key that nobody has", async () => {
            const { stderr } = await converse("gate-unknown", "Hello");
            assert.match(stderr, /AccessDeniedException/);
        });

        it("the request limit", async () => {
            const key = await gate.key(1);
            await converse(key, "Hello");
            const { stderr } = await converse(key, "Hello");
            assert.match(stderr, /ThrottlingException.*The limit of 1 requests an hour is reached/);
        });
    });
});
