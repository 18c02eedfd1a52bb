// The gate on a local cloud of its own: what operators do with its shut-off and its keys, by the command that they type.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DynamoStore } from "../../functions/bedrock-gate/adapters/dynamodb-store";
import { gateKeyItem } from "../../functions/bedrock-gate/core/callers";
import { askControl } from "../../ops/aws/gate-control";
import { askGate, functionUrlAt } from "../../ops/aws/gate";
import { clientsFor, closeClients, type Clients } from "../../ops/aws/clients";
import { TestCloud } from "../support/test-cloud";

const model = "meta.llama3-1-70b-instruct-v1:0";
const otherModel = "meta.codellama-34b-instruct-v1:0";

interface Outputs {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly gate: { readonly url: string; readonly keysUrl: string };
    readonly keeper: { readonly controlName: string; readonly tableName: string };
}

describe("the gate on the local cloud", function () {
    this.timeout(300_000);
    let cloud: TestCloud;
    let gate: Outputs["gate"];
    let keeper: Outputs["keeper"];
    let service: Clients;

    before(async () => {
        cloud = await TestCloud.create(["llm-models"]);
        const { checks, words } = await cloud.up();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok),
            [],
            words,
        );
        const outputs = (await cloud.outputs())["llm-models"] as unknown as Outputs;
        ({ gate, keeper } = outputs);
        service = clientsFor(outputs, cloud.connection);
    });
    after(async () => {
        closeClients(service);
        await cloud.remove();
    });

    const infra = (...args: string[]) => cloud.run(["infra", ...args]);
    const ask = async (text: string) => (await askGate({ clients: service }, gate.url, model, text)).status;
    /** A request crosses the level, as if nearly all of the budget were spent. */
    const shutOff = async () => {
        await askControl(cloud.root.lambda, keeper.controlName, { task: "beginTrial", seconds: 600 });
        assert.equal(await ask(`crossing ${Date.now()}`), 200);
        assert.equal(await ask(`next ${Date.now()}`), 403);
    };

    it("a key is shown once, calls the gate, and calls it no more once it is revoked", async () => {
        const created = await infra("gate", "keys", "create", "team-a");
        const key = created.stdout;
        assert.match(key, /^gate-[\w-]{43}$/);
        const call = async () =>
            (await askGate({ clients: service, key }, gate.keysUrl, model, `Hello ${Date.now()}`)).status;
        assert.equal(await call(), 200);
        const listed = await infra("gate", "keys", "list", "--json");
        assert.match(listed.stdout, /"name":"team-a"/);
        assert.doesNotMatch(listed.all!, new RegExp(key));
        assert.equal((await infra("gate", "keys", "create", "team-a")).exitCode, 1);
        assert.equal((await infra("gate", "keys", "revoke", "team-a", "--yes")).exitCode, 0);
        assert.equal(await call(), 401);
        assert.equal((await infra("gate", "keys", "revoke", "team-a", "--yes")).exitCode, 1);
    });

    it("a key is narrowed to a model and to a time; a session of AWS cannot be, and says so (E11)", async () => {
        const { stdout: key, all } = await infra("gate", "keys", "create", "demo", "--model", model, "--expires", "1h");
        assert.match(all!, /It is valid until /);
        const ask = async (asked: string) => {
            const { status, gate: about } = await askGate({ clients: service, key }, gate.keysUrl, asked, "Hello");
            return status === 200 ? status : `${status}: ${about.error}`;
        };
        const answers = async () => [await ask(model), await ask(otherModel)];
        assert.deepEqual(await answers(), [200, "403: model_not_allowed"]);
        const validUntil = new Date(Date.now() - 1).toISOString();
        const table = new DynamoStore(cloud.root.dynamodb, keeper.tableName);
        await table.transact([{ key: gateKeyItem(key), set: { validUntil } }]);
        assert.deepEqual(await answers(), ["401: unknown_caller", "401: unknown_caller"]);
        assert.match((await infra("gate", "keys", "list")).all!, new RegExp(`demo .*${model}.*expired`));
        const unknown = await infra("gate", "keys", "create", "other", "--model", "meta.none");
        assert.deepEqual([unknown.exitCode, unknown.stdout], [2, ""]);

        const folder = mkdtempSync(join(tmpdir(), "platform-gate-"));
        try {
            assert.equal((await infra("env", "llm-models", "--out", join(folder, ".env"))).exitCode, 0);
            const narrowed = ["creds", "llm-models", "--directory", folder, "--session", "1h", "--model", model];
            const refused = await infra(...narrowed);
            assert.equal(refused.exitCode, 1);
            assert.match(
                refused.stderr,
                /Use a gate key, .* gate keys create NAME --stack local --model meta\..* --expires 1h/,
            );
        } finally {
            rmSync(folder, { recursive: true });
        }
    });

    it("is what the endpoints file names (E12)", async () => {
        const { stdout } = await infra("endpoints", "llm-models");
        const { endpoints } = JSON.parse(stdout) as { endpoints: { aws: object; gateKeys: object } };
        const at = (url: string) => functionUrlAt(cloud.connection.endpoint, url);
        assert.deepEqual(endpoints.aws, {
            url: at(gate.url),
            authentication: "aws-sigv4",
            signingService: "lambda",
            region: "us-east-1",
        });
        assert.deepEqual(endpoints.gateKeys, { url: at(gate.keysUrl), authentication: "bearer" });
    });

    it("names the address at which the local cloud answers for the gate's URL", async () => {
        const { all } = await infra("gate", "keys", "create", "team-b");
        assert.ok(all!.includes(functionUrlAt(cloud.connection.endpoint, gate.keysUrl)), all);
    });

    it("costs says what the three sources count, and that Cost Explorer is not there", async () => {
        const { exitCode, stdout } = await infra("costs", "--json");
        const report = JSON.parse(stdout) as Record<string, never>;
        assert.equal(exitCode, 0);
        assert.ok(Number((report.ledger as { spentMicroUsd: string }).spentMicroUsd) > 0);
        assert.ok("unavailable" in report.costExplorer);
    });

    it("an update says that a shut-off is in force and does not undo it, and an operator does", async () => {
        assert.equal((await infra("budget", "status")).exitCode, 0);
        await shutOff();
        const inForce = await infra("budget", "status");
        assert.equal(inForce.exitCode, 1);
        assert.match(inForce.all!, /SHUT OFF at .* attached to role .*, user /);
        for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
            const { all } = await cloud.succeed(["pulumi", ...command]);
            assert.match(all!, /A shut-off is in force: deployer-ddf-llm-models-brake-dev denies spending to 2 of/);
        }
        assert.equal(await ask("after the update"), 403);
        const restored = await infra("budget", "restore", "--reason", "a test", "--yes", "--json");
        assert.equal(restored.exitCode, 0, restored.all);
        const { meter: after } = JSON.parse(restored.stdout) as {
            meter: { deniedTo: string[]; restored: { reason: string } };
        };
        assert.deepEqual([after.deniedTo, after.restored.reason], [[], "a test"]);
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        assert.equal(await ask("after the restoration"), 200);
    });

    it("the stack is destroyed while a shut-off is in force", async () => {
        await askControl(cloud.root.lambda, keeper.controlName, { task: "endTrial" });
        await shutOff();
        const { all } = await cloud.succeed(["down"]);
        assert.doesNotMatch(all!, /DeleteConflict|failed/);
    });
});
