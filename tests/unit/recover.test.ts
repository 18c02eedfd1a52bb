import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { removeBrokenAttributes } from "../../ops/recover/attributes";
import { judgeUnknownKey } from "../../ops/recover/keys";
import { mayBeAlive, readLocks } from "../../ops/recover/lock";
import { type ExportedState, interruptedKeyCreations, takeBackPending } from "../../ops/recover/state";

const account = { partition: "aws", accountId: "123456789012" };
const urn = (type: string, name: string) => `urn:pulumi:local::platform::${type}::${name}`;
const resource = (type: string, name: string, inputs: Record<string, unknown>, id?: string) => ({
    urn: urn(type, name),
    type,
    inputs,
    id,
});

describe("a key that the state does not know", () => {
    const began = new Date("2026-03-01T12:00:00.500Z");

    it("is deleted if it was created after the interrupted update began and never used", () => {
        assert.deepEqual(judgeUnknownKey({ id: "A", created: new Date("2026-03-01T12:00:07Z") }, began), {
            delete: true,
        });
    });

    it("is deleted in the update's first second too, since IAM gives whole seconds", () => {
        assert.deepEqual(judgeUnknownKey({ id: "A", created: new Date("2026-03-01T12:00:00Z") }, began), {
            delete: true,
        });
    });

    it("is kept if it was used", () => {
        const lastUsed = new Date("2026-03-01T12:01:00Z");
        const verdict = judgeUnknownKey({ id: "A", created: new Date("2026-03-01T12:00:07Z"), lastUsed }, began);
        assert.deepEqual(verdict, { delete: false, reason: "it was used on 2026-03-01T12:01:00.000Z" });
    });

    it("is kept if it is older than the update", () => {
        const verdict = judgeUnknownKey({ id: "A", created: new Date("2026-03-01T11:59:59Z") }, began);
        assert.equal(verdict.delete, false);
    });

    it("is kept if it is not known when the update began", () => {
        const verdict = judgeUnknownKey({ id: "A", created: new Date("2026-03-01T12:00:07Z") }, undefined);
        assert.equal(verdict.delete, false);
    });
});

describe("the state of an interrupted update", () => {
    const state: ExportedState = {
        version: 3,
        deployment: {
            resources: [
                resource("aws:iam/user:User", "known", { name: "known" }, "known"),
                resource("aws:iam/accessKey:AccessKey", "key-1", { user: "known" }, "AKIA1"),
                resource("aws:iam/accessKey:AccessKey", "key-9", { user: "other" }, "AKIA9"),
            ],
            pending_operations: [
                { type: "creating", resource: resource("aws:s3/bucket:Bucket", "b", { bucket: "data" }) },
                { type: "creating", resource: resource("aws:iam/policy:Policy", "p", { name: "rw" }) },
                {
                    type: "creating",
                    resource: resource("aws:budgets/budget:Budget", "m", { name: "monthly", notifications: [{}] }),
                },
                { type: "creating", resource: resource("aws:iam/accessKey:AccessKey", "key-2", { user: "known" }) },
                { type: "creating", resource: resource("aws:s3/bucketPolicy:BucketPolicy", "bp", { bucket: "data" }) },
                { type: "updating", resource: resource("aws:iam/user:User", "known", { name: "known" }, "known") },
                { type: "deleting", resource: resource("aws:iam/role:Role", "r", { name: "r" }, "r") },
            ],
        },
    };

    it("takes back what would stand in its own way, by the id that it has if it exists", () => {
        const { deployment } = takeBackPending(state, account);
        assert.deepEqual(
            deployment.resources?.slice(3).map(({ urn, id, custom }) => [urn.split("::").at(-1), id, custom]),
            [
                ["b", "data", true],
                ["p", "arn:aws:iam::123456789012:policy/rw", true],
                ["m", "123456789012:monthly", true],
            ],
        );
        assert.ok(!("pending_operations" in deployment));
        // Its notifications come by calls of their own, which may not have been made.
        assert.deepEqual(deployment.resources?.at(-1)?.outputs, { name: "monthly" });
        assert.deepEqual(deployment.resources?.at(-1)?.inputs, { name: "monthly" });
        assert.deepEqual(deployment.resources?.slice(0, 3), state.deployment.resources);
    });

    it("takes back each part of the gate whose second creation would fail", () => {
        const creating = (type: string, inputs: Record<string, unknown>) =>
            ({ type: "creating", resource: resource(type, type, inputs) }) as const;
        const pending_operations = [
            creating("aws:dynamodb/table:Table", { name: "ledger" }),
            creating("aws:lambda/function:Function", { name: "gate" }),
            creating("aws:lambda/alias:Alias", { functionName: "gate", name: "live" }),
            creating("aws:lambda/functionUrl:FunctionUrl", { functionName: "gate", qualifier: "live" }),
            creating("aws:scheduler/schedule:Schedule", { name: "keep" }),
            creating("aws:scheduler/schedule:Schedule", { name: "keep", groupName: "group" }),
        ];
        const { deployment } = takeBackPending({ version: 3, deployment: { pending_operations } }, account);
        assert.deepEqual(
            deployment.resources?.map(({ id }) => id),
            ["ledger", "gate", "gate/live", "gate/live", "default/keep", "group/keep"],
        );
    });

    it("names the users whose key was being created, with the keys that are known", () => {
        assert.deepEqual(interruptedKeyCreations(state), [{ user: "known", knownIds: ["AKIA1"] }]);
    });
});

describe("half-written attribute files of a backend", () => {
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), "attributes-"))));
    after(() => rmSync(folder, { recursive: true, force: true }));

    it("are removed; whole ones and everything else stay", () => {
        const stacks = join(folder, ".pulumi", "stacks", "platform");
        mkdirSync(stacks, { recursive: true });
        writeFileSync(join(stacks, "dev.json"), "");
        writeFileSync(join(stacks, "dev.json.attrs"), '{"user.content_type"');
        writeFileSync(join(stacks, "dev.json.bak.attrs"), '{"user.content_type":"text/plain"}');
        assert.deepEqual(removeBrokenAttributes(`file://${folder}`), [join(stacks, "dev.json.attrs")]);
        assert.deepEqual(readdirSync(stacks).sort(), ["dev.json", "dev.json.bak.attrs"]);
    });

    it("are looked for in folders only", () => {
        assert.deepEqual(removeBrokenAttributes("s3://state"), []);
        assert.deepEqual(removeBrokenAttributes(`file://${folder}/absent`), []);
    });
});

describe("the lock of an update", () => {
    let folder: string;
    before(() => {
        folder = mkdtempSync(join(tmpdir(), "locks-"));
        const locks = join(folder, ".pulumi", "locks", "organization", "platform", "dev");
        mkdirSync(locks, { recursive: true });
        const lock = { pid: 4_194_305, username: "me", hostname: hostname(), timestamp: "2026-03-01T12:00:00Z" };
        writeFileSync(join(locks, "a.json"), JSON.stringify(lock));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it("tells when the update began and that its process is gone", () => {
        const locks = readLocks(`file://${folder}`, "platform", "dev")!;
        assert.deepEqual(
            locks.map(({ began }) => began.toISOString()),
            ["2026-03-01T12:00:00.000Z"],
        );
        assert.equal(mayBeAlive(locks[0]), false);
    });

    it("is respected while its process lives, and always when that is on another machine", () => {
        const [lock] = readLocks(`file://${folder}`, "platform", "dev")!;
        assert.equal(mayBeAlive({ ...lock, pid: process.pid }), true);
        assert.equal(mayBeAlive({ ...lock, hostname: "elsewhere" }), true);
    });

    it("is absent for another stack, and unknown for a backend that is no folder", () => {
        assert.deepEqual(readLocks(`file://${folder}`, "platform", "prod"), []);
        assert.equal(readLocks("s3://state", "platform", "dev"), undefined);
    });
});
