import assert from "node:assert/strict";

import { CreateAccessKeyCommand, CreateUserCommand, GetUserCommand, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import {
    CreateBucketCommand,
    GetBucketLifecycleConfigurationCommand,
    GetObjectCommand,
    PutBucketLifecycleConfigurationCommand,
    PutBucketVersioningCommand,
    PutObjectCommand,
    PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";

import { TestCloud } from "../support/test-cloud";

const Bucket = "rl-studio-rollouts-dev";
const UserName = "rl-studio-rollouts-service-user-dev";

describe("adoption of a bucket and a user that exist already (A3)", function () {
    this.timeout(300_000);
    let cloud: TestCloud;
    let created: Date | undefined;
    before(async () => {
        cloud = await TestCloud.create();
        await cloud.succeed(["pulumi", "stack", "ls"]);
        await makeByHand();
    });
    after(() => cloud.remove());

    /** What a script of years ago would have left: other settings, objects, a key that somebody uses. */
    async function makeByHand() {
        const { s3, iam } = cloud.root;
        await s3.send(new CreateBucketCommand({ Bucket }));
        await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
        const PublicAccessBlockConfiguration = { BlockPublicAcls: true, IgnorePublicAcls: true };
        await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
        const Rules = [{ ID: "old", Status: "Enabled" as const, Filter: { Prefix: "" }, Expiration: { Days: 900 } }];
        await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
        await s3.send(new PutObjectCommand({ Bucket, Key: "years/of/work", Body: "kept" }));
        const user = await iam.send(new CreateUserCommand({ UserName, Tags: [{ Key: "team", Value: "rl" }] }));
        created = user.User?.CreateDate;
        const PolicyDocument = JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` }],
        });
        await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: `${UserName}-policy`, PolicyDocument }));
        await iam.send(new CreateAccessKeyCommand({ UserName }));
    }

    const only = ["-c", 'platform:services=["rl-studio"]'];
    const adopt = [
        "-c",
        `platform:rl-studio=${JSON.stringify({
            adopt: {
                bucket: ["bucket", "versioning", "encryption", "publicAccessBlock", "ownership", "lifecycle"],
                user: ["user", "policy"],
            },
        })}`,
    ];

    interface Step {
        readonly op: string;
        readonly urn: string;
    }
    const steps = async (...more: string[]) =>
        (
            JSON.parse((await cloud.succeed(["pulumi", "preview", "--json", ...only, ...more])).stdout) as {
                steps: Step[];
            }
        ).steps;
    const named = (found: Step[], op: RegExp) =>
        found.filter((step) => op.test(step.op)).map(({ urn }) => urn.split("::").at(-1)!);

    it("is shown by a preview as imports, with no creation of what exists and no replacement", async () => {
        const planned = await steps(...adopt);
        assert.deepEqual(named(planned, /^import$/).sort(), [
            "rl-studio-rollouts-bucket",
            "rl-studio-rollouts-encryption",
            "rl-studio-rollouts-lifecycle",
            "rl-studio-rollouts-ownership",
            "rl-studio-rollouts-public-access-block",
            "rl-studio-rollouts-versioning",
            "rl-studio-service-policy",
            "rl-studio-service-user",
        ]);
        assert.deepEqual(named(planned, /replace|delete/), []);
    });

    it("takes them over as declared, and keeps the user, the key and the objects", async () => {
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", ...only, ...adopt]);
        const { iam, s3 } = cloud.root;
        const { User: user } = await iam.send(new GetUserCommand({ UserName }));
        assert.deepEqual(user?.CreateDate, created, "the user is the same one");
        const { Rules: rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
        assert.deepEqual(rules?.map(({ Expiration }) => Expiration?.Days ?? "markers").sort(), [365, "markers"]);
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "years/of/work" }));
        assert.equal(await Body?.transformToString(), "kept");
    });

    it("needs the setting no longer afterwards: without it nothing is replaced, and a second up changes nothing", async () => {
        const plain = ["-c", "platform:rl-studio={}"];
        const planned = await steps(...plain);
        assert.deepEqual(named(planned, /replace|delete|create|import/), []);
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", ...only, ...plain]);
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", "--expect-no-changes", ...only, ...plain]);
    });

    it("is protected while the setting is there: destroying it is refused", async () => {
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", ...only, ...adopt]);
        const { exitCode, all } = await cloud.run(["pulumi", "destroy", "--yes", "--skip-preview", ...only, ...adopt]);
        assert.notEqual(exitCode, 0);
        assert.match(all!, /protected/);
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview", ...only, "-c", "platform:rl-studio={}"]);
    });

    it("of what another account owns is refused with its name", async () => {
        const { clientsFor, closeClients } = await import("../../ops/aws/clients");
        const other = clientsFor({ accessKeyId: "999999999999", secretAccessKey: "test" }, cloud.connection);
        await other.s3.send(new CreateBucketCommand({ Bucket: "mlflow-basketworld-dev" }));
        const { exitCode, all } = await cloud.run([
            ...["pulumi", "up", "--yes", "--skip-preview"],
            ...["-c", 'platform:services=["rl-studio","mlflow"]', "-c", "platform:rl-studio={}"],
        ]);
        closeClients(other);
        assert.notEqual(exitCode, 0);
        assert.match(all!, /mlflow-artifacts-bucket/);
        assert.match(all!, /BucketAlreadyExists/);
    });

    it("stops npm run local, which names doctor, which names the bucket", async () => {
        const { exitCode, stderr } = await cloud.run();
        assert.equal(exitCode, 1);
        assert.match(stderr, /What is in the way, and the fix: npm run local -- doctor$/);
        const { findings } = JSON.parse((await cloud.run(["doctor", "mlflow", "--json"])).stdout) as {
            findings: { what: string }[];
        };
        assert.match(findings.map(({ what }) => what).join("\n"), /mlflow-basketworld-dev/);
    });
});
