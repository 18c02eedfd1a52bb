import assert from "node:assert/strict";

import { serviceFacts, serviceNames } from "../../services";
import { snapshotKey } from "../../services/snapshotter";

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

describe("serviceFacts", () => {
    it("knows every service in the order of their names", () => {
        assert.deepEqual(Object.keys(serviceFacts), [...serviceNames]);
    });
});
