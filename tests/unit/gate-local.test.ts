import assert from "node:assert/strict";

import { LocalModels } from "../../functions/bedrock-gate/adapters/local-models";
import { MemoryStore } from "../../functions/bedrock-gate/adapters/memory-store";
import { gateApp } from "../../functions/bedrock-gate/app";
import { totalsKey } from "../../functions/bedrock-gate/core/ledger";
import { gateSettings } from "../../functions/bedrock-gate/core/settings";
import { type Caller } from "../../functions/bedrock-gate/call";
import { Gate } from "../../functions/bedrock-gate/gate";
import { type FakeBedrock, startFakeBedrock } from "../support/bedrock";

const bedrockModel = "amazon.nova-micro-v1:0";

describe("models that cost nothing, behind the gate", () => {
    let server: FakeBedrock;
    let store: MemoryStore;
    const now = () => new Date("2026-11-15T10:00:00Z");

    // Its surface of OpenAI is what Ollama has, too.
    before(async () => {
        server = await startFakeBedrock({ prices: { "llama3.1:8b": { input: 1, output: 1 } }, quiet: true });
    });
    beforeEach(() => {
        server.reset();
        store = new MemoryStore();
    });
    after(() => server.close());

    const appAt = (url: string, caller: Caller = { id: "ada" }) => {
        const settings = gateSettings.parse({
            environment: "test",
            region: "us-east-1",
            endpoint: "http://127.0.0.1:1",
            table: "none",
            microUsdPerMonth: "1000000",
            shutOffPercent: 95,
            hasGate: true,
            models: [bedrockModel],
            requestsPerHour: "2",
            requestsPerDay: "100",
            cacheSeconds: 3600,
            callSeconds: 5,
            leaseSeconds: 60,
            tiers: ["small"],
            prices: {},
            brake: { policyArn: "none", users: [], roles: [] },
            topicArn: "none",
            budgetServices: ["Amazon Bedrock"],
            bypassShutsOff: false,
        });
        const models = { send: () => Promise.reject(new Error("Bedrock was asked")) };
        const ground = { settings, store, models, now, log: () => undefined, charged: () => Promise.resolve() };
        const local = new LocalModels(url, { "llama-3.1-8b": "llama3.1:8b" });
        const gate = new Gate(settings, ground);
        return gateApp({ ...ground, gate, local, identify: () => Promise.resolve(caller) });
    };
    const ask = (url: string, more: object = {}, caller?: Caller) =>
        appAt(url, caller).request("/v1/chat/completions", {
            method: "POST",
            body: JSON.stringify({ model: "llama-3.1-8b", messages: [{ role: "user", content: "Hello" }], ...more }),
        });

    it("answer with what their server says, under its own name, and are charged nothing", async () => {
        const response = await ask(server.url);
        const { choices, model } = (await response.json()) as {
            choices: { message: { content: string } }[];
            model: string;
        };
        assert.equal(response.status, 200);
        assert.ok(choices[0].message.content.length > 0);
        assert.equal(model, "llama3.1:8b");
        assert.equal(response.headers.get("x-gate-cost-microusd"), "0");
        assert.equal(await store.get(totalsKey("2026-11")), undefined);
        assert.equal(server.calls.length, 1);
    });

    it("are not for a key that is narrowed to others, which sees and calls its own alone (E11)", async () => {
        const caller = { id: "key/ci/0", models: [bedrockModel] };
        const response = await ask(server.url, {}, caller);
        assert.deepEqual([response.status, response.headers.get("x-gate-error")], [403, "model_not_allowed"]);
        assert.equal(server.calls.length, 0);
        const other = await ask(server.url, { model: bedrockModel }, { id: "key/ci/0", models: ["meta.one"] });
        const { error } = (await other.json()) as { error: { message: string } };
        assert.deepEqual([other.status, other.headers.get("x-gate-error")], [403, "model_not_allowed"]);
        assert.equal(error.message, `${bedrockModel} is not among the models that this key may call: meta.one`);
        const listed = async (who?: Caller) => {
            const { data } = (await (await appAt(server.url, who).request("/v1/models")).json()) as {
                data: { id: string }[];
            };
            return data.map(({ id }) => id);
        };
        assert.deepEqual(await listed(caller), [bedrockModel]);
        assert.deepEqual(await listed(), [bedrockModel, "llama-3.1-8b"]);
    });

    it("stream as their server does", async () => {
        const response = await ask(server.url, { stream: true });
        assert.match(response.headers.get("content-type")!, /^text\/event-stream/);
        assert.match(await response.text(), /data: \[DONE\]\n\n$/);
    });

    it("are counted in their caller's hour, and refused above it", async () => {
        for (const status of [200, 200, 429]) assert.equal((await ask(server.url)).status, status);
        assert.equal(server.calls.length, 2);
    });

    it("pass on what their server refuses", async () => {
        assert.equal((await ask(server.url, { messages: [] })).status, 400);
    });

    it("are not answered by another where their server is down, and the answer says so", async () => {
        const response = await ask("http://127.0.0.1:1");
        const { error } = (await response.json()) as { error: { code: string; message: string } };
        assert.deepEqual([response.status, error.code], [503, "model_unavailable"]);
        assert.match(error.message, /at http:\/\/127\.0\.0\.1:1 does not answer .* No other model is asked/);
        assert.equal(server.calls.length, 0);
    });

    it("are listed beside those of Bedrock", async () => {
        const { data } = (await (await appAt(server.url).request("/v1/models")).json()) as {
            data: { id: string; owned_by: string }[];
        };
        assert.deepEqual(
            data.map(({ id, owned_by }) => [id, owned_by]),
            [
                [bedrockModel, "bedrock"],
                ["llama-3.1-8b", "local"],
            ],
        );
    });
});
