import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";

import {
    CreateAccessKeyCommand,
    CreateRoleCommand,
    CreateUserCommand,
    DeleteUserPolicyCommand,
    GetUserCommand,
    ListAccessKeysCommand,
    PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
    CreateBucketCommand,
    CreateMultipartUploadCommand,
    DeleteObjectCommand,
    GetBucketLifecycleConfigurationCommand,
    GetBucketVersioningCommand,
    ListObjectVersionsCommand,
    PutBucketAclCommand,
    PutBucketLifecycleConfigurationCommand,
    PutBucketOwnershipControlsCommand,
    PutBucketPolicyCommand,
    PutBucketTaggingCommand,
    PutBucketVersioningCommand,
    PutObjectCommand,
} from "@aws-sdk/client-s3";
import { parse, parseDocument } from "yaml";

import { rootCredentials } from "../../local/aws/server";
import { findBucket } from "../../ops/adopt/existing";
import { countExpiring } from "../../ops/adopt/expiry";
import { type Report } from "../../ops/adopt/report";
import { clientsFor, closeClients } from "../../ops/aws/clients";
import { TestCloud, until } from "../support/test-cloud";

const Bucket = "rl-studio-rollouts-dev";
const UserName = "rl-studio-rollouts-service-user-dev";
const account = "000000000000";

/** A cloud with a stack file of its own, which `infra adopt` changes. */
class AdoptionCloud extends TestCloud {
    static override async create(): Promise<AdoptionCloud> {
        const { port } = await TestCloud.create();
        return new AdoptionCloud(port);
    }

    get stackFile(): string {
        return this.file("stack.yaml");
    }

    override get env(): NodeJS.ProcessEnv {
        return { ...super.env, PLATFORM_LOCAL_STACK_FILE: this.stackFile };
    }

    async adopt(...args: string[]): Promise<{ exitCode: number; words: string; report: Report }> {
        const { exitCode, stdout, stderr } = await this.run(["infra", "adopt", ...args, "--json"]);
        assert.doesNotMatch(stderr, /\n {4}at /, "a stack trace");
        if (!stdout.startsWith(`{"stack"`)) throw new Error(`no JSON from infra adopt:\n${stdout}${stderr}`);
        return { exitCode, words: stderr, report: JSON.parse(stdout) as Report };
    }
}

describe("infra adopt (A3)", function () {
    this.timeout(300_000);
    let cloud: AdoptionCloud;
    let created: Date | undefined;
    let keyId: string | undefined;

    before(async () => {
        cloud = await AdoptionCloud.create();
        configure("snapshotter");
        await cloud.succeed(["pulumi", "stack", "ls"]);
        await makeByHand();
    });
    after(() => cloud.remove());

    /** The committed stack file with one service, and lines for rl-studio as somebody wrote them. */
    function configure(service: string, ...lines: readonly string[]) {
        const document = parseDocument(readFileSync("Pulumi.local.yaml", "utf8"));
        document.setIn(["config", "platform:services"], document.createNode([service]));
        const section = lines.map((line) => `\n${line}`).join("");
        const text = document.toString().replace(/\n {2}platform:clinical-ai:/, `${section}$&`);
        writeFileSync(cloud.stackFile, text, { mode: 0o644 });
    }

    async function makeByHand() {
        const { s3, iam } = cloud.root;
        await s3.send(new CreateBucketCommand({ Bucket }));
        await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: "team", Value: "rl" }] } }));
        const status = (Status: "Enabled" | "Suspended") =>
            s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
        await status("Enabled");
        for (const Body of ["a draft", "kept"]) await s3.send(new PutObjectCommand({ Bucket, Key: "work", Body }));
        await s3.send(new PutObjectCommand({ Bucket, Key: "deleted", Body: "gone" }));
        await s3.send(new DeleteObjectCommand({ Bucket, Key: "deleted" }));
        await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "half" }));
        await status("Suspended");
        const Rules = [{ ID: "old", Status: "Enabled" as const, Filter: { Prefix: "" }, Expiration: { Days: 900 } }];
        await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
        const partner = {
            Sid: "Partner",
            Effect: "Allow",
            Principal: { AWS: `arn:aws:iam::${account}:root` },
            Action: "s3:GetObject",
            Resource: `arn:aws:s3:::${Bucket}/*`,
        };
        const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [partner] });
        await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
        const user = await iam.send(new CreateUserCommand({ UserName }));
        created = user.User?.CreateDate;
        keyId = (await iam.send(new CreateAccessKeyCommand({ UserName }))).AccessKey?.AccessKeyId;
        // What is in the way of another service.
        const trust = { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" };
        await iam.send(
            new CreateRoleCommand({
                RoleName: "fruitful-repo-snapshotter-task-role-dev",
                AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
            }),
        );
        await iam.send(new CreateUserCommand({ UserName: "agent-repo-snapshotter-dev" }));
        for (let keys = 0; keys < 2; keys++) {
            await iam.send(new CreateAccessKeyCommand({ UserName: "agent-repo-snapshotter-dev" }));
        }
        const other = clientsFor({ accessKeyId: "999999999999", secretAccessKey: "test" }, cloud.connection);
        await other.s3.send(new CreateBucketCommand({ Bucket: "fruitful-lab-snapshots-dev" }));
        closeClients(other);
    }

    /** What AWS has of the bucket and the user: nothing may change before an update. */
    async function inAws(): Promise<string> {
        const { s3, iam } = cloud.root;
        const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
        const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
        const { User: user } = await iam.send(new GetUserCommand({ UserName }));
        return JSON.stringify([Status, Rules, user]);
    }

    it("refuses keys of another account than the stack's before it asks for anything else", async () => {
        const text = readFileSync(cloud.stackFile, "utf8");
        writeFileSync(cloud.stackFile, text.replace(account, "111111111111"));
        const { exitCode, stdout, stderr } = await cloud.run(["infra", "adopt", "snapshotter", "--yes", "--json"]);
        writeFileSync(cloud.stackFile, text);
        assert.equal(exitCode, 1);
        const { error } = JSON.parse(stdout) as { error: { reason: string } };
        assert.match(error.reason, /belong to account 000000000000, the stack to 111111111111/);
        assert.doesNotMatch(stderr, /Asking the engine/);
    });

    it("refuses what cannot be adopted, each with its name and what to do, and changes nothing", async () => {
        const before = readFileSync(cloud.stackFile, "utf8");
        const { exitCode, report } = await cloud.adopt("snapshotter", "--yes");
        assert.equal(exitCode, 1);
        assert.deepEqual(
            report.refused.map(({ resource, reason }) => [resource, reason.replace(/[,;].*/, "")]),
            [
                [
                    "bucket fruitful-lab-snapshots-dev",
                    `bucket fruitful-lab-snapshots-dev belongs to another account than ${account}`,
                ],
                ["user agent-repo-snapshotter-dev", "it has 2 access keys of its own and the stack makes 1"],
                ["IAM role fruitful-repo-snapshotter-task-role-dev", "it exists and is not the stack's"],
            ],
        );
        assert.ok(report.refused.every(({ fix }) => fix.length > 0));
        assert.equal(readFileSync(cloud.stackFile, "utf8"), before);
    });

    it("refuses a bucket of another region, naming both", async () => {
        const west = clientsFor(rootCredentials, { ...cloud.connection, region: "eu-west-1" });
        const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" } as const;
        await west.s3.send(new CreateBucketCommand({ Bucket: "far-away", CreateBucketConfiguration }));
        closeClients(west);
        const found = await findBucket(cloud.root.s3, "far-away", { accountId: account, region: "us-east-1" });
        assert.match((found as { reason: string }).reason, /is in region eu-west-1, the stack in us-east-1/);
        assert.equal(await findBucket(cloud.root.s3, "nowhere", { accountId: account, region: "us-east-1" }), false);
    });

    it("refuses a bucket whose ACL lets others in, and a user whose own inline policies leave the stack's no room", async () => {
        configure("rl-studio");
        const { s3, iam } = cloud.root;
        const ownership = (ObjectOwnership: "ObjectWriter" | "BucketOwnerEnforced") =>
            s3.send(
                new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership }] } }),
            );
        await ownership("ObjectWriter");
        await s3.send(new PutBucketAclCommand({ Bucket, GrantRead: `id="${"c".repeat(64)}"` }));
        const Resource = Array.from({ length: 60 }, (_, index) => `arn:aws:s3:::somebody-else-${index}/*`);
        const statement = { Effect: "Allow", Action: "s3:GetObject", Resource };
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
        await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "wide", PolicyDocument }));
        const { exitCode, report } = await cloud.adopt("rl-studio", "--yes");
        assert.equal(exitCode, 1);
        const [acl, size] = report.refused;
        assert.match(acl.reason, /^its ACL has grants of others: READ to c{64};/);
        assert.match(acl.fix, /put-bucket-acl --bucket rl-studio-rollouts-dev --acl private$/);
        assert.match(size.reason, /have 2,\d{3} characters in all, and IAM allows a user 2,048/);
        assert.match(size.fix, /wide \(\d,\d{3} characters\)/);
        const doctor = await cloud.run(["infra", "doctor", "rl-studio", "--json"]);
        const { findings } = JSON.parse(doctor.stdout) as { findings: { id: string; what: string; fix: string }[] };
        assert.deepEqual(
            findings.filter(({ id }) => id === "not-managed").map(({ what, fix }) => [what, fix]),
            [`bucket ${Bucket}`, `user ${UserName}`].map((what) => [
                `rl-studio: ${what} exists and is not managed by this stack`,
                "npm run local -- infra adopt rl-studio --stack local",
            ]),
        );
        await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: "wide" }));
        await s3.send(new PutBucketAclCommand({ Bucket, ACL: "private" }));
        await ownership("BucketOwnerEnforced");
    });

    it("shows what an update would overwrite and expire, and refuses without --accept-data-loss", async () => {
        // The policy does not exist: with this alone, every preview fails.
        configure(
            "rl-studio",
            "  platform:rl-studio:",
            "    # by hand",
            "    adopt:",
            "      user: [user, policy] # both?",
        );
        const [before, aws] = [readFileSync(cloud.stackFile, "utf8"), await inAws()];
        const { exitCode, report, words } = await cloud.adopt("rl-studio", "--yes");
        assert.equal(exitCode, 1);
        assert.deepEqual(
            report.found.map(({ resource, parts }) => [resource, parts]),
            [
                [
                    `bucket ${Bucket}`,
                    ["bucket", "versioning", "encryption", "publicAccessBlock", "ownership", "lifecycle", "policy"],
                ],
                [`user ${UserName}`, ["user"]],
            ],
        );
        assert.deepEqual(report.alreadyManaged, []);
        const overwrites = report.overwrites.map(({ part, setting, from, to }) => [part, setting, from, to]);
        for (const expected of [
            ["versioning", "status", "Suspended", "Enabled"],
            ["bucket", "tag team", "rl", null],
            ["lifecycle", "rule old", "all objects: expire after 900 days", null],
        ]) {
            assert.ok(
                overwrites.some((row) => JSON.stringify(row) === JSON.stringify(expected)),
                expected.join(),
            );
        }
        assert.deepEqual(
            report.overwrites.filter(({ losesData }) => losesData).map(({ setting }) => setting),
            ["rule old", "statement Partner"],
        );
        // The local AWS dates every object today: none expires, of those that were counted.
        assert.deepEqual(
            report.expires.rules.map(({ what, count, of }) => [what, count, of]),
            [
                ["objects", 0, 1],
                ["noncurrent versions", 0, 2],
                ["unfinished uploads", 0, 1],
            ],
        );
        assert.deepEqual(report.kept, [`user ${UserName}: 1 access key of its own`]);
        assert.equal(report.refused.length, 2);
        assert.match(words, /status: Suspended → Enabled[^]*Refused:[^]*--accept-data-loss[^]*Nothing was changed\./);
        assert.deepEqual([readFileSync(cloud.stackFile, "utf8"), await inAws()], [before, aws]);
    });

    it("counts what will expire once the objects are old", async () => {
        const days = { objects: 365, noncurrentVersions: 30, uploads: 7 };
        const inTwoYears = new Date(Date.now() + 730 * 86_400_000);
        const bucket = { name: Bucket, accountId: account };
        const counted = await countExpiring(cloud.root.s3, bucket, days, new AbortController().signal, inTwoYears);
        assert.deepEqual(
            counted.map(({ what, count, bytes }) => [what, count, bytes]),
            [
                ["objects", 1, "kept".length],
                ["noncurrent versions", 2, "a draft".length + "gone".length],
                ["unfinished uploads", 1, null],
            ],
        );
    });

    it("stopped by Ctrl-C leaves the stack's file as it was", async () => {
        const before = readFileSync(cloud.stackFile, "utf8");
        const running = cloud.start(["infra", "adopt", "rl-studio", "--yes", "--accept-data-loss"]);
        let words = "";
        running.all!.on("data", (data: Buffer) => (words += data.toString()));
        await until("the engine", () => words.includes("Asking the engine"));
        process.kill(-running.pid!, "SIGINT");
        const { exitCode, all } = await running;
        assert.equal(exitCode, 130, all);
        assert.match(all!, /Stopped; nothing was changed\./);
        assert.equal(readFileSync(cloud.stackFile, "utf8"), before);
    });

    it("writes what exists into the stack's file, nothing else, and corrects what was named too much", async () => {
        const [before, aws] = [readFileSync(cloud.stackFile, "utf8"), await inAws()];
        const { exitCode, report, words } = await cloud.adopt("rl-studio", "--yes", "--accept-data-loss");
        assert.equal(exitCode, 0, words);
        assert.match(words, /Nothing is imported yet\. Do it with: npm run local/);
        const after = readFileSync(cloud.stackFile, "utf8");
        const { config } = parse(after) as { config: Record<string, { adopt: object }> };
        assert.deepEqual(config["platform:rl-studio"].adopt, report.settings);
        assert.deepEqual(report.settings, {
            bucket: ["bucket", "versioning", "encryption", "publicAccessBlock", "ownership", "lifecycle", "policy"],
            user: ["user"],
        });
        const added = new Set(after.split("\n"));
        const removed = before.split("\n").filter((line) => !added.has(line));
        assert.deepEqual(removed, ["      user: [user, policy] # both?"]);
        assert.equal(statSync(cloud.stackFile).mode & 0o777, 0o644);
        assert.equal(await inAws(), aws, "nothing is deployed");
    });

    it("is carried out by the update, which keeps the user, its key and the objects", async () => {
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview"]);
        const { iam, s3 } = cloud.root;
        const { User: user } = await iam.send(new GetUserCommand({ UserName }));
        assert.deepEqual(user?.CreateDate, created);
        const { AccessKeyMetadata: keys = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
        assert.deepEqual([keys.length, keys.some(({ AccessKeyId }) => AccessKeyId === keyId)], [2, true]);
        assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, "Enabled");
        assert.equal((await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions?.length, 3);
    });

    it("has nothing to adopt afterwards, and another update changes nothing while the settings stay", async () => {
        const before = readFileSync(cloud.stackFile, "utf8");
        const { exitCode, report, words } = await cloud.adopt("rl-studio", "--yes");
        assert.equal(exitCode, 0, words);
        assert.match(words, /Nothing to adopt\./);
        assert.deepEqual([report.found, report.overwrites, report.refused], [[], [], []]);
        assert.deepEqual(
            report.alreadyManaged.map(({ parts }) => parts.length),
            [7, 2],
        );
        assert.equal(readFileSync(cloud.stackFile, "utf8"), before);
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", "--expect-no-changes"]);
    });

    it("does not keep the local cloud from being taken down; what the stack did not make is named", async () => {
        const { all, exitCode } = await cloud.run(["down"]);
        assert.equal(exitCode, 1, all);
        assert.match(all!, /released \d+ adopted resources, which were protected/);
        assert.doesNotMatch(all!, new RegExp(`left .*(${Bucket}|${UserName}(,|\\.))`));
        assert.match(all!, /is left in the local AWS, and the stack did not make it: .*agent-repo-snapshotter-dev/);
        const discarded = await cloud.succeed(["down", "--discard"]);
        assert.match(discarded.all!, /resources not destroyed one by one, but gone with it/);
    });
});
