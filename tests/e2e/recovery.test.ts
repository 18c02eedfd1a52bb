import assert from "node:assert/strict";
import { existsSync } from "node:fs";

import {
    CreateAccessKeyCommand,
    DeleteAccessKeyCommand,
    ListAccessKeysCommand,
    ListUsersCommand,
} from "@aws-sdk/client-iam";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import execa from "execa";

import { TestCloud, until } from "../support/test-cloud";

const accessKey = "aws:iam/accessKey:AccessKey";

describe("an update that is killed with SIGKILL", function () {
    this.timeout(180_000);
    let cloud: TestCloud;
    beforeEach(async () => (cloud = await TestCloud.create()));
    afterEach(() => cloud.remove());

    // Each is a type whose second creation would fail, or that would leave a second one behind.
    for (const type of [accessKey, "aws:s3/bucket:Bucket", "aws:iam/policy:Policy"]) {
        it(`while it creates ${type} is recovered by one command, with nothing lost`, async () => {
            await cloud.succeed(["pulumi", "stack", "ls"]);
            await kill(cloud, () =>
                (cloud.state().pending_operations ?? []).some(({ resource }) => resource.type === type),
            );
            const before = cloud.state();
            assert.ok(before.pending_operations?.length, "the state has unfinished operations");
            const created = before.resources?.filter(({ id }) => id) ?? [];

            const orphans = type === accessKey ? await orphanedKeys(cloud) : [];
            const { stderr } = await cloud.succeed(["recover"]);
            assert.match(stderr, /An update was interrupted/);
            for (const id of orphans) assert.match(stderr, new RegExp(`deleted the access key ${id} `));
            const after = cloud.state();
            assert.equal(after.pending_operations?.length ?? 0, 0);
            const urns = after.resources?.map(({ urn }) => urn) ?? [];
            assert.deepEqual(
                created.map(({ urn }) => urn).filter((urn) => !urns.includes(urn)),
                [],
                "what had been created is still known",
            );

            const { failed, exitCode, words } = await cloud.up();
            assert.equal(failed, 0, words);
            assert.equal(exitCode, 0);
            assert.deepEqual(await keysPerUser(cloud), [1, 1, 1, 1, 1]);
            assert.match((await cloud.succeed(["recover"])).stderr, /No update was interrupted/);
        });
    }

    it("at a random moment is recovered by the next npm run local by itself, and objects stay", async () => {
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", "-c", 'platform:services=["rl-studio"]']);
        const { "rl-studio": outputs } = await cloud.outputs();
        await cloud.root.s3.send(new PutObjectCommand({ Bucket: outputs.bucketName, Key: "rollout", Body: "kept" }));
        const moment = Date.now() + 3000 + Math.random() * 3000;
        await kill(cloud, () => Date.now() > moment, true);
        const { failed, words } = await cloud.up();
        assert.equal(failed, 0, words);
        assert.deepEqual(await keysPerUser(cloud), [1, 1, 1, 1, 1]);
        const { Body } = await cloud.root.s3.send(new GetObjectCommand({ Bucket: outputs.bucketName, Key: "rollout" }));
        assert.equal(await Body?.transformToString(), "kept");
    });

    it("leaves a key alone that may be somebody's, says which, and goes on when it is gone", async () => {
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", "-c", 'platform:services=["rl-studio"]']);
        const { "rl-studio": outputs } = await cloud.outputs();
        const user = { UserName: outputs.userName };
        // Somebody's key, older than the update that will be killed while it creates the second generation.
        const { AccessKey: foreign } = await cloud.root.iam.send(new CreateAccessKeyCommand(user));
        await new Promise((resolve) => setTimeout(resolve, 1500));
        await kill(
            cloud,
            () => (cloud.state().pending_operations ?? []).some(({ resource }) => resource.type === accessKey),
            false,
            ["-c", 'platform:rl-studio={"accessKeys":{"generations":[1,2],"published":1}}'],
        );
        const stopped = await cloud.run(["recover"]);
        assert.notEqual(stopped.exitCode, 0);
        assert.match(
            stopped.all!,
            new RegExp(`${foreign!.AccessKeyId}, which the state does not know, .* before the update`),
        );
        assert.doesNotMatch(stopped.all!, /at .*\.ts:\d+/);
        const { AccessKeyMetadata: keys = [] } = await cloud.root.iam.send(new ListAccessKeysCommand(user));
        assert.ok(
            keys.some(({ AccessKeyId }) => AccessKeyId === foreign!.AccessKeyId),
            "it is still there",
        );
        assert.ok(
            keys.some(({ AccessKeyId }) => AccessKeyId === outputs.accessKeyId),
            "so is the published one",
        );

        await cloud.root.iam.send(new DeleteAccessKeyCommand({ ...user, AccessKeyId: foreign!.AccessKeyId }));
        await cloud.succeed(["recover"]);
    });
});

describe("Ctrl-C in npm run local", function () {
    this.timeout(180_000);
    let cloud: TestCloud;
    beforeEach(async () => (cloud = await TestCloud.create()));
    afterEach(() => cloud.remove());

    for (const seconds of [0.6, 2, 4, 6]) {
        it(`after ${seconds} s ends with 130 in order, and the next run goes on`, async () => {
            const running = cloud.start([]);
            await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
            process.kill(-running.pid!, "SIGINT");
            const { exitCode, all } = await running;
            assert.equal(exitCode, 130, all);
            assert.match(all!, /Stopped\. Nothing is lost|Stopping in order/);
            assert.doesNotMatch(all!, /This should not have happened/);
            const { failed, words } = await cloud.up();
            assert.equal(failed, 0, words);
        });
    }
});

/** Runs `up` in the engine and kills the engine's process, or all of its processes at once, as soon as `now` says so. */
async function kill(cloud: TestCloud, now: () => boolean, all = false, more: string[] = []): Promise<void> {
    const running = cloud.start(["pulumi", "up", "--yes", "--skip-preview", ...more]);
    let pid: number | undefined;
    await until("the engine to start", async () => {
        const { stdout } = await execa("pgrep", ["-P", String(running.pid), "-f", "pulumi up "], { reject: false });
        pid = Number(stdout.split("\n")[0]) || undefined;
        return pid !== undefined;
    });
    await until("the moment to kill", () => running.exitCode !== null || (existsSync(cloud.stateFile) && quietly(now)));
    assert.equal(running.exitCode, null, "the update ended before it was killed");
    process.kill(all ? -running.pid! : pid!, "SIGKILL");
    await running;
}

/** The state is being written while it is read. */
function quietly(now: () => boolean): boolean {
    try {
        return now();
    } catch (error) {
        if (error instanceof SyntaxError) return false;
        throw error;
    }
}

/** The keys that the killed update made and the state does not know; made here where the kill came too early for one. */
async function orphanedKeys(cloud: TestCloud): Promise<string[]> {
    const { pending_operations: pending = [] } = cloud.state();
    const orphans: string[] = [];
    for (const { resource } of pending.filter(({ resource }) => resource.type === accessKey)) {
        const user = { UserName: String(resource.inputs?.user) };
        const { AccessKeyMetadata: made = [] } = await cloud.root.iam.send(new ListAccessKeysCommand(user));
        if (made.length === 0) await cloud.root.iam.send(new CreateAccessKeyCommand(user));
        const { AccessKeyMetadata: keys = [] } = await cloud.root.iam.send(new ListAccessKeysCommand(user));
        orphans.push(...keys.map(({ AccessKeyId }) => AccessKeyId!));
    }
    assert.ok(orphans.length > 0);
    return orphans;
}

async function keysPerUser(cloud: TestCloud): Promise<number[]> {
    const { Users: users = [] } = await cloud.root.iam.send(new ListUsersCommand({}));
    const services = users.filter(({ UserName }) => !UserName!.startsWith("platform-"));
    return Promise.all(
        services.map(async ({ UserName }) => {
            const { AccessKeyMetadata } = await cloud.root.iam.send(new ListAccessKeysCommand({ UserName }));
            return AccessKeyMetadata!.length;
        }),
    );
}
