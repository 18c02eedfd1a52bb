import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runningService } from "../../local/service";

describe("a server that an earlier command started", () => {
    const marker = "--known-by-this";
    let folder: string;
    let server: ChildProcess;
    let columns: string | undefined;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "local-service-"));
        columns = process.env.COLUMNS;
        const args = ["-e", "setInterval(() => undefined, 1000)", "--", "x".repeat(300), marker];
        server = spawn(process.execPath, args, { stdio: "ignore" });
        writeFileSync(join(folder, "etcd.pid"), JSON.stringify({ pid: server.pid, marker, ports: [] }));
    });
    afterEach(() => {
        server.kill("SIGKILL");
        if (columns === undefined) delete process.env.COLUMNS;
        else process.env.COLUMNS = columns;
        rmSync(folder, { recursive: true, force: true });
    });

    it("is known again however narrow the caller's terminal is", async () => {
        process.env.COLUMNS = "80";
        assert.equal((await runningService(folder, "etcd"))?.pid, server.pid);
    });

    it("is not taken for another program that was given its process id", async () => {
        const other = JSON.stringify({ pid: server.pid, marker: "--another", ports: [] });
        writeFileSync(join(folder, "etcd.pid"), other);
        assert.equal(await runningService(folder, "etcd"), undefined);
    });
});
