import assert from "node:assert/strict";

import { runWith } from "../../local/worker";

describe("how a command that runs as the worker ends", () => {
    const run = (script: string) => runWith({ PATH: process.env.PATH! }, "sh", ["-c", script]);

    it("is its exit code", async () => assert.equal(await run("exit 7"), 7));

    it("is 128 and the signal's number where a signal ended it", async () => {
        assert.equal(await run("kill -TERM $$"), 143);
        assert.equal(await run("kill -KILL $$"), 137);
    });

    it("is an error where there is no such command", async () => {
        await assert.rejects(runWith({}, "no-such-command", []), /no-such-command could not be run/);
    });
});
