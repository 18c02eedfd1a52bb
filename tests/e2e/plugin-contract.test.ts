// One contract for every type that the stand-in aws plugin makes for real: created, unchanged, drifted by hand and
// repaired, imported, replaced, deleted. A type without a sample fails.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { DeleteObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Server } from "@grpc/grpc-js";
import { findEngine } from "../../local/engine";
import { cacheDirectory } from "../../local/paths";
import { awsPackage, realTypes } from "../../local/plugins/aws";
import { serve } from "../../local/plugins/server";
import { throwawayProject, type Project } from "../support/plugin/cli";
import { PlainEmulator } from "../support/plugin/emulator";
import { CallFailed, Engine, type State } from "../support/plugin/engine";
import { wholeLife } from "../support/plugin/life";
import { contractSamples } from "../support/plugin/samples";
import { describeWorld, makeWorld, removeWorld } from "../support/plugin/world";
import { receive, UNKNOWN, type Properties } from "../../local/plugins/wire";

const emulator = new PlainEmulator();
const { endpoint } = emulator;
const world = describeWorld(endpoint);
const samples = contractSamples(world);

const settings = (more: Properties = {}): Properties => ({
    region: "us-east-1",
    accessKey: "test",
    secretKey: "test",
    s3UsePathStyle: "true",
    endpoints: JSON.stringify([
        Object.fromEntries(
            ["budgets", "ecs", "eks", "iam", "logs", "s3", "sns", "sts"].map((name) => [name, endpoint]),
        ),
    ]),
    ...more,
});

describe("stand-in aws plugin", function () {
    before(async function () {
        this.timeout(600_000);
        await emulator.start();
    });
    let server: Server;
    let engine: Engine;

    before(async () => {
        const served = await serve(awsPackage, () => undefined);
        server = served.server;
        engine = new Engine(served.port);
        await engine.configure(settings({ defaultTags: '{"tags":{"owner":"contract"}}' }));
        await makeWorld(world);
    });

    after(async () => {
        engine?.close();
        server?.forceShutdown();
        await removeWorld(world);
        await emulator.end();
    });

    it("has a sample for every type", () => {
        assert.deepEqual(Object.keys(samples).sort(), realTypes.map(({ token }) => token).sort());
    });

    for (const type of realTypes) {
        const { token } = type;
        it(`${token}: the whole life`, () => wholeLife(engine, type, samples[token]));
    }

    describe("refuses what AWS refuses and the emulator takes", () => {
        const missing = "arn:aws:iam::000000000000:user/nobody-here";
        const allow = (principal: Properties) =>
            JSON.stringify({
                Version: "2012-10-17",
                Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: principal }],
            });
        const cases: [string, string, Properties, RegExp][] = [
            [
                "attaching a policy that does not exist",
                "aws:iam/userPolicyAttachment:UserPolicyAttachment",
                { user: world.user, policyArn: "arn:aws:iam::000000000000:policy/none" },
                /AttachUserPolicy: NoSuchEntity: .*policy\/none does not exist or is not attachable/,
            ],
            [
                "a role that trusts a user who does not exist",
                "aws:iam/role:Role",
                { name: `contract-refused-${world.unique}`, assumeRolePolicy: allow({ AWS: missing }) },
                /CreateRole: MalformedPolicyDocument: Invalid principal/,
            ],
            [
                "a bucket policy for a user who does not exist",
                "aws:s3/bucketPolicy:BucketPolicy",
                { bucket: world.bucket, policy: allow({ AWS: missing }) },
                /PutBucketPolicy: MalformedPolicy: Invalid principal/,
            ],
            [
                "days and delete markers in one rule",
                "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
                {
                    bucket: world.bucket,
                    rules: [
                        {
                            id: "both",
                            status: "Enabled",
                            filter: {},
                            expiration: { days: 1, expiredObjectDeleteMarker: true },
                        },
                    ],
                },
                /PutBucketLifecycleConfiguration: MalformedXML/,
            ],
            [
                "a bucket that one has already",
                "aws:s3/bucket:Bucket",
                { bucket: world.bucket },
                /CreateBucket: BucketAlreadyOwnedByYou/,
            ],
            ["broken policy JSON", "aws:s3/bucketPolicy:BucketPolicy", { bucket: "a", policy: "{" }, /valid JSON/],
            ["an impossible user name", "aws:iam/user:User", { name: "a b" }, /letters, digits/],
            ["an unknown type", "aws:lambda/function:Function", {}, /does not know the type aws:lambda\/function/],
            ["an unknown property", "aws:s3/bucket:Bucket", { website: {} }, /does not know the property website/],
        ];
        for (const [title, token, inputs, expected] of cases) {
            it(title, async () => {
                await assert.rejects(async () => engine.create(token, await engine.check(token, inputs)), expected);
            });
        }

        it("a third access key", async () => {
            const token = "aws:iam/accessKey:AccessKey";
            const inputs = await engine.check(token, { user: world.user });
            const keys = [await engine.create(token, inputs), await engine.create(token, inputs)];
            try {
                await assert.rejects(engine.create(token, inputs), /LimitExceeded: .*AccessKeysPerUser: 2.*HTTP 409/);
            } finally {
                for (const key of keys) {
                    await engine.delete(token, key);
                }
            }
        });
    });

    it("says an SDK error with name, status and request id", async () => {
        await assert.rejects(
            async () =>
                engine.create("aws:iam/user:User", await engine.check("aws:iam/user:User", { name: world.user })),
            /CreateUser: EntityAlreadyExists\w*: .*\(HTTP 409, request id [^)]+\)/,
        );
    });

    it("keeps the id of what was created but not finished, and the next update finishes it", async () => {
        const token = "aws:iam/userGroupMembership:UserGroupMembership";
        const broken = await engine.check(token, { user: world.user, groups: [world.group, "nobody-here"] });
        const failed = await engine.create(token, broken).catch((error: CallFailed) => error);
        assert.ok(
            failed instanceof CallFailed && failed.initFailed,
            "the creation must fail after the resource exists",
        );
        assert.match(failed.initFailed.getReasonsList().join(), /AddUserToGroup: NoSuchEntity/);
        const outputs = receive(failed.initFailed.getProperties());
        assert.deepEqual(outputs.values["groups"], [world.group], "what was done must be in the state");
        const inputs = receive(failed.initFailed.getInputs()).values;
        const half: State = {
            id: failed.initFailed.getId(),
            inputs,
            outputs: outputs.values,
            secrets: outputs.secrets,
        };
        const whole = await engine.update(token, half, { ...inputs, groups: [world.group, world.otherGroup] });
        assert.deepEqual(whole.outputs["groups"], [world.group, world.otherGroup]);
        await engine.delete(token, whole);
    });

    it("deletes a bucket with objects only when told to, versions and all", async () => {
        const token = "aws:s3/bucket:Bucket";
        const Bucket = `contract-full-${world.unique}`;
        const state = await engine.create(token, await engine.check(token, { bucket: Bucket }));
        await world.byHand.s3.send(
            new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
        );
        for (const Body of ["1", "2"]) {
            await world.byHand.s3.send(new PutObjectCommand({ Bucket, Key: "a", Body }));
        }
        await world.byHand.s3.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
        await assert.rejects(engine.delete(token, state), /DeleteBucket: BucketNotEmpty/);
        const forced = await engine.update(token, state, { ...state.inputs, forceDestroy: true });
        await engine.delete(token, forced);
        assert.equal(await engine.read(token, state.id, forced), undefined);
    });

    it("keeps a secret tag secret in everything made of it", async () => {
        const token = "aws:iam/user:User";
        const inputs = await engine.check(token, { name: "a", tags: { t: "hidden" } }, undefined, ["tags"]);
        const planned = await engine.create(token, inputs, true, ["tags"]);
        assert.ok(planned.secrets.has("tags") && planned.secrets.has("tagsAll"));
        assert.ok(!planned.secrets.has("arn"));
    });

    it("answers the functions, and refuses one that it does not know", async () => {
        assert.equal(
            (await engine.invoke("aws:index/getCallerIdentity:getCallerIdentity"))["accountId"],
            world.account,
        );
        assert.equal((await engine.invoke("aws:index/getPartition:getPartition"))["partition"], "aws");
        assert.equal((await engine.invoke("aws:index/getRegion:getRegion"))["region"], "us-east-1");
        await assert.rejects(engine.invoke("aws:index/getAmi:getAmi"), /does not know the function aws:index\/getAmi/);
    });

    it("previews what the emulator lacks and refuses to make it", async () => {
        const token = "aws:budgets/budgetAction:BudgetAction";
        const inputs = await engine.check(token, {
            actionThreshold: {},
            actionType: "APPLY_IAM_POLICY",
            approvalModel: "AUTOMATIC",
            budgetName: "b",
            definition: {},
            executionRoleArn: UNKNOWN,
            notificationType: "ACTUAL",
            subscribers: [],
        });
        assert.equal((await engine.create(token, inputs, true)).outputs["arn"], UNKNOWN);
        await assert.rejects(engine.create(token, inputs), /can only be previewed here.*Turn off the setting/);
    });

    it("refuses the wrong account before anything else", async () => {
        await assert.rejects(
            engine.configure(settings({ allowedAccountIds: '["999999999999"]' })),
            /AWS account ID not allowed: 000000000000/,
        );
        await engine.configure(settings());
    });
});

describe("stand-in aws plugin under the real CLI", function () {
    this.timeout(180_000);
    before(() => emulator.start());
    after(() => emulator.end());

    const bucket = `contract-cli-${world.unique}`;
    const program = (more = "") => `
        const pulumi = require("@pulumi/pulumi");
        const aws = require("@pulumi/aws");
        const bucket = new aws.s3.Bucket("data", { bucket: "${bucket}", tags: { note: pulumi.secret("hidden-note") } });
        new aws.s3.BucketVersioning("versioning", {
            bucket: bucket.id, versioningConfiguration: { status: "Enabled" },
        });
        const user = new aws.iam.User("user", {});
        const key = new aws.iam.AccessKey("key", { user: user.name });
        new aws.iam.UserPolicy("policy", {
            user: user.name,
            policy: pulumi.jsonStringify({
                Version: "2012-10-17",
                Statement: [{ Effect: "Allow", Action: "s3:ListBucket", Resource: bucket.arn }],
            }),
        });
        ${more}
        exports.secret = key.secret;
    `;
    let project: Project;
    const pathBefore = process.env.PATH;

    before(async () => {
        const { folder } = await findEngine(cacheDirectory());
        process.env.PATH = `${folder}:${pathBefore}`;
        const { endpoints, accessKey, secretKey, ...plain } = settings();
        const config = { ...plain, accessKey, secretKey, endpoints: JSON.parse(String(endpoints)) as unknown };
        project = await throwawayProject(
            awsPackage,
            Object.fromEntries(Object.entries(config).map(([name, value]) => [`aws:${name}`, value])),
        );
    });
    after(async () => {
        process.env.PATH = pathBefore;
        await project?.remove();
    });

    it("up, up again, refresh, repair, destroy; no secret in plain text", async () => {
        await project.program(program());
        await project.pulumi("up", "--yes", "--skip-preview");
        await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");

        const secret = (await project.pulumi("stack", "output", "secret", "--show-secrets")).trim();
        assert.match(secret, /^\S{20,}$/);
        const state = await project.pulumi("stack", "export");
        assert.ok(state.includes(bucket));
        assert.ok(!state.includes(secret), "the key's secret stands in the state");
        assert.ok(!state.includes("hidden-note"), "the secret tag stands in the state");

        await world.byHand.s3.send(
            new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Suspended" } }),
        );
        const seen = await project.pulumi("refresh", "--yes", "--skip-preview", "--diff");
        assert.match(seen, /status: "Enabled" => "Suspended"/);
        assert.match(await project.pulumi("up", "--yes", "--skip-preview"), /1 updated/);
        await project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");

        assert.match(await project.pulumi("destroy", "--yes", "--skip-preview"), /6 deleted/);
    });

    it("says only its port, and leaves when its parent is killed", async () => {
        const parent = spawn(process.execPath, [
            "-e",
            `const plugin = require("child_process").spawn(process.execPath, [process.argv[1], "aws"], { detached: true });
             console.log(plugin.pid);
             plugin.stdout.pipe(process.stdout);
             setInterval(() => {}, 1000);`,
            project.bundle,
        ]);
        const said = await new Promise<string>((resolve) => {
            let text = "";
            parent.stdout.on("data", (data: Buffer) => {
                text += data.toString();
                if (text.split("\n").length > 2) {
                    resolve(text);
                }
            });
        });
        const [pid = "", port = "", rest] = said.split("\n");
        assert.match(port, /^\d+$/);
        assert.equal(rest, "");
        parent.kill("SIGKILL");
        const gone = await goneWithin(Number(pid), 5000);
        assert.ok(gone, "the plugin lives on without its parent");
    });
});

async function goneWithin(pid: number, milliseconds: number): Promise<boolean> {
    for (const start = Date.now(); Date.now() - start < milliseconds;) {
        try {
            process.kill(pid, 0);
        } catch {
            return true;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return false;
}
