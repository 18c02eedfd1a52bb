import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";

import { type Keys } from "../../ops/aws/clients";
import { exitCodes } from "../../ops/common/errors";

import { KeyWatcher } from "./key-watcher";
import { LagProxy } from "./lag-proxy";
import { HeldKeys, keysIn, type Load, LoadClients, type Phase, phases, watchedKeys } from "./load-clients";
import { RotationCloud } from "./rotation-cloud";
import { type Moment, RotationRun, type Victim } from "./rotation-run";
import { until } from "./test-cloud";

/** What a run says while the engine that a killed tool left behind is still at its update. */
const engineAtWork = /has held the lock since|currently locked by/;

interface Parts {
    readonly cloud: RotationCloud;
    readonly proxy: LagProxy;
    /** The keys in the file, which the quick consumers have. */
    readonly quick: () => Keys;
    /** What the slow consumers have. */
    readonly slow: HeldKeys;
    readonly clients: readonly LoadClients[];
    readonly watcher: KeyWatcher;
    /** By id of a key: when a client began a request with it last. */
    readonly lastUse: ReadonlyMap<string, number>;
    readonly progress: Progress;
}

/** What tells how far a rotation is. */
interface Progress {
    /** Id of the key that was published when it began. */
    oldKey: string;
}

function phaseOf({ oldKey }: Progress, { accessKeyId: published }: Keys, { keys }: KeyWatcher): Phase {
    if (published === oldKey) return "before the publication";
    if (keys.some(({ active }) => !active)) return "after the old key was made inactive";
    return keys.length > 1 ? "while both keys are in force" : "after the old key was deleted";
}

/**
 * A local cloud whose keys are rotated while clients work with them. Clients and tool meet AWS behind a proxy that does
 * not know new keys at once; the engine does not.
 */
export class RotationLane {
    readonly kills: Record<Victim, number> = { all: 0, tool: 0, engine: 0 };
    rotations = 0;
    /** Runs of the tool, the killed ones included. */
    runs = 0;
    /** Runs that were refused, since the engine of a tool that was killed alone was still at its update. */
    refused = 0;

    /** Old keys that were to be made inactive while they were used, in words. */
    private readonly retiredTooEarly: string[] = [];

    private constructor(
        private readonly parts: Parts,
        /** What the tool waits for a key to be valid everywhere, in seconds; as long as AWS needs at most. */
        private readonly minute: number,
    ) {}

    /**
     * @param minute of the tool's times, in seconds
     * @param randomFor makes generators: how long AWS needs to know the next key, up to a minute, and what it answers
     *     until then; from 0 to 1
     */
    static async start(minute: number, randomFor: (purpose: string) => () => number): Promise<RotationLane> {
        const [lag, answer] = [randomFor("lag"), randomFor("answer")];
        const cloud = await RotationCloud.create();
        const { bucket, user } = await cloud.deploy({
            validSeconds: minute,
            timeoutSeconds: 15 * minute,
            quietSeconds: minute,
            graceSeconds: minute,
        });
        copyFileSync(cloud.stackFile, olderFile(cloud));
        const known = [...cloud.operatorsKeys, keysIn(cloud.envFile).accessKeyId];
        const proxy = await LagProxy.start({
            port: cloud.port,
            ...cloud.tls,
            lag: (id) => (known.includes(id) ? 0 : lag() * minute * 1000),
            random: answer,
        });
        const connection = { ...cloud.connection, endpoint: proxy.endpoint };
        const lastUse = new Map<string, number>();
        const [quick, slow] = [watchedKeys(cloud.envFile), new HeldKeys(cloud.envFile)];
        const watcher = await KeyWatcher.start(cloud.root.iam, user, lastUse);
        const progress: Progress = { oldKey: quick().accessKeyId };
        const phase = () => phaseOf(progress, quick(), watcher);
        const each = { connection, bucket, lastUse, phase };
        const clients = await Promise.all([
            LoadClients.start({ ...each, perSecond: 45, published: quick }),
            LoadClients.start({ ...each, perSecond: 5, published: slow.published }),
        ]);
        return new RotationLane({ cloud, proxy, quick, slow, clients, watcher, lastUse, progress }, minute);
    }

    /** Has the clients end, when all that they asked for has been answered. */
    async stopClients(): Promise<void> {
        await Promise.all(this.parts.clients.map((each) => each.stop()));
    }

    async stop(): Promise<void> {
        const { watcher, proxy, cloud } = this.parts;
        await watcher.stop();
        await this.stopClients();
        await proxy.stop();
        await cloud.remove();
    }

    get loads(): readonly Load[] {
        return this.parts.clients.map(({ load }) => load);
    }

    /** The most keys that the user had at once. */
    get mostKeys(): number {
        return this.parts.watcher.most;
    }

    /** Requests that were refused because a key was too new. */
    get lagged(): number {
        return [...this.parts.proxy.keys.values()].reduce((sum, { refused }) => sum + refused, 0);
    }

    /**
     * Rotates once: in one run, or in two where the first is killed. After a tool that was killed alone one more may be
     * refused, which is counted.
     *
     * @returns whether it was killed: else it came to its end before
     */
    async rotate(moment?: Moment, victim: Victim = "all"): Promise<boolean> {
        const { progress, quick, clients } = this.parts;
        progress.oldKey = quick().accessKeyId;
        for (const { answeredIn } of clients) answeredIn.clear();
        const first = this.start();
        const killed = moment !== undefined && (await first.killAt(moment, victim));
        const runs = [first];
        if (killed) runs.push(await this.finish(runs, victim));
        const faults = await this.faults(runs);
        this.rotations++;
        if (killed) this.kills[victim]++;
        if (faults.length === 0) return killed;
        const words = runs.map((run, index) => `run ${index + 1}:\n${run.words}`).join("\n");
        throw new Error(`${faults.join("\n")}\nkilled (${victim}) at ${JSON.stringify(moment)}\n${words}`);
    }

    /** The run that finishes what was killed; one that is refused as it may be is put behind the killed one. */
    private async finish(runs: RotationRun[], victim: Victim): Promise<RotationRun> {
        const next = this.start();
        const { exitCode } = await next.ended;
        if (victim !== "tool" || exitCode !== exitCodes.unreachable || !engineAtWork.test(next.words)) return next;
        runs.push(next);
        this.refused++;
        await runs[0].ended;
        return this.start();
    }

    /** Whether `refresh` and `up` change nothing, and an `up` with the stack file from before is refused. */
    async requireSettled(): Promise<void> {
        const { cloud, watcher } = this.parts;
        const up = ["pulumi", "up", "--yes", "--skip-preview"];
        await cloud.succeed([...up, "--refresh", "--expect-no-changes"]);
        const { exitCode, all } = await cloud.run(up, { PLATFORM_LOCAL_STACK_FILE: olderFile(cloud) });
        assert.notEqual(exitCode, 0);
        assert.match(all!, /accessKeys of revision 1 is older than revision \d+/);
        assert.deepEqual(await watcher.look(), [keysIn(cloud.envFile).accessKeyId]);
    }

    private start(): RotationRun {
        const { cloud, proxy } = this.parts;
        this.runs++;
        const args = ["--yes", "--confirm-consumers", "--file", cloud.envFile];
        const env = { PLATFORM_LOCAL_AWS_ENDPOINT: proxy.endpoint };
        return new RotationRun(cloud, args, env, (text) => {
            // The slow consumers have the old key for as long as the tool does not see that somebody has it.
            if (/^ *Waiting: /.test(text)) this.parts.slow.look();
            this.noteRetirement(text);
        });
    }

    /** As the tool begins to make the old key inactive, nobody may have used it for the whole time. */
    private noteRetirement(text: string): void {
        if (!/^ *Make key \d+ inactive/.test(text)) return;
        const published = keysIn(this.parts.cloud.envFile).accessKeyId;
        for (const [id, used] of this.parts.lastUse) {
            const quiet = Date.now() - used;
            if (id === published || quiet >= this.minute * 1000) continue;
            this.retiredTooEarly.push(`${id} was used ${quiet} ms before it was made inactive`);
        }
    }

    /** What is not as it must be after a rotation, in words. */
    private async faults(runs: readonly RotationRun[]): Promise<string[]> {
        const { cloud, clients, watcher } = this.parts;
        const { exitCode } = await runs.at(-1)!.ended;
        // Short, as the others are not: the rotation ends soon after it.
        await watcher.look();
        await until("requests after the rotation", () => clients.every(isServedAtLast)).catch(() => undefined);
        const [ids, { accessKeyId }] = [await watcher.look(), keysIn(cloud.envFile)];
        const failed = clients.reduce((sum, { load }) => sum + load.failures, 0);
        return [
            ...(exitCode === 0 ? [] : [`the last run exits with ${exitCode}`]),
            ...clients.flatMap(({ answeredIn }, index) =>
                phases
                    .filter((phase) => !answeredIn.has(phase))
                    .map((phase) => `clients ${index}: no request ${phase}`),
            ),
            ...(failed === 0 ? [] : [`${failed} requests of clients failed`]),
            ...(ids.join() === accessKeyId ? [] : [`the keys are ${ids.join(", ")}, published is ${accessKeyId}`]),
            ...watcher.faults,
            ...this.retiredTooEarly,
            ...runs.flatMap((run) => this.publishedTooEarly(run)),
        ];
    }

    /** Every key has to be tried, without a refusal, for the whole time before it is published. */
    private publishedTooEarly({ lines }: RotationRun): string[] {
        const published = lines.filter(({ text }) => /^ *Publish key/.test(text));
        return published.flatMap(({ time }) =>
            [...this.parts.proxy.keys].flatMap(([id, { lastRefused = 0 }]) => {
                const waited = time - lastRefused;
                const early = waited >= 0 && waited < this.minute * 1000;
                return early ? [`${id} was refused ${waited} ms before it was published`] : [];
            }),
        );
    }
}

const isServedAtLast = ({ answeredIn }: LoadClients) => answeredIn.has("after the old key was deleted");

const olderFile = ({ stackFile }: RotationCloud) => `${stackFile}.before`;
