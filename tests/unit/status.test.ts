import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { Document } from "yaml";

import { type Host } from "../../ops/cli/host";
import { type ExportedState } from "../../ops/recover/state";
import { readAudit } from "../../ops/stack/audit";
import { stackHistory, stackState } from "../../ops/stack/backend";
import { repositoryHost } from "../../ops/stack/repository-host";
import { settingsOf } from "../../ops/stack/settings";
import { statusOf } from "../../ops/status";
import { statusInWords } from "../../ops/status/words";

import { stackConfig } from "../support/stack-files";

const now = new Date("2026-03-31T12:00:00Z");
const user = "rl-studio-rollouts-service-user-dev";
const outputs = {
    userName: user,
    accessKeyId: "AKIA1",
    accessKeyIds: ["AKIA1"],
    secretAccessKey: { "4dabf18193072939515e22adb298388d": "…", ciphertext: "…" },
    region: "us-east-1",
    bucketName: "rollouts",
    noncurrentVersionDays: 30,
};
const key = (generation: number, createDate: string) => ({
    type: "aws:iam/accessKey:AccessKey",
    urn: `urn:pulumi:dev::platform::x::rl-studio-service-access-key-${generation}`,
    id: `AKIA${generation}`,
    inputs: { user },
    outputs: { createDate },
});
const exported = (...keys: object[]): ExportedState => ({
    version: 3,
    deployment: {
        resources: [
            {
                type: "pulumi:pulumi:Stack",
                urn: "urn:pulumi:dev::platform::pulumi:pulumi:Stack::platform-dev",
                outputs: { "rl-studio": outputs },
            },
            ...(keys as ReturnType<typeof key>[]),
        ],
    },
});
const settings = (accessKeys?: object) => {
    const config = {
        ...stackConfig("local"),
        "platform:services": ["rl-studio", "llm-models"],
        ...(accessKeys ? { "platform:rl-studio": { accessKeys } } : {}),
    };
    return settingsOf(new Document({ config }), "Pulumi.dev.yaml");
};
const none = { locks: [] };

describe("the status of a stack", () => {
    const rlStudio = (accessKeys: object | undefined, ...keys: object[]) =>
        statusOf("dev", settings(accessKeys), { exported: exported(...keys), ...none }, [], now).services[0];

    it("says of each service whether it is deployed, and how its key is", () => {
        const status = statusOf(
            "dev",
            settings(),
            { exported: exported(key(1, "2026-03-30T12:00:00Z")), ...none },
            [],
            now,
        );
        assert.equal(status.resources, 1);
        assert.deepEqual(status.services, [
            {
                service: "rl-studio",
                deployed: true,
                keys: {
                    published: 1,
                    created: new Date("2026-03-30T12:00:00Z"),
                    maximumAgeDays: 90,
                    rotation: "at rest",
                    retiring: undefined,
                    since: undefined,
                },
            },
            { service: "llm-models", deployed: false },
        ]);
        assert.match(statusInWords(status, now), /^rl-studio +key 1, made 24 h 0 min ago, good for 90 days$/m);
        assert.match(statusInWords(status, now), /^llm-models +not deployed$/m);
    });

    it("says that a key is due from its last day on, and where a rotation stands", () => {
        assert.equal(rlStudio(undefined, key(1, "2025-12-31T12:00:01Z")).keys!.rotation, "at rest");
        assert.equal(rlStudio(undefined, key(1, "2025-12-31T12:00:00Z")).keys!.rotation, "due");
        const accessKeys = {
            revision: 4,
            generations: [1, 2],
            published: 2,
            retiring: { generation: 1, inactive: true },
            since: "2026-03-31T11:00:00Z",
        };
        const state = { exported: exported(key(1, "2026-01-01T00:00:00Z"), key(2, "2026-03-30T12:00:00Z")), ...none };
        const words = statusInWords(statusOf("dev", settings(accessKeys), state, [], now), now);
        assert.match(words, /key 2, made 24 h .*; rotation under way, key 1 is inactive, last step 1 h 0 min ago$/m);
        const behind = { exported: exported(key(2, "2026-03-30T12:00:00Z")), ...none };
        assert.match(
            statusInWords(statusOf("dev", settings(), behind, [], now), now),
            /key 1 of the stack file is not in the stack's state$/m,
        );
    });

    it("tells an update that runs from one that was interrupted, and from what the backend does not tell", () => {
        const lock = (pid: number) => ({ pid, username: "me", hostname: hostname(), began: now });
        const pending = [{ type: "creating", resource: key(2, "") }] as const;
        const of = (locks: ReturnType<typeof lock>[] | undefined, unfinished: boolean) => {
            const { deployment, version } = exported();
            const state = {
                version,
                deployment: unfinished ? { ...deployment, pending_operations: pending } : deployment,
            };
            return statusOf("dev", settings(), { exported: state as ExportedState, locks }, [], now).update.state;
        };
        assert.equal(of([], false), "none");
        assert.equal(of([lock(process.pid)], true), "running");
        assert.equal(of([lock(2 ** 22)], false), "interrupted");
        assert.equal(of([], true), "interrupted");
        assert.equal(of(undefined, false), "none");
        assert.equal(of(undefined, true), "running");
    });

    it("names the last update and the last refresh apart", () => {
        const past = (kind: string, minutes: number, changes: object) => ({
            kind,
            result: "succeeded",
            ended: new Date(now.getTime() - minutes * 60_000),
            changes: changes as Record<string, number>,
        });
        const history = [
            past("refresh", 1, { same: 4 }),
            past("update", 5, { create: 2, same: 2 }),
            past("update", 9, {}),
        ];
        const words = statusInWords(statusOf("dev", settings(), { exported: exported(), ...none }, history, now), now);
        assert.match(words, /^last update +5 min 0 s ago: update succeeded, create 2, unchanged 2$/m);
        assert.match(words, /^drift +looked for 1 min 0 s ago: refresh succeeded, nothing changed, 4 the same$/m);
    });
});

describe("a stack's records in a folder", () => {
    let folder: string;
    let host: Host;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "platform-backend-"));
        host = {
            ...repositoryHost,
            backend: folder,
            pulumi: () => Promise.reject(new Error("the engine was asked")),
        };
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const write = (path: string[], content: object) => {
        const file = join(folder, ".pulumi", ...path);
        mkdirSync(join(file, ".."), { recursive: true });
        writeFileSync(file, JSON.stringify(content));
    };

    it("are none before anything was deployed", async () => {
        assert.deepEqual(await stackState({ host, stack: "local" }), {
            exported: { version: 3, deployment: {} },
            locks: [],
        });
        assert.deepEqual(await stackHistory({ host, stack: "local" }), []);
    });

    it("are what the engine would tell, without the engine", async () => {
        const deployment = exported().deployment;
        write(["stacks", "platform", "local.json"], { version: 3, checkpoint: { latest: deployment } });
        const past = (endTime: number) => ({
            kind: "update",
            result: "succeeded",
            endTime,
            resourceChanges: { same: 1 },
        });
        write(["history", "platform", "local", "local-1.history.json"], past(100));
        write(["history", "platform", "local", "local-2.history.json"], past(200));
        write(["history", "platform", "local", "local-2.checkpoint.json"], {});
        assert.deepEqual((await stackState({ host, stack: "local" })).exported.deployment, deployment);
        const history = await stackHistory({ host, stack: "local" });
        assert.deepEqual(
            history.map(({ ended }) => ended.getTime()),
            [200_000, 100_000],
        );
    });
});

describe("the record of changes", () => {
    it("is read line by line; half a line, as of a machine that went down, is left out and counted", () => {
        const folder = mkdtempSync(join(tmpdir(), "platform-audit-"));
        const file = join(folder, "audit.jsonl");
        assert.deepEqual(readAudit(file), { entries: [], unreadable: 0 });
        const entry = { time: "t", by: {}, command: "env", stack: "dev", outcome: "done", target: "f", changes: [] };
        writeFileSync(file, `${JSON.stringify(entry)}\n{"time":"t2","by"`);
        assert.deepEqual(readAudit(file), { entries: [entry], unreadable: 1 });
        rmSync(folder, { recursive: true });
    });
});
