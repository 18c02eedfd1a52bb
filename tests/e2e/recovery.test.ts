import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
    CreateAccessKeyCommand,
    CreateUserCommand,
    DeleteAccessKeyCommand,
    ListAccessKeysCommand,
    ListUsersCommand,
} from "@aws-sdk/client-iam";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import execa from "execa";

import { haveEnded } from "../support/processes";
import { TestCloud, until } from "../support/test-cloud";

const accessKey = "aws:iam/accessKey:AccessKey";

/** Without those whose lifecycle configuration the provider waits a minute for. */
const services = ["clinical-ai", "snapshotter", "llm-models"] as const;

describe("an update that is killed with SIGKILL", function () {
    this.timeout(300_000);
    // A moment that has passed before it was seen is waited for again, in a new cloud.
    this.retries(2);
    let cloud: TestCloud;
    beforeEach(async () => (cloud = await TestCloud.create(services)));
    afterEach(() => cloud.remove());

    // Each is a type whose second creation would fail, or that would leave a second one behind.
    for (const type of [
        accessKey,
        "aws:s3/bucket:Bucket",
        "aws:iam/policy:Policy",
        "aws:budgets/budget:Budget",
        "aws:dynamodb/table:Table",
        "aws:lambda/function:Function",
    ]) {
        it(`while it creates ${type} is recovered by one command, with nothing lost`, async () => {
            await cloud.succeed(["pulumi", "stack", "ls"]);
            await kill(cloud, { creating: type });
            const before = cloud.state();
            assert.ok(before.pending_operations?.length, "the state has unfinished operations");
            const created = before.resources?.filter(({ id }) => id) ?? [];

            const orphans = type === accessKey ? await orphanedKeys(cloud) : [];
            const found = await interruptionOf(cloud);
            assert.match(found.get("update-interrupted")!, new RegExp(`creating ${type} `));
            assert.equal(found.get("key-foreign"), undefined, "no key of the stack's own is offered for deletion");
            // What a kill during the write of the state leaves, now and then.
            writeFileSync(`${cloud.stateFile}.attrs`, "");
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
            assert.deepEqual(await keysPerUser(cloud), [1, 1, 1]);
            assert.match((await cloud.succeed(["recover"])).stderr, /No update was interrupted/);
        });
    }

    it("at a random moment is recovered by the next npm run local by itself, and objects stay", async () => {
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", "-c", 'platform:services=["snapshotter"]']);
        const { snapshotter: outputs } = await cloud.outputs();
        const object = { Bucket: outputs.bucketName, Key: "scan" };
        await cloud.root.s3.send(new PutObjectCommand({ ...object, Body: "kept", ServerSideEncryption: "AES256" }));
        await kill(cloud, { seconds: Math.random() });
        const { failed, words } = await cloud.up();
        assert.equal(failed, 0, words);
        assert.deepEqual(await keysPerUser(cloud), [1, 1, 1]);
        const { Body } = await cloud.root.s3.send(new GetObjectCommand(object));
        assert.equal(await Body?.transformToString(), "kept");
    });

    it("leaves a key alone that may be somebody's, says which, and goes on when it is gone", async () => {
        await cloud.succeed(["pulumi", "stack", "ls"]);
        const user = { UserName: "rl-studio-rollouts-service-user-dev" };
        // A user that exists already, with somebody's key, is adopted; the update is killed while it makes its own key.
        await cloud.root.iam.send(new CreateUserCommand(user));
        const { AccessKey: foreign } = await cloud.root.iam.send(new CreateAccessKeyCommand(user));
        await new Promise((resolve) => setTimeout(resolve, 1500));
        const only = 'platform:services=["rl-studio"]';
        const adopt = 'platform:rl-studio={"adopt":{"user":["user"]}}';
        await kill(cloud, { creating: accessKey }, ["-c", only, "-c", adopt]);
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

        await cloud.root.iam.send(new DeleteAccessKeyCommand({ ...user, AccessKeyId: foreign!.AccessKeyId }));
        await cloud.succeed(["recover"]);
    });
});

describe("a local AWS that is gone, as after a restart of the machine", function () {
    this.timeout(300_000);

    it("is built anew by the next npm run local, though another command has started it meanwhile", async () => {
        const cloud = await TestCloud.create(services);
        try {
            await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", "-c", 'platform:services=["snapshotter"]']);
            const running = () =>
                (JSON.parse(readFileSync(join(cloud.folder, "aws.pid"), "utf8")) as { pid: number }).pid;
            const pid = running();
            process.kill(pid, "SIGKILL");
            await until("the emulator to end", () => haveEnded([pid]));
            for (const reads of [["infra", "verify", "snapshotter"], ["doctor"]]) {
                const { exitCode, all } = await cloud.run(reads);
                assert.equal(exitCode, 3, all);
                assert.match(all!, /The local AWS does not run.*\n.*npm run local$/m);
            }
            assert.equal(running(), pid, "what reads starts nothing");
            assert.match(
                (await cloud.succeed(["pulumi", "stack", "ls"])).all!,
                /was started anew and has nothing in it/,
            );
            const { failed, words } = await cloud.up();
            assert.equal(failed, 0, words);
            assert.match((await cloud.up()).words, /Nothing to change/);
        } finally {
            await cloud.remove();
        }
    });
});

describe("Ctrl-C in npm run local", function () {
    this.timeout(300_000);
    this.retries(2);
    let cloud: TestCloud;
    beforeEach(async () => (cloud = await TestCloud.create(services)));
    afterEach(() => cloud.remove());

    const moments: [what: string, said: RegExp, milliseconds: number][] = [
        ["while it starts", /Local cloud/, 0],
        ["while it installs plugins", /Local cloud/, 500],
        ["as the engine starts", /Deploying stack local/, 0],
        ["in the middle of the update", /creating \(\d/, 300],
        ["in the middle of the checks", /Verifying by live calls/, 100],
    ];
    for (const [what, said, milliseconds] of moments) {
        it(`${what} ends with 130 in order, and the next run goes on`, async () => {
            const running = cloud.start([]);
            let words = "";
            running.all!.on("data", (data: Buffer) => (words += data.toString()));
            await until(`${said}`, () => said.test(words));
            await new Promise((resolve) => setTimeout(resolve, milliseconds));
            process.kill(-running.pid!, "SIGINT");
            const { exitCode, signal, all } = await running;
            assert.equal(exitCode, 130, `exit ${exitCode}, signal ${signal}: ${all}`);
            assert.match(all!, /Stopped\. Nothing is lost/);
            assert.doesNotMatch(all!, /This should not have happened/);
            const next = await cloud.up();
            assert.equal(next.failed, 0, next.words);
        });
    }
});

/** Where an update is killed: in the middle of creating a resource of a type, or some time after its first operation. */
type Moment = { readonly creating: string } | { readonly seconds: number };

/** Runs `up` in the engine and kills the engine's process, or at a moment of time all of its processes at once. */
async function kill(cloud: TestCloud, moment: Moment, more: string[] = []): Promise<void> {
    const running = cloud.start(["pulumi", "up", "--yes", "--skip-preview", ...more]);
    let pid: number | undefined;
    await until("the engine to start", async () => {
        const { stdout } = await execa("pgrep", ["-P", String(running.pid), "-f", "pulumi up "], { reject: false });
        pid = Number(stdout.split("\n")[0]) || undefined;
        return pid !== undefined;
    });
    const emulator = JSON.parse(readFileSync(join(cloud.folder, "aws.pid"), "utf8")) as { pid: number };
    try {
        if ("creating" in moment) {
            // The emulator stands still while the engine is killed: its answer comes when nobody waits for it.
            await until(`the creation of ${moment.creating}`, async () => {
                assert.equal(running.exitCode, null, "the update ended before it was killed");
                if (!isCreating(cloud, moment.creating)) return false;
                process.kill(emulator.pid, "SIGSTOP");
                // What was answered just before reaches the state in this time; what is pending then stays so.
                await new Promise((resolve) => setTimeout(resolve, 200));
                if (isCreating(cloud, moment.creating)) return true;
                process.kill(emulator.pid, "SIGCONT");
                return false;
            });
        } else {
            await until("the first operation", () => (cloud.state().pending_operations ?? []).length > 0);
            await new Promise((resolve) => setTimeout(resolve, moment.seconds * 1000));
            assert.equal(running.exitCode, null, "the update ended before it was killed");
        }
        const programs = await programsOf(pid!);
        process.kill("creating" in moment ? pid! : -running.pid!, "SIGKILL");
        await running;
        // The program is told by nobody: it notices that the engine is gone. The plugins do not notice: `npm run local` ends them.
        await until("the program of the killed engine to end", () => haveEnded(programs), 20);
    } finally {
        process.kill(emulator.pid, "SIGCONT");
    }
}

function isCreating(cloud: TestCloud, type: string): boolean {
    const { pending_operations: pending = [] } = cloud.state();
    return pending.some((operation) => operation.type === "creating" && operation.resource.type === type);
}

/** What runs below the engine, but for what notices late or never that the engine is gone: language host and plugins. */
async function programsOf(pid: number): Promise<number[]> {
    const { stdout } = await execa("pgrep", ["-P", String(pid), "-l"], { reject: false });
    const children = stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => [Number(line.split(" ")[0]), line] as const);
    const below = await Promise.all(children.map(([child]) => programsOf(child)));
    return [
        ...children.filter(([, line]) => !/pulumi-(language|resource)/.test(line)).map(([child]) => child),
        ...below.flat(),
    ];
}

/** The keys that the killed update made and the state does not know; made here where the kill came too early for one. */
/** What doctor says of the stack, by the finding's id. */
async function interruptionOf(cloud: TestCloud): Promise<Map<string, string>> {
    const { stdout } = await cloud.run(["infra", "doctor", "--json"]);
    const { findings } = JSON.parse(stdout) as { findings: { id: string; why: string }[] };
    return new Map(findings.map(({ id, why }) => [id, why]));
}

async function orphanedKeys(cloud: TestCloud): Promise<string[]> {
    const { pending_operations: pending = [] } = cloud.state();
    const orphans: string[] = [];
    for (const { resource } of pending.filter(({ resource }) => resource.type === accessKey)) {
        const user = { UserName: String(resource.inputs?.user) };
        const listed = async () => (await cloud.root.iam.send(new ListAccessKeysCommand(user))).AccessKeyMetadata ?? [];
        if ((await listed()).length === 0) await cloud.root.iam.send(new CreateAccessKeyCommand(user));
        orphans.push(...(await listed()).map(({ AccessKeyId }) => AccessKeyId!));
    }
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
