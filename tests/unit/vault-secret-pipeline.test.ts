import { strict as assert } from "node:assert";

import {
    awsCredentialsPath,
    duration,
    kvDataPath,
    pathFault,
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

    it("an exact path is accepted, a pattern and stray slashes are not", () => {
        for (const path of ["aws", "team/aws-1", "a.b_c/d"]) assert.equal(pathFault(path), undefined, path);
        for (const path of ["", "/aws", "aws/", "a//b", "team/*", "+/aws", "a b"]) {
            assert.equal(pathFault(path), "letters, digits, `_`, `.` and `-`, in parts joined by single slashes", path);
        }
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
