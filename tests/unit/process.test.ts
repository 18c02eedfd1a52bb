import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import execa from "execa";

import { isAlive } from "../../ops/common/lock";
import { until } from "../support/test-cloud";

describe("whether a process runs", () => {
    it("is true of this one, and false of one that is gone", async () => {
        assert.equal(isAlive(process.pid), true);
        const gone = execa("true");
        await gone;
        assert.equal(isAlive(gone.pid!), false);
    });

    it("is false of one that has ended and that its parent has not asked for", async function () {
        if (process.platform !== "linux") this.skip();
        // The parent never waits for its child.
        const parent = execa("perl", ["-e", "$| = 1; my $pid = fork // die; exit if !$pid; print $pid; sleep 60"]);
        try {
            const pid = Number(await new Promise((resolve) => parent.stdout!.once("data", resolve)));
            await until("the zombie", () => / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")), 5);
            assert.equal(isAlive(pid), false);
        } finally {
            parent.kill();
            await parent.catch(() => undefined);
        }
    });
});
