import { strict as assert } from "node:assert";

import {
    awsCredentialsPath,
    duration,
    hasSessionToken,
    kvDataPath,
    readOnly,
} from "../../components/vault-secret-pipeline/policy";

describe("vault-secret-pipeline: what may be read", () => {
    it("B2: one path, for reading only", () => {
        assert.equal(
            readOnly(kvDataPath("secret", "clinical-ai/aws")),
            'path "secret/data/clinical-ai/aws" {\n  capabilities = ["read"]\n}\n',
        );
    });

    it("B9: the path at which keys are made", () => {
        assert.equal(awsCredentialsPath("aws", "worker"), "aws/creds/worker");
    });

    it("B9: all keys but those of an IAM user have a session token", () => {
        const types = ["iam_user", "assumed_role", "federation_token", "session_token"] as const;
        assert.deepEqual(types.map(hasSessionToken), [false, true, true, true]);
    });
});

describe("vault-secret-pipeline: durations", () => {
    for (const [seconds, text] of [
        [3600, "1h"],
        [7200, "2h"],
        [5400, "90m"],
        [60, "1m"],
        [90, "90s"],
        [1, "1s"],
    ] as const) {
        it(`${seconds} seconds are ${text}`, () => assert.equal(duration(seconds), text));
    }
});
