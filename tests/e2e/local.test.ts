import assert from "node:assert/strict";
import {
    existsSync,
    linkSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DetachUserPolicyCommand, ListAccessKeysCommand, TagUserCommand } from "@aws-sdk/client-iam";
import {
    DeletePublicAccessBlockCommand,
    GetBucketVersioningCommand,
    PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";

import { type PolicyDocument } from "../../components/policy-document";
import { localDeployerPolicy } from "../../local/aws/gaps";
import { type Report } from "../../ops/report/data";
import { type Status } from "../../ops/status";
import { serviceNames } from "../../services";
import { eksCluster, makeEksCluster, removeEksCluster } from "../support/eks-cluster";
import { stackConfig } from "../support/stack-files";
import { freePort, TestCloud } from "../support/test-cloud";

/** What the engine and its SDK print of every value, secret or not, at -v=9; nothing of this repository can change it. */
const pulumiOwnWords = [
    "Marshaling property for RPC",
    "Unmarshaling property for RPC",
    "RegisterResource RPC finished",
    "eventSink::Debug(<{%reset%}>RegisterResource RPC finished",
];

const bucket = "rl-studio-rollouts-dev";
const user = "rl-studio-rollouts-service-user-dev";

/** Rights that a deployer needs on AWS, and that the emulator judges nobody by. */
const neverAsked: Readonly<Record<string, string>> = Object.fromEntries(
    Object.entries({
        "AWS's names of what the emulator calls otherwise": ["budgets:ModifyBudget", "budgets:ViewBudget"],
        "the emulator has no budget actions": [
            "budgets:CreateBudgetAction",
            "budgets:DeleteBudgetAction",
            "budgets:DescribeBudgetAction",
            "budgets:UpdateBudgetAction",
        ],
        "the emulator asks nobody for it": [
            "iam:PassRole",
            "eks:DescribePodIdentityAssociation",
            "eks:TagResource",
            "eks:UntagResource",
            "eks:UpdatePodIdentityAssociation",
        ],
        "a change that another version of the program makes, not a setting": [
            "iam:CreatePolicyVersion",
            "iam:DeletePolicyVersion",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRoleDescription",
            "dynamodb:UpdateTable",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionUrlConfig",
            "scheduler:UpdateSchedule",
        ],
        "a stack without a gate, whose shut-off is tried by hand": [
            "iam:AttachUserPolicy",
            "iam:DetachUserPolicy",
            "iam:ListUserTags",
        ],
        "infra adopt": ["s3:GetBucketTagging"],
        "infra rotate and recovery, and infra doctor": ["iam:GetAccessKeyLastUsed", "iam:SimulatePrincipalPolicy"],
    }).flatMap(([reason, actions]) => actions.map((action) => [action, reason])),
);

describe("npm run local", function () {
    this.timeout(480_000);
    let cloud: TestCloud;
    const asked = join(mkdtempSync(join(tmpdir(), "platform-rights-")), "iam-actions.log");
    before(async () => (cloud = await TestCloud.create()));
    after(() => cloud.remove());

    it("deploys every service and exits 0, with every check held and nothing but JSON on standard output", async () => {
        const { exitCode, checks, failed, words } = await cloud.up();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok),
            [],
            words,
        );
        assert.equal(failed, 0);
        assert.equal(exitCode, 0);
        assert.ok(words.split("\n").includes(`Report: ${join(cloud.folder, "report.html")}`), words);
        const ids = new Set(checks.map(({ id }) => id));
        for (const id of [
            "A1",
            "A2",
            "A4",
            "A5",
            "B1",
            "C1",
            "C2",
            "C3",
            "C4",
            "C6",
            "C7",
            "D1",
            "D5",
            "E1",
            "E2",
            "E3",
            "E4",
        ]) {
            assert.ok(ids.has(id), `${id} is checked`);
        }
        for (const check of checks) {
            for (const key of ["id", "name", "identity", "expected", "got"] as const) assert.ok(check[key], key);
        }
    });

    it("says where everything was taken from, what is not official, and how to get the rest", async () => {
        const { stderr } = await cloud.succeed();
        assert.match(stderr, /^With Kubernetes, Vault and External Secrets: npm run local -- --cluster$/m);
        assert.match(stderr, /engine: \S+ \(.+\)/);
        assert.match(
            stderr,
            /plugin aws [\d.]+: (built from HashiCorp's .* NOT the official plugin|found in|official)/,
        );
        assert.doesNotMatch(stderr, /plugin (kubernetes|vault)/);
    });

    it("writes a report of all that it deployed and verified, without a secret, and says where it is", async () => {
        const file = join(cloud.folder, "report.html");
        const page = readFileSync(file, "utf8");
        assert.equal(statSync(file).mode & 0o777, 0o600);
        const { stdout, stderr } = await cloud.succeed(["infra", "report", "--json"]);
        const report = JSON.parse(stdout) as Report;
        const deployed = cloud.state().resources!.filter(({ id, type }) => id && !type.startsWith("pulumi:"));
        assert.deepEqual(
            report.resources.map(({ urn }) => urn),
            deployed.map(({ urn }) => urn),
        );
        for (const { name, physicalName } of report.resources) {
            assert.ok(page.includes(name) && page.includes(physicalName!), name);
        }
        assert.ok(report.checks.verified && report.checks.results.length > 100, stderr);
        for (const { id, name } of report.checks.results) assert.ok(page.includes(id), name);
        assert.ok(report.access.known && report.budget!.spending.known);
        const secrets = Object.values(await cloud.outputs()).flatMap(({ secretAccessKey = [] }) => secretAccessKey);
        assert.equal(secrets.length, 5);
        for (const secret of secrets) assert.ok(!page.includes(secret) && !stdout.includes(secret));
    });

    it("says on a second run that there is nothing to change, and why a report could not be written", async () => {
        const file = join(cloud.folder, "report.html");
        rmSync(file);
        mkdirSync(file);
        const { exitCode, words } = await cloud.up();
        rmSync(file, { recursive: true });
        assert.match(words, /Nothing to change: \d+ resources are as in the stack's state/);
        assert.match(words, /^The report could not be written\..*\n.*report\.html is no file\.$/m);
        assert.equal(exitCode, 0);
    });

    it("tells the stack and the local cloud at a glance", async () => {
        const { stdout, exitCode } = await cloud.run(["infra", "status", "--json"]);
        assert.equal(exitCode, 0);
        const status = JSON.parse(stdout) as Status;
        assert.deepEqual(status.localCloud, { running: true, endpoint: cloud.connection.endpoint });
        assert.ok(status.resources > 70, `${status.resources} resources`);
        assert.deepEqual(
            status.services.map(({ service, deployed, keys, shutOff }) => [service, deployed, keys?.rotation, shutOff]),
            serviceNames.map((service) => [service, true, "at rest", service === "llm-models" ? false : undefined]),
        );
    });

    it("is refused at another port than the one that it runs at, and keeps all that it has", async () => {
        const elsewhere = { PLATFORM_LOCAL_PORT: "4566" };
        const { exitCode, all } = await cloud.run([], elsewhere);
        assert.equal(exitCode, 1);
        assert.match(
            all!,
            new RegExp(`runs at port ${cloud.port}, .*PLATFORM_LOCAL_PORT=${cloud.port} npm run local -- down`),
        );
        // What starts nothing goes where the cloud is.
        assert.match((await cloud.run(["infra", "verify"], elsewhere)).all!, / 0 failed/);
        assert.match((await cloud.up()).words, /Nothing to change/);
    });

    it("does not depend on what the caller wants of AWS", async () => {
        const wants = { AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true", AWS_PROFILE: "nobody" };
        assert.match((await cloud.run(["infra", "verify", "rl-studio", "mlflow"], wants)).all!, / 0 failed/);
    });

    it("keeps secrets in files that only their owner can read", () => {
        for (const name of ["identities.json", "passphrase", "tls/key.pem", "aws.log"]) {
            assert.equal(statSync(join(cloud.folder, name)).mode & 0o077, 0, name);
        }
        assert.equal(statSync(cloud.folder).mode & 0o077, 0);
    });

    it("changes no committed file", async () => {
        const stackFile = readFileSync("Pulumi.local.yaml", "utf8");
        assert.doesNotMatch(stackFile, /encryptionsalt/);
        assert.match(readFileSync(join(cloud.folder, "Pulumi.local.yaml"), "utf8"), /encryptionsalt/);
    });

    it("finds a drift made by hand, exits 1, and refresh and up repair it", async () => {
        await cloud.root.s3.send(
            new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Suspended" } }),
        );
        await cloud.root.s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
        await cloud.root.iam.send(new TagUserCommand({ UserName: user, Tags: [{ Key: "by", Value: "hand" }] }));
        const drifted = await cloud.up();
        assert.equal(drifted.exitCode, 1);
        assert.ok(drifted.checks.some(({ id, ok }) => id === "A1" && !ok));

        const refreshed = await cloud.succeed(["pulumi", "refresh", "--yes", "--skip-preview"]);
        assert.match(refreshed.stdout, /~ \d+ updated|\d+ updated/);
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview"]);
        const { Status } = await cloud.root.s3.send(new GetBucketVersioningCommand({ Bucket: bucket }));
        assert.equal(Status, "Enabled");
        const repaired = await cloud.up();
        assert.equal(repaired.failed, 0, repaired.words);
        assert.match(repaired.words, /Nothing to change/);
    });

    it("never lets `up` strip a deny that was attached by hand", async () => {
        const { "llm-models": outputs } = await cloud.outputs();
        const attachment = { UserName: outputs.userName, PolicyArn: outputs.denyPolicyArn };
        const { AttachUserPolicyCommand, ListAttachedUserPoliciesCommand } = await import("@aws-sdk/client-iam");
        await cloud.root.iam.send(new AttachUserPolicyCommand(attachment));
        try {
            await cloud.succeed(["pulumi", "refresh", "--yes", "--skip-preview"]);
            await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview"]);
            const { AttachedPolicies: attached } = await cloud.root.iam.send(
                new ListAttachedUserPoliciesCommand({ UserName: outputs.userName }),
            );
            assert.deepEqual(
                attached?.map(({ PolicyArn }) => PolicyArn),
                [outputs.denyPolicyArn],
            );
            const { all, exitCode } = await cloud.run(["infra", "status"]);
            assert.equal(exitCode, 0);
            assert.match(all!, /^llm-models +key 1, made .* good for 30 days; shut-off IN FORCE$/m);
            assert.match(all!, /^drift +looked for .* ago: refresh succeeded, /m);
            assert.match(all!, /^now +no update is running$/m);
        } finally {
            await cloud.root.iam.send(new DetachUserPolicyCommand(attachment));
        }
    });

    it("shows the secret of no key in plain text or base64, anywhere", async () => {
        const outputs = await cloud.outputs();
        const secrets = Object.values(outputs).map(({ secretAccessKey }) => secretAccessKey);
        assert.equal(secrets.filter(Boolean).length, 5);
        // The engine's most talkative log: whatever an update changes, it has every resource, keys too.
        const { "platform:llm-models": models } = stackConfig("local");
        const tier = { ...(models as object), monthlyLimitUsd: 60 };
        const change = ["-c", `platform:llm-models=${JSON.stringify(tier)}`];
        const logged = await cloud.run(["pulumi", "up", "--yes", "--skip-preview", "-v=9", "--logtostderr", ...change]);
        assert.equal(logged.exitCode, 0);
        const places: Record<string, string> = {
            "preview --diff": `${(await cloud.succeed(["pulumi", "preview", "--diff"])).all}`,
            "stack output": `${(await cloud.succeed(["pulumi", "stack", "output", "--json"])).all}`,
            "stack export": `${(await cloud.succeed(["pulumi", "stack", "export"])).all}`,
            "up --json": (await cloud.succeed(["up", "--json"])).all!,
        };
        for (const file of filesBelow(join(cloud.folder, "state"))) places[file] = readFileSync(file, "utf8");
        places["log of the local AWS"] = readFileSync(join(cloud.folder, "aws.log"), "utf8");
        assert.ok(
            Object.keys(places).some((place) => place.includes("local.json.bak")),
            "the backup is looked at",
        );
        const ownWords = new Set<string>();
        const lines = logged.all!.split("\n");
        assert.ok(lines.length > 1000, "the log is talkative");
        for (const secret of secrets) {
            const encoded = Buffer.from(secret).toString("base64").replace(/=+$/, "");
            for (const [place, text] of Object.entries(places)) {
                assert.ok(!text.includes(secret), `plain text in ${place}`);
                assert.ok(!text.includes(encoded), `base64 in ${place}`);
            }
            for (const line of lines.filter((text) => text.includes(secret) || text.includes(encoded))) {
                const own = pulumiOwnWords.find((words) => line.includes(`"msg":"${words}`));
                assert.ok(own, `in the log at -v=9: ${line.replaceAll(secret, "<secret>").slice(0, 200)}`);
                ownWords.add(own);
            }
        }
        process.stderr.write(`      Pulumi's own code prints secrets at -v=9 in: ${[...ownWords].join("; ")}\n`);
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview"]);
    });

    it("refuses credentials of another account before it changes anything", async () => {
        const { exitCode, all } = await cloud.run([
            ...["pulumi", "up", "--yes", "--skip-preview"],
            ...["-c", 'aws:allowedAccountIds=["999999999999"]'],
            // The committed one is an example, refused for an account that is somebody's.
            ...["-c", `platform:snapshotter={"image":"ghcr.io/a/b@sha256:${"a".repeat(64)}"}`],
        ]);
        assert.notEqual(exitCode, 0);
        assert.match(all!, /AWS account ID not allowed: 000000000000/i);
    });

    it("refuses an unknown service with one message that names it", async () => {
        const { exitCode, all } = await cloud.run(["pulumi", "preview", "-c", 'platform:services=["billing"]']);
        assert.notEqual(exitCode, 0);
        assert.match(all!, /services\.0: got "billing"; expected one of "rl-studio"/);
        assert.doesNotMatch(all!, /at .*\.ts:\d+/, "no stack trace");
    });

    it("refuses an up from before a rotation instead of bringing the old key back", async () => {
        const rotated = 'platform:rl-studio={"accessKeys":{"revision":2,"generations":[1,2],"published":2}}';
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", "-c", rotated]);
        const keys = async () => {
            const { AccessKeyMetadata = [] } = await cloud.root.iam.send(new ListAccessKeysCommand({ UserName: user }));
            return AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId).sort();
        };
        const afterRotation = await keys();
        assert.equal(afterRotation.length, 2);
        for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
            const { exitCode, all } = await cloud.run(["pulumi", ...command]);
            assert.notEqual(exitCode, 0, command[0]);
            assert.match(all!, /accessKeys of revision 1 is older than revision 2, which was applied last/);
        }
        assert.deepEqual(await keys(), afterRotation);
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", "-c", rotated]);
    });

    it("changes everything that can be changed, tags and the way of clinical-ai's identity among it", async () => {
        const change = (path: string, value: unknown) => ["-c", `${path}=${JSON.stringify(value)}`];
        await makeEksCluster(cloud);
        const keys = { revision: 3, generations: [1, 2], published: 2, retiring: { generation: 1, inactive: true } };
        const { "platform:snapshotter": snapshotter, "platform:llm-models": models } = stackConfig("local");
        const rotated = change("platform:rl-studio", { noncurrentVersionDays: 31, accessKeys: keys });
        const update = ["pulumi", "up", "--yes", "--skip-preview", ...rotated];
        await cloud.succeed([
            ...update,
            ...change("aws:defaultTags", { tags: { owner: "somebody" } }),
            ...change("platform:clinical-ai", { identity: { mode: "podIdentity", clusterName: eksCluster } }),
            ...change("platform:llm-models", {
                ...(models as object),
                monthlyLimitUsd: 60,
                alertEmails: ["a@example.com"],
            }),
            ...change("platform:snapshotter", { ...(snapshotter as object), logRetentionDays: 60 }),
        ]);
        assert.match((await cloud.succeed(update)).all!, /updated/);
        await removeEksCluster(cloud);
    });

    it("takes everything down, though somebody left objects and uploads, and a second down has nothing to do", async () => {
        const { PutObjectCommand, CreateMultipartUploadCommand } = await import("@aws-sdk/client-s3");
        await cloud.root.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "left", Body: "behind" }));
        await cloud.root.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "unfinished" }));
        linkSync(join(cloud.folder, "iam-actions.log"), asked);
        const { stderr } = await cloud.succeed(["down"]);
        assert.match(stderr, /removed 2 objects/);
        assert.ok(!existsSync(cloud.folder));
        assert.match((await cloud.succeed(["down"])).stderr, /nothing to take down/);
    });

    it("was deployed, changed and destroyed with exactly the rights of the deployer's policy", () => {
        const needed = readFileSync(asked, "utf8")
            .split("\n")
            .filter((line) => line.includes(":user/platform-deployer "))
            .map((line) => line.split(" ")[1]);
        const given = (policy: PolicyDocument) => policy.Statement.flatMap(({ Action }) => [Action].flat() as string[]);
        const unused = new Set(given(localDeployerPolicy("000000000000")));
        for (const action of needed) unused.delete(action);
        for (const action of Object.keys(neverAsked)) {
            assert.ok(unused.delete(action), `${action} was asked for: it needs no reason any more`);
        }
        assert.deepEqual([...unused], []);
    });
});

describe("npm run local, where something is in the way,", function () {
    this.timeout(180_000);
    let cloud: TestCloud;
    beforeEach(async () => (cloud = await TestCloud.create()));
    afterEach(() => cloud.remove());

    const refusal = async (args: string[], env: NodeJS.ProcessEnv) => {
        const { exitCode, all } = await cloud.run(args, env);
        assert.notEqual(exitCode, 0);
        assert.doesNotMatch(all!, /at .*\.ts:\d+/, "no stack trace");
        return all!;
    };

    it("names the port that another program has, and how to choose another", async () => {
        const port = await freePort();
        const other = createServer().listen(port, "127.0.0.1");
        try {
            const words = await refusal([], { PLATFORM_LOCAL_PORT: String(port) });
            assert.match(words, new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use .*PLATFORM_LOCAL_PORT`, "s"));
        } finally {
            other.close();
        }
    });

    it("says that Python is missing or too old", async () => {
        const words = await refusal([], { PATH: "/nonexistent" });
        assert.match(words, /Python 3\.10 or newer is needed/);
    });

    it("says that the engine cannot be had without network and Go", async () => {
        const words = await refusal([], {
            PATH: `${join(cloud.folder, "bin")}:/usr/bin:/bin`,
            PLATFORM_CACHE_DIR: join(cloud.folder, "cache"),
            PLATFORM_DOWNLOAD_URL: "http://127.0.0.1:9",
        });
        assert.match(
            words,
            /Pulumi [\d.]+ cannot be downloaded, and Go, which could build it, is missing\. Install Go 1\.21/,
        );
    });

    it("names a cached engine that does not run", async () => {
        const { mkdirSync } = await import("node:fs");
        const { versions } = await import("../../local/versions");
        const half = join(cloud.folder, "cache", `pulumi-${versions.pulumi}`);
        mkdirSync(half, { recursive: true });
        writeFileSync(join(half, "pulumi"), "half of a binary", { mode: 0o755 });
        const words = await refusal([], { PLATFORM_CACHE_DIR: join(cloud.folder, "cache") });
        assert.match(words, new RegExp(`cached engine in ${half} does not run. Remove that folder`));
    });

    it("refuses an unknown command", async () => {
        assert.match(await refusal(["destroy-everything"], {}), /too many arguments|unknown command/);
    });
});

function filesBelow(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? filesBelow(path) : [path];
    });
}
