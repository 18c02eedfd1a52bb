import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { keysFrom } from "../../ops/commands/policy-test/keys";
import { placeFaults } from "../../ops/commands/policy-test/policy-test";
import { policyTestCases, widerPolicyTestCases } from "../../services/snapshotter";

describe("the keys of the policy test (C6)", () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "platform-policy-test-"))));
    afterEach(() => rmSync(folder, { recursive: true }));
    const write = (text: string) => writeFileSync(join(folder, ".env"), text);

    it("are those of the environment, with their session", () => {
        write("AWS_ACCESS_KEY_ID=FILE\nAWS_SECRET_ACCESS_KEY=s\nAWS_SESSION_TOKEN=file\n");
        const environment = { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
        assert.deepEqual(keysFrom(environment, folder), {
            keys: { accessKeyId: "A", secretAccessKey: "s", sessionToken: "t" },
            source: "the environment",
        });
        const { keys } = keysFrom({ ...environment, AWS_SESSION_TOKEN: undefined }, folder);
        assert.equal(keys.sessionToken, undefined, "never another set's");
    });

    it("are those of .env where the environment has none, a profile notwithstanding", () => {
        write('AWS_ACCESS_KEY_ID="FILE"\nAWS_SECRET_ACCESS_KEY=s # kept\n');
        assert.deepEqual(keysFrom({ AWS_PROFILE: "mine", AWS_SESSION_TOKEN: "t" }, folder), {
            keys: { accessKeyId: "FILE", secretAccessKey: "s", sessionToken: undefined },
            source: join(folder, ".env"),
        });
    });

    it("are refused as half a pair, which nothing else completes", () => {
        write("AWS_ACCESS_KEY_ID=FILE\nAWS_SECRET_ACCESS_KEY=hidden\n");
        assert.throws(() => keysFrom({ AWS_ACCESS_KEY_ID: "A" }, folder), {
            exitCode: 2,
            reason: "Half a pair of keys in the environment: AWS_SECRET_ACCESS_KEY is missing.",
        });
        write("AWS_SECRET_ACCESS_KEY=hidden\n");
        assert.throws(
            () => keysFrom({}, folder),
            (error: Error) => /AWS_ACCESS_KEY_ID is missing/.test(error.message) && !error.message.includes("hidden"),
        );
    });

    it("are missed in words", () => {
        assert.throws(() => keysFrom({}, folder), { exitCode: 2 });
        mkdirSync(join(folder, ".env"));
        assert.throws(() => keysFrom({}, folder), { exitCode: 2, message: /cannot be read \(EISDIR\)/ });
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
