import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { besides, settleAll } from "../../local/concurrent";

describe("pieces of work at the same time", () => {
    it("are all at their end when the first failure is thrown", async () => {
        let ended = false;
        const slow = sleep(20).then(() => (ended = true));
        await assert.rejects(settleAll([Promise.reject(new Error("first")), slow]), /first/);
        assert.ok(ended);
    });

    it("give what each of them gives", async () => {
        assert.deepEqual(await settleAll([Promise.resolve(1), Promise.resolve("two")]), [1, "two"]);
    });
});

describe("work while something goes on in the background", () => {
    it("cancels that when it fails, and throws its own error when that has ended", async () => {
        let ended = false;
        const background = async (cancelled: AbortSignal) => {
            await sleep(5000, undefined, { signal: cancelled }).catch(() => undefined);
            await sleep(20);
            ended = true;
            throw new Error("cancelled");
        };
        const failing = besides(background, () => Promise.reject(new Error("deploying failed")));
        await assert.rejects(failing, /deploying failed/);
        assert.ok(ended);
    }).timeout(2000);

    it("is given what that gives", async () => {
        assert.equal(
            await besides(
                () => Promise.resolve(1),
                async (one) => (await one) + 1,
            ),
            2,
        );
    });
});
