import assert from "node:assert/strict";
import { copyFileSync, readFileSync, statSync } from "node:fs";

import { CreateAccessKeyCommand, DeleteAccessKeyCommand, ListAccessKeysCommand } from "@aws-sdk/client-iam";

import { Colleague } from "../support/colleague";
import { LagProxy } from "../support/lag-proxy";
import { keysIn } from "../support/load-clients";
import { RotationCloud } from "../support/rotation-cloud";
import { RotationRun } from "../support/rotation-run";

const times = { validSeconds: 1, timeoutSeconds: 15, quietSeconds: 1, graceSeconds: 1 };
/** The old key stays for as long as nobody waits. */
const longGrace = { ...times, graceSeconds: 3600 };

describe("rotations and those who run them", function () {
    this.timeout(300_000);
    let cloud: RotationCloud;
    let UserName: string;
    before(async () => {
        cloud = await RotationCloud.create();
        UserName = (await cloud.deploy(times)).user;
    });
    after(() => cloud.remove());
    beforeEach(() => cloud.setTimes(times));

    const run = (...args: string[]) => new RotationRun(cloud, ["--yes", "--file", cloud.envFile, ...args]);
    const confirmed = (...args: string[]) => run("--confirm-consumers", ...args);

    async function requireExit(running: RotationRun, expected: number): Promise<string> {
        const { exitCode } = await running.ended;
        assert.equal(exitCode, expected, running.words);
        assert.doesNotMatch(running.words, /at .*\.ts:\d+/, "no stack trace");
        return running.words;
    }

    /** The user's keys: id and whether it is active, the oldest first. */
    async function keys(): Promise<{ id: string; active: boolean }[]> {
        const { AccessKeyMetadata = [] } = await cloud.root.iam.send(new ListAccessKeysCommand({ UserName }));
        return AccessKeyMetadata.map(({ AccessKeyId, Status }) => ({ id: AccessKeyId!, active: Status === "Active" }));
    }

    const revisionIn = ({ stackFile }: { readonly stackFile: string }) =>
        Number(/revision: (\d+)/.exec(readFileSync(stackFile, "utf8"))?.[1] ?? 1);
    const inFile = () => keysIn(cloud.envFile).accessKeyId;
    const everything = async () => ({
        stackFile: readFileSync(cloud.stackFile, "utf8"),
        envFile: readFileSync(cloud.envFile, "utf8"),
        keys: await keys(),
    });

    it("a dry run says the next step and changes nothing", async () => {
        const before = await everything();
        const running = new RotationRun(cloud, ["--dry-run", "--file", cloud.envFile]);
        assert.match(await requireExit(running, 0), /Would: create key 2/);
        assert.deepEqual(await everything(), before);
    });

    it("--due leaves a key alone that is not old", async () => {
        const before = await everything();
        const { exitCode, stdout, stderr } = await cloud.run(["infra", "rotate", "--due", "--yes", "--json"]);
        assert.equal(exitCode, 0, stderr);
        assert.match(stderr, /rl-studio: not due/);
        assert.deepEqual(JSON.parse(stdout), { stack: "local", dryRun: false, services: {} });
        assert.deepEqual(await everything(), before);
    });

    it("a key made by hand is named and left alone, and nothing is changed", async () => {
        const { AccessKey } = await cloud.root.iam.send(new CreateAccessKeyCommand({ UserName }));
        const id = AccessKey!.AccessKeyId!;
        const before = await everything();
        const words = await requireExit(confirmed(), 1);
        assert.match(words, new RegExp(`a key that the stack does not know: ${id} \\(active, made .*never used`));
        assert.deepEqual(await everything(), before);
        await cloud.root.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: id }));
    });

    it("without --confirm-consumers it ends once the new key is published; --rollback leads back to the old one", async () => {
        const [old] = await keys();
        const words = await requireExit(run(), 1);
        assert.match(words, /whatever reads backend\/\.env.*--confirm-consumers. Both keys work until then/s);
        const both = await keys();
        assert.deepEqual(
            both.map(({ active }) => active),
            [true, true],
        );
        assert.equal(inFile(), both.find(({ id }) => id !== old.id)!.id, "the file has the new key");
        assert.equal(statSync(cloud.envFile).mode & 0o777, 0o600);
        await requireExit(confirmed("--rollback"), 0);
        assert.deepEqual(await keys(), [old]);
        assert.equal(inFile(), old.id);
    });

    it("--rollback before the new key is published deletes that one", async () => {
        const [old] = await keys();
        const killed = confirmed();
        assert.ok(await killed.killAt({ line: "Trying key", nth: 1 }), killed.words);
        assert.equal((await keys()).length, 2);
        await requireExit(confirmed("--rollback"), 0);
        assert.deepEqual(await keys(), [old]);
        assert.equal(inFile(), old.id);
        assert.match(await requireExit(confirmed("--rollback"), 1), /nothing to go back to/);
    });

    it("a key that AWS refuses now and then for longer than timeoutSeconds is not published", async () => {
        const before = [await keys(), readFileSync(cloud.envFile, "utf8")];
        cloud.setTimes({ ...times, timeoutSeconds: 4 });
        let tries = 0;
        const proxy = await LagProxy.start({
            port: cloud.port,
            ...cloud.tls,
            lag: (id) => ([...cloud.operatorsKeys, inFile()].includes(id) ? 0 : Infinity),
            // Every second request: no try is followed by successes for a second.
            random: () => tries++ % 2,
        });
        try {
            const args = ["--yes", "--confirm-consumers", "--file", cloud.envFile];
            const running = new RotationRun(cloud, args, { PLATFORM_LOCAL_AWS_ENDPOINT: proxy.endpoint });
            assert.match(
                await requireExit(running, 1),
                /did not work for 1 s in a row within 4 s: .*It was not published/,
            );
        } finally {
            await proxy.stop();
        }
        const { "rl-studio": outputs } = await cloud.outputs();
        assert.equal(outputs.accessKeyId, inFile());
        assert.deepEqual([(await keys()).slice(0, 1), readFileSync(cloud.envFile, "utf8")], before);
        await requireExit(confirmed("--rollback"), 0);
        assert.deepEqual([await keys(), readFileSync(cloud.envFile, "utf8")], before);
    });

    it("Ctrl-C in a wait ends with 130, the next run goes on, and a killed way back is finished without the flag", async () => {
        const [old] = await keys();
        cloud.setTimes(longGrace);
        for (const revisions of [3, 0]) {
            const running = confirmed();
            assert.ok(await running.says("stays, inactive"), running.words);
            running.signal("SIGINT");
            const words = await requireExit(running, 130);
            assert.match(words, /Nothing is lost: run the same command to continue/);
            const said = running.lines.filter(({ text }) => /\(revision \d+\)/.test(text));
            assert.equal(said.length, revisions, "only the first run has anything to do");
        }
        assert.deepEqual(
            (await keys()).map(({ id, active }) => active === (id !== old.id)),
            [true, true],
            "the old key alone is inactive",
        );
        const due = await cloud.run(["infra", "rotate", "--due", "--yes", "--json"]);
        assert.equal(due.exitCode, 0, due.stderr);
        assert.match(due.stderr, /rl-studio: a rotation is under way/);
        assert.match(due.stdout, /"state":"waiting"/);

        cloud.setTimes(times);
        const back = confirmed("--rollback");
        assert.ok(await back.killAt({ line: "Duration: ", nth: 2 }), back.words);
        await requireExit(confirmed(), 0);
        assert.deepEqual(await keys(), [old]);
        assert.equal(inFile(), old.id);
    });

    it("a second run in the same checkout is refused while the first goes on", async () => {
        const first = confirmed();
        assert.ok(await first.says("Create key"), first.words);
        assert.match(await requireExit(confirmed(), 3), /Another run is in progress here \(process \d+\)/);
        await requireExit(first, 0);
        assert.deepEqual(
            (await keys()).map(({ id }) => id),
            [inFile()],
        );
    });

    it("of two people with a stack file each, one comes to the end; with that file the other one is in order", async () => {
        const colleague = new Colleague(cloud);
        try {
            const runs = [cloud, colleague].map((place) => new RotationRun(place, ["--yes", "--confirm-consumers"]));
            const [ours, theirs] = await Promise.all(runs.map(async ({ ended }) => (await ended).exitCode));
            const words = runs.map((each) => each.words).join("\n\n");
            // Refused by the lock of the engine, or since the revision is another's.
            for (const exitCode of [ours, theirs]) assert.ok([0, 1, 3].includes(exitCode), words);
            // The engine's lock may refuse both where they come at the very same moment: whoever is further goes on.
            if (![ours, theirs].includes(0)) {
                const further = revisionIn(colleague) > revisionIn(cloud) ? colleague : cloud;
                await requireExit(new RotationRun(further, ["--yes", "--confirm-consumers"]), 0);
            }
            const [last, other] = revisionIn(colleague) > revisionIn(cloud) ? [colleague, cloud] : [cloud, colleague];
            copyFileSync(last.stackFile, other.stackFile);
            const up = ["pulumi", "up", "--yes", "--skip-preview", "--expect-no-changes"];
            for (const place of [cloud, colleague]) {
                const { exitCode, all } = await place.start(up);
                assert.equal(exitCode, 0, `${words}\n${all}`);
            }
            const { "rl-studio": outputs } = await cloud.outputs();
            assert.deepEqual(await keys(), [{ id: outputs.accessKeyId, active: true }]);
        } finally {
            colleague.remove();
        }
    });

    it("the stack's key being deleted by hand is said, in a dry run too, and nothing is changed", async () => {
        const [own] = await keys();
        await cloud.root.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: own.id }));
        const before = await everything();
        for (const how of ["--dry-run", "--yes"]) {
            const running = new RotationRun(cloud, [how, "--confirm-consumers"]);
            assert.match(await requireExit(running, 1), /are not as .* say: somebody has changed them.*up --refresh/s);
        }
        assert.deepEqual(await everything(), before);
    });

    it("two keys that the stack does not know, its own being gone, are both named and left alone", async () => {
        for (let key = 0; key < 2; key++) await cloud.root.iam.send(new CreateAccessKeyCommand({ UserName }));
        const before = await everything();
        const words = await requireExit(confirmed(), 1);
        assert.match(words, /2 keys that the stack does not know/);
        for (const { id } of before.keys) assert.match(words, new RegExp(id));
        assert.deepEqual(await everything(), before);
    });
});
