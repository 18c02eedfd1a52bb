import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type InfraError } from "../../ops/common/errors";
import { placeFaults, policyTest } from "../../ops/verify/policy-test";
import { policyTestCases, widerPolicyTestCases } from "../../services/snapshotter/checks";
import { FakeAws } from "../support/fake-aws";

describe("the keys of the policy test (C6)", () => {
    const id = "AKIAIOSFODNN7EXAMPLE";
    const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const pair = `AWS_ACCESS_KEY_ID=${id}\nAWS_SECRET_ACCESS_KEY=${secret}\n`;
    let folder: string;
    let aws: FakeAws;
    let environment: NodeJS.ProcessEnv;
    before(async () => (aws = await FakeAws.start()));
    after(() => aws.stop());
    beforeEach(() => {
        environment = process.env;
        process.env = Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("AWS_")));
        folder = mkdtempSync(join(tmpdir(), "platform-policy-test-"));
        aws.reset();
        aws.users[id] = "agent-repo-snapshotter-dev";
    });
    afterEach(() => {
        process.env = environment;
        rmSync(folder, { recursive: true });
    });

    const run = () =>
        aws.run((context) => policyTest(context, { directory: folder, bucket: "snapshots-dev", prefix: "scans/" }));
    const refused = async (exitCode: number, reason: RegExp) => {
        await assert.rejects(run(), (error: InfraError) => {
            assert.equal(error.exitCode, exitCode);
            assert.match(error.reason, reason);
            return !error.message.includes(secret);
        });
    };

    it("are the agent's, and all that is asked is asked with them", async () => {
        writeFileSync(join(folder, ".env"), pair);
        await run();
        assert.deepEqual([...new Set(aws.calls.map(({ accessKeyId }) => accessKeyId))], [id]);
        assert.equal(aws.calls[0].action, "GetCallerIdentity");
        assert.ok(aws.calls.length > 3);
    });

    it("are found by the rules of infra creds", async () => {
        const file = join(folder, ".env");
        await refused(1, /^There are no credentials of snapshotter in \.env, the environment/);
        writeFileSync(file, `AWS_ACCESS_KEY_ID=${id}\n`);
        await refused(1, /^Half a set of credentials/);
        writeFileSync(file, pair.replace(secret, `"${secret}`));
        await refused(1, /^Half a set of credentials.* AWS_SECRET_ACCESS_KEY is not set/);
        writeFileSync(file, pair.replace(secret, `\`${secret}\``));
        await refused(1, /holds what is no key/);
        writeFileSync(file, pair);
        process.env.AWS_SESSION_TOKEN = "token";
        await refused(1, /^Credentials from two places/);
        delete process.env.AWS_SESSION_TOKEN;
        process.env.AWS_ACCESS_KEY_ID = "";
        await refused(1, /AWS_ACCESS_KEY_ID is set to nothing in the environment/);
        assert.deepEqual(aws.calls, []);
    });

    it("are not waited for at a pipe", async () => {
        execFileSync("mkfifo", [join(folder, ".env")]);
        await refused(3, /^\.env is there, but is no plain file/);
        assert.deepEqual(aws.calls, []);
    });

    it("are not used where they are another's, or AWS does not take them", async () => {
        writeFileSync(join(folder, ".env"), pair);
        aws.users[id] = "somebody";
        await refused(1, /belong to user\/somebody, and the service's are those of user\/agent-repo-snapshotter-dev/);
        aws.users[id] = "not-agent-repo-snapshotter-dev";
        await refused(1, /belong to user\/not-agent/);
        delete aws.users[id];
        await refused(1, /^AWS does not take these keys: InvalidClientTokenId/);
        assert.deepEqual(
            aws.calls.map(({ action }) => action),
            ["GetCallerIdentity", "GetCallerIdentity", "GetCallerIdentity"],
        );
    });
});

describe("the policy test's place", () => {
    it("is refused where S3 or a key could not have it", () => {
        assert.deepEqual(placeFaults({}), []);
        assert.deepEqual(placeFaults({ bucket: "snapshots", prefix: "scans" }), []);
        assert.equal(placeFaults({ bucket: "A", prefix: "/scans" }).length, 2);
        assert.equal(placeFaults({ prefix: "" }).length, 1);
    });
});

describe("the policy test's cases", () => {
    const place = { bucketName: "b", prefix: "scans/" };

    it("are the service's three by their names", () => {
        assert.deepEqual(
            policyTestCases(place).map(({ name, expected, probe }) => [name, expected, probe]),
            [
                ["no_sse_header_should_fail", "denied (AccessDenied)", undefined],
                ["sse_aes256_should_succeed", "allowed", "AES256"],
                ["sse_aws_kms_should_fail", "denied (AccessDenied)", "aws:kms"],
            ].map(([name, expected, encryption]) => [
                name,
                expected,
                { kind: "s3", call: "put", bucket: "b", under: "scans/", ...(encryption ? { encryption } : {}) },
            ]),
        );
    });

    it("are refused for one reason each in the wider set: all else is as it must be", () => {
        const put = { kind: "s3", call: "put", bucket: "b", under: "scans/", encryption: "AES256" };
        assert.deepEqual(Object.fromEntries(widerPolicyTestCases(place).map(({ name, probe }) => [name, probe])), {
            outside_the_prefix_should_fail: { ...put, under: "elsewhere/" },
            sibling_prefix_should_fail: { ...put, under: "scans-of-others/" },
            no_tls_should_fail: { ...put, plaintext: true },
            customer_provided_key_should_fail: { ...put, encryption: "customer key" },
            list_without_prefix_should_fail: { kind: "s3", call: "list", bucket: "b", under: undefined },
        });
        assert.ok(widerPolicyTestCases(place).every(({ expected }) => expected === "denied (AccessDenied)"));
    });
});
