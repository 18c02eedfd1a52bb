// Rotations while clients work with the published keys, each killed once and finished by the next run. In the
// environment: ROTATIONS, how many; TIME_SCALE, what a minute of the tool's times is divided by; ROTATION_SEED, to draw
// the same lags and moments again.

import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";

import { type KeyLag, LagProxy } from "../support/lag-proxy";
import { keysIn, LoadClients, WatchedEnvFile } from "../support/load-clients";
import { KeyWatcher } from "../support/key-watcher";
import { seededRandom } from "../support/random";
import { RotationCloud } from "../support/rotation-cloud";
import { type Moment, RotationRun } from "../support/rotation-run";
import { type Totals, totalsInWords } from "../support/rotation-totals";

const rotations = Number(process.env.ROTATIONS ?? 100);
const minute = 60 / Number(process.env.TIME_SCALE ?? 60);
const seed = Number(process.env.ROTATION_SEED ?? Date.now() % 2 ** 31);

/** How many runs a rotation may take that is killed once. */
const mostRuns = 3;

/** What the tool says as a step begins, and the engine as it has applied one. */
const boundaries: readonly Moment[] = [
    ...["Create key", "Trying key", "Publish key", "Write key", "Make key", "Delete key"].map((line) => ({
        line,
        nth: 1,
    })),
    ...[1, 2, 3, 4].map((nth) => ({ line: "Duration: ", nth })),
];

describe(`${rotations} rotations with clients at 50 requests a second, each killed once`, function () {
    this.timeout(rotations * (10 * minute + 120) * 1000);
    const random = seededRandom(seed);
    const totals: Totals = { rotations: 0, kills: 0, runs: 0, lagged: 0, wall: 0 };
    let cloud: RotationCloud;
    let olderFile: string;
    let proxy: LagProxy;
    let file: WatchedEnvFile;
    let clients: LoadClients;
    let watcher: KeyWatcher;

    before(async () => {
        cloud = await RotationCloud.create();
        const { bucket, user } = await cloud.deploy({
            validSeconds: minute,
            timeoutSeconds: 15 * minute,
            quietSeconds: minute,
            graceSeconds: minute,
        });
        const tls = join(cloud.folder, "tls");
        const known = [...cloud.operatorsKeys, keysIn(cloud.envFile).accessKeyId];
        proxy = await LagProxy.start({
            port: cloud.port,
            certificate: join(tls, "certificate.pem"),
            key: join(tls, "key.pem"),
            lag: (id) => (known.includes(id) ? 0 : random() * minute * 1000),
            random,
        });
        file = new WatchedEnvFile(cloud.envFile);
        const connection = { ...cloud.connection, endpoint: proxy.endpoint };
        clients = await LoadClients.start({ perSecond: 50, published: file.published, connection, bucket });
        watcher = await KeyWatcher.start(cloud.root.iam, user, clients.lastUse);
    });
    after(async () => {
        await watcher?.stop();
        await clients?.stop();
        file?.close();
        await proxy?.stop();
        await cloud?.remove();
    });

    const start = () => {
        totals.runs++;
        const args = ["--yes", "--confirm-consumers", "--env-file", cloud.envFile];
        return new RotationRun(cloud, args, { PLATFORM_LOCAL_AWS_ENDPOINT: proxy.endpoint });
    };

    /** Rotates once, killed at a moment where there is one, and returns the runs that it took. */
    async function rotate(moment?: Moment): Promise<RotationRun[]> {
        const runs = [start()];
        if (moment && (await runs[0].killAt(moment))) {
            totals.kills++;
            runs.push(start());
        }
        while ((await runs.at(-1)!.ended).exitCode !== 0 && runs.length < mostRuns) runs.push(start());
        totals.rotations++;
        return runs;
    }

    /** Every key was tried, without a refusal, for the whole time before it was published. */
    function publishedTooEarly({ lines }: RotationRun, keys: ReadonlyMap<string, KeyLag>): string[] {
        const published = lines.filter(({ text }) => /^ *Publish key/.test(text)).map(({ time }) => time);
        return published.flatMap((time) =>
            [...keys].flatMap(([id, { lastRefused = 0 }]) => {
                const waited = time - lastRefused;
                return waited >= 0 && waited < minute * 1000
                    ? [`${id} was refused ${waited} ms before it was published`]
                    : [];
            }),
        );
    }

    async function requireInOrder(runs: readonly RotationRun[]): Promise<void> {
        const { exitCode } = await runs.at(-1)!.ended;
        assert.equal(exitCode, 0, "the last run comes to its end");
        assert.equal(clients.load.failures, 0, "no request of a client fails");
        assert.deepEqual(watcher.faults, []);
        assert.deepEqual(await watcher.look(), [keysIn(cloud.envFile).accessKeyId], "the published key is there alone");
        assert.deepEqual(
            runs.flatMap((run) => publishedTooEarly(run, proxy.keys)),
            [],
        );
    }

    it("refuses no request, has two keys at most, deletes none in use, and is finished by the next run", async () => {
        say(`seed ${seed}`);
        const began = Date.now();
        olderFile = `${cloud.stackFile}.before`;
        copyFileSync(cloud.stackFile, olderFile);
        const undisturbed = await rotate();
        await requireInOrder(undisturbed);
        const milliseconds = Date.now() - undisturbed[0].started;
        say(`one that nobody disturbs: ${(milliseconds / 1000).toFixed(1)} s`);
        // What comes to its end before it is to be killed is made up for.
        for (let number = 0; totals.kills < rotations && number < 2 * rotations; number++) {
            const atBoundary = boundaries[(number / 2) % boundaries.length];
            const moment = atBoundary ?? { milliseconds: random() * milliseconds };
            const runs = await rotate(moment);
            await requireInOrder(runs).catch((error: Error) => {
                const words = runs.map((run, index) => `run ${index + 1}:\n${run.words}`).join("\n");
                throw new Error(`${error.message}\nkilled at ${JSON.stringify(moment)}\n${words}`);
            });
            if ((number + 1) % 10 === 0) say(progress(Date.now() - began));
        }
        totals.wall = Date.now() - began;
        totals.lagged = [...proxy.keys.values()].reduce((sum, { refused }) => sum + refused, 0);
        say(`\n${totalsInWords(totals, clients.load)}`);
        assert.equal(totals.kills, rotations);
        assert.ok(totals.lagged > 0, "the tool met keys that were too new");
        assert.equal(watcher.most, 2);
    });

    it("leaves a stack that refresh and up do not change, and an up from before is refused", async () => {
        const up = ["pulumi", "up", "--yes", "--skip-preview"];
        await cloud.succeed([...up, "--refresh", "--expect-no-changes"]);
        const { exitCode, all } = await cloud.run(up, { PLATFORM_LOCAL_STACK_FILE: olderFile });
        assert.notEqual(exitCode, 0);
        assert.match(all!, /accessKeys of revision 1 is older than revision \d+/);
        assert.deepEqual(await watcher.look(), [keysIn(cloud.envFile).accessKeyId]);
    });

    function progress(wall: number): string {
        const { kills, runs } = totals;
        const { requests, failures } = clients.load;
        const each = (wall / 1000 / totals.rotations).toFixed(1);
        return `${totals.rotations} rotations, ${kills} kills, ${runs} runs; ${requests} requests, ${failures} failed; ${each} s each`;
    }
});

function say(text: string): void {
    process.stdout.write(`      ${text.trimStart()}\n`);
}
