import assert from "node:assert/strict";

import { failure } from "../../ops/cli/program";
import { OutdatedOutputs, parseOutputs } from "../../services/outputs";
import { snapshotKey } from "../../services/snapshotter/snapshot-key";

describe("snapshotKey (C5)", () => {
    const lateInUtc = new Date("2025-03-09T23:30:00-05:00");

    it("puts repo, UTC date and run below the prefix", () => {
        assert.equal(snapshotKey("api", lateInUtc, "run-1"), "repo-scans/snapshotter/api/2025/03/10/run-1/");
    });

    it("takes owner/name as a repo", () => {
        assert.equal(snapshotKey("acme/api.js", lateInUtc, "7"), "repo-scans/snapshotter/acme/api.js/2025/03/10/7/");
    });

    for (const repo of [
        "",
        "..",
        "../x",
        "a/..",
        "/a",
        "a/",
        "a//b",
        "a/b/c",
        "a b",
        "a\nb",
        "a\u0000",
        "ü",
        "a*",
        "${x}",
    ]) {
        it(`refuses the repo ${JSON.stringify(repo)}`, () => {
            assert.throws(() => snapshotKey(repo, lateInUtc, "run-1"), /^RangeError: repo: got .+, expected a name or/);
        });
    }

    for (const run of ["", ".", "a/b", "a\tb"]) {
        it(`refuses the run ${JSON.stringify(run)}`, () => {
            assert.throws(() => snapshotKey("api", lateInUtc, run), /^RangeError: runId: got .+, expected one name/);
        });
    }

    it("refuses an invalid date", () => {
        assert.throws(() => snapshotKey("api", new Date("never"), "1"), /date: got an invalid date/);
    });
});

describe("what a stack exports", () => {
    const exported = {
        accessKeyId: "AKIA1",
        accessKeyIds: ["AKIA1"],
        secretAccessKey: "very secret",
        region: "us-east-1",
        bucketName: "b",
        prefix: "p/",
        artifactRoot: "s3://b/p",
        userName: "u",
    };

    it("is taken as this version declares it; what a later one exports beyond that is left out", () =>
        assert.deepEqual(parseOutputs({ mlflow: { ...exported, later: true }, unknown: {} }), { mlflow: exported }));

    it("of another version is named by what is missing, without a value", () => {
        const { region, ...without } = exported;
        assert.throws(
            () => parseOutputs({ mlflow: { ...without, prefix: [region] } }),
            (error: unknown) =>
                error instanceof OutdatedOutputs &&
                error.service === "mlflow" &&
                error.missing.join() === "region,prefix" &&
                !error.message.includes("very secret"),
        );
    });

    it("of another version ends a command with a sentence, not with a trace", () => {
        const { exitCode, reason, fix, stack } = failure(new OutdatedOutputs("mlflow", ["region", "prefix"]));
        assert.deepEqual([exitCode, stack], [1, undefined]);
        assert.match(
            reason,
            /deployed by another version .* of mlflow these outputs are missing .*: region, prefix\.$/,
        );
        assert.match(fix!, /pulumi up, or npm run local/);
    });
});
