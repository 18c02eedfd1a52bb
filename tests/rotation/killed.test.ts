// Rotations while clients work with the published keys, each killed once and finished by the next run. In the
// environment: ROTATIONS, how many; TIME_SCALE, what a minute of the tool's times is divided by; LANES, in how many
// clouds at the same time; MINUTES, after which no more is begun; ROTATION_SEED, for the same lags
// and moments in each of them again.

import assert from "node:assert/strict";

import { randomOf } from "../support/random";
import { RotationLane } from "../support/rotation-lane";
import { type Moment } from "../support/rotation-run";
import { totalsInWords, totalsOf } from "../support/rotation-totals";

const rotations = Number(process.env.ROTATIONS ?? 100);
const minute = 60 / Number(process.env.TIME_SCALE ?? 60);
const width = Math.min(rotations, Number(process.env.LANES ?? 2));
const milliseconds = Number(process.env.MINUTES ?? Infinity) * 60_000;
const seed = Number(process.env.ROTATION_SEED ?? Date.now() % 2 ** 31);

/** What the tool says as a step begins, and the engine as it has applied one. */
const boundaries: readonly Moment[] = [
    ...["Create key", "Trying key", "Publish key", "Write key", "Make key", "Delete key"].map((line) => ({
        line,
        nth: 1,
    })),
    ...[1, 2, 3, 4].map((nth) => ({ line: "Duration: ", nth })),
];

describe(`${rotations} rotations with clients at 50 requests a second, each killed once`, function () {
    this.timeout((300 + rotations * (10 * minute + 120)) * 1000);
    const lanes: RotationLane[] = [];
    let began: number;

    before(async () => {
        say(`seed ${seed}`);
        for (let lane = 0; lane < width; lane++) {
            lanes.push(await RotationLane.start(minute, (purpose) => randomOf(seed, lane, purpose)));
        }
        began = Date.now();
    });
    after(() => Promise.all(lanes.map((lane) => lane.stop())));

    /** One rotation undisturbed, to know how long it takes; then killed ones, until all lanes have had enough. */
    async function drive(
        lane: RotationLane,
        random: () => number,
        next: () => number | undefined,
        missed: () => void,
    ): Promise<void> {
        const start = Date.now();
        await lane.rotate();
        const milliseconds = Date.now() - start;
        say(`one that nobody kills: ${(milliseconds / 1000).toFixed(1)} s`);
        for (let number = next(); number !== undefined; number = next()) {
            const atBoundary = number % 2 === 0;
            const moment = atBoundary
                ? boundaries[(number / 2) % boundaries.length]
                : { milliseconds: random() * milliseconds };
            if (!(await lane.rotate(moment))) missed();
            const totals = totalsOf(lanes, Date.now() - began);
            if (totals.kills > 0 && totals.kills % 10 === 0) say(progress(totals));
        }
    }

    it("refuse no request, have two keys at most, delete none in use, and are finished by the next run", async () => {
        let number = 0;
        let due = rotations;
        const isOver = () => Date.now() - began > milliseconds;
        // What comes to its end before it is to be killed is made up for.
        const next = () => (number < due && number < 2 * rotations && !isOver() ? number++ : undefined);
        await Promise.all(lanes.map((lane, index) => drive(lane, randomOf(seed, index, "moment"), next, () => due++)));
        const totals = totalsOf(lanes, Date.now() - began);
        say(totalsInWords(totals));
        if (isOver()) say(`${totals.kills} of ${rotations} were killed: the time was over`);
        assert.ok(totals.kills === rotations || (isOver() && totals.kills >= 5), `${totals.kills} kills`);
        assert.equal(totals.failures, 0);
        assert.ok(totals.lagged > 0, "the tool met keys that were too new");
        assert.equal(Math.max(...lanes.map(({ mostKeys }) => mostKeys)), 2);
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
