import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Exception, readExceptions, sift } from "./exceptions";
import { temporaryFolder } from "./temporary";

describe("exceptions of the outside judges", () => {
    const finding = { of: "prod", rule: "RESOURCE_STAR", subject: "role/gate", detail: "sns:Publish on *" };
    const other = { ...finding, subject: "role/other" };
    const exception: Exception = {
        judge: "parliament",
        rule: "RESOURCE_*",
        subject: "role/gate",
        detail: "sns:*",
        reason: "it publishes wherever it is told to",
        until: "2026-12-31",
    };

    it("one covers what it names, to the end of its last day", () => {
        const sifted = sift([finding, other], [exception], "2026-12-31");
        assert.deepEqual(sifted, { open: [other], excepted: 1, faults: [] });
    });

    it("one that is over covers nothing and is a fault", () => {
        const { open, faults } = sift([finding], [exception], "2027-01-01");
        assert.deepEqual(open, [finding]);
        assert.deepEqual(faults, ["the exception of RESOURCE_* for role/gate ended on 2026-12-31"]);
    });

    for (const key of ["rule", "subject", "detail"] as const) {
        it(`one of another ${key} is for nothing, which is a fault`, () => {
            const { open, faults } = sift([finding], [{ ...exception, [key]: "another" }], "2026-12-31");
            assert.deepEqual(open, [finding]);
            assert.match(faults.join(), /is for nothing: remove it$/);
        });
    }

    it("one without a reason or an end is refused", async () => {
        const whole = {
            judge: "checkov",
            rules: ["CKV_1"],
            subject: "*",
            reason: "because it has to be",
            until: "2026-12-31",
        };
        const read = (one: object) =>
            temporaryFolder((folder) => {
                const file = join(folder, "exceptions.yaml");
                writeFileSync(file, JSON.stringify([one]));
                return Promise.resolve(readExceptions(file));
            });
        assert.equal((await read(whole)).length, 1);
        for (const key of ["judge", "rules", "subject", "reason", "until"]) {
            await assert.rejects(read({ ...whole, [key]: undefined }), new RegExp(`"${key}"`));
        }
        await assert.rejects(read({ ...whole, until: "next year" }), /until/);
    });

    it("the committed ones are as they have to be", () => {
        assert.ok(readExceptions().length > 0);
    });
});
