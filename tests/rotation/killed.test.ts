// Rotations while clients work with the published keys, killed and finished by the next run. In the environment:
// ROTATIONS, how many kills at most; TIME_SCALE, what a minute of the tool's times is divided by; LANES, in how many
// clouds at the same time; MINUTES, after which no more is begun but for the kills at step boundaries; ROTATION_SEED,
// for the same lags and moments in each of them again.

import assert from "node:assert/strict";

import { randomOf } from "../support/random";
import { RotationLane } from "../support/rotation-lane";
import { type Moment, victims } from "../support/rotation-run";
import { totalsInWords, totalsOf } from "../support/rotation-totals";

const most = Number(process.env.ROTATIONS ?? 100);
const minute = 60 / Number(process.env.TIME_SCALE ?? 60);
const width = Math.min(most, Number(process.env.LANES ?? 2));
const limit = Number(process.env.MINUTES ?? Infinity) * 60_000;
const seed = Number(process.env.ROTATION_SEED ?? Date.now() % 2 ** 31);

/** What the tool says as a step begins, and the engine as it has applied one: each is met once, before all else. */
const boundaries: readonly Moment[] = [
    ...["Create key", "Trying key", "Publish key", "Write key", "Make key", "Delete key"].map((line) => ({
        line,
        nth: 1,
    })),
    ...[1, 2, 3, 4].map((nth) => ({ line: "Duration: ", nth })),
].slice(0, most);

describe("rotations with clients at 50 requests a second, each killed once but for one in each cloud", function () {
    this.timeout((300 + (most + width) * (10 * minute + 120)) * 1000);
    const lanes: RotationLane[] = [];
    let began: number;
    let atStart: ReturnType<typeof totalsOf>;
    /** Kills at random moments that are still to be done. */
    let left = most - boundaries.length;
    let tries = 0;
    let failed = false;

    before(async () => {
        say(`seed ${seed}; every time that the tool waits is ${minute} s`);
        for (let lane = 0; lane < width; lane++) {
            lanes.push(await RotationLane.start(minute, (purpose) => randomOf(seed, lane, purpose)));
        }
        began = Date.now();
        atStart = totals();
    });
    after(() => Promise.all(lanes.map((lane) => lane.stop())));

    const totals = () => totalsOf(lanes, Date.now() - began);
    const isOver = () => Date.now() - began > limit;

    /** A lane's share of the boundaries, one rotation that nobody kills, and random moments as long as some are due. */
    async function drive(lane: RotationLane, index: number): Promise<void> {
        for (const moment of boundaries.filter((_, number) => number % width === index)) {
            assert.ok(await lane.rotate(moment), `it was killed at ${JSON.stringify(moment)}`);
        }
        const start = Date.now();
        await lane.rotate();
        const milliseconds = Date.now() - start;
        say(`one that nobody kills: ${(milliseconds / 1000).toFixed(1)} s`);
        const [moment, victim] = ["moment", "victim"].map((purpose) => randomOf(seed, index, purpose));
        // What comes to its end before it is to be killed is made up for.
        while (left > 0 && tries < 2 * most && !isOver() && !failed) {
            left--;
            tries++;
            const choice = victims[Math.floor(victim() * victims.length)];
            if (!(await lane.rotate({ milliseconds: moment() * milliseconds }, choice))) left++;
            if (totals().kills % 10 === 0) say(progress(totals()));
        }
    }

    it("refuse no request, have two keys at most, delete none in use, and are finished by the next run", async () => {
        const driven = lanes.map((lane, index) =>
            drive(lane, index).catch((error: unknown) => {
                failed = true;
                throw error;
            }),
        );
        // Whoever asks what is settled may do so only when nobody rotates any more.
        const faults = (await Promise.allSettled(driven)).flatMap((end) =>
            end.status === "rejected" ? [end.reason as Error] : [],
        );
        const seconds = (Date.now() - began) / 1000;
        // What is under way is judged too.
        await Promise.all(lanes.map((lane) => lane.stopClients()));
        const reached = totals();
        say(totalsInWords(reached));
        say(
            `${reached.kills} of at most ${most} kills, ${boundaries.length} of them at step boundaries${isOver() ? "; then the time was over" : ""}`,
        );
        if (faults.length > 0) throw new AggregateError(faults, faults.map(({ message }) => message).join("\n\n"));
        assert.ok(reached.kills === most || isOver(), `${reached.kills} kills, and time for more`);
        assert.equal(reached.failures, 0);
        assert.ok(reached.lagged > 0, "the tool met keys that were too new");
        assert.equal(Math.max(...lanes.map(({ mostKeys }) => mostKeys)), 2);
        const perSecond = (of: "requests" | "leftOut") => (reached[of] - atStart[of]) / seconds / width;
        const [made, leftOut] = [perSecond("requests"), perSecond("leftOut")];
        const rate = `${made.toFixed(1)} requests a second in each cloud, ${leftOut.toFixed(1)} left out by a slow machine`;
        say(rate);
        // Without an answer to the ones before, a hundred are made: only clients that stopped come to fewer.
        assert.ok(made + leftOut >= 0.95 * 50, rate);
        assert.ok(reached.reconnected <= reached.requests / 1000, `${reached.reconnected} connections were lost`);
    });

    it("leave stacks that refresh and up do not change, and an up from before is refused", () =>
        Promise.all(lanes.map((lane) => lane.requireSettled())));
});

function progress({ rotations, kills, runs, requests, failures, each }: ReturnType<typeof totalsOf>): string {
    return `${rotations} rotations, ${kills} kills, ${runs} runs; ${requests} requests, ${failures} failed; ${each.toFixed(1)} s each`;
}

function say(text: string): void {
    process.stdout.write(text.replace(/^/gm, "      ") + "\n");
}
