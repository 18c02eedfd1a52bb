import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../../local/paths";
import { documents, generated } from "../../schema";
import { partsOf, withParts } from "../../schema/markdown";
import { policyTables } from "../../schema/policy-tables";
import { rowsOf } from "../../schema/rows";
import { serviceTables } from "../../schema/service-tables";
import { settingsTables } from "../../schema/settings-tables";
import { serviceFacts } from "../../services";
import { documents as everyDocument } from "../support/markdown";
import { settingPaths } from "../support/setting-paths";

const textOf = (path: string) => readFileSync(join(root, path), "utf8");

/** The settings that docs/settings.md has a row for, in a service's section. */
function documented(service: string): string[] {
    const [, section] = textOf("docs/settings.md").split(`\n## \`platform:${service}\`\n`);
    const rows = section.split("\n## ")[0].matchAll(/^\|([^|]*`[^|]*)\|/gm);
    return [...rows].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
}

describe("what is generated", () => {
    it("is current: npm run docs would write nothing", async () => {
        for (const [path, text] of Object.entries(await generated(root))) {
            assert.equal(textOf(path), text, `${path} is not current: run \`npm run docs\``);
        }
    });

    it("has a place for each of its parts, once, and is asked for nowhere else", () => {
        const places = everyDocument().flatMap((path) => partsOf(textOf(path)).map((name) => ({ path, name })));
        const parts = Object.keys({ ...settingsTables(), ...serviceTables(root), ...policyTables() });
        assert.deepEqual(places.map(({ name }) => name).sort(), parts.sort());
        assert.deepEqual([...new Set(places.map(({ path }) => path))].sort(), [...documents].sort());
    });

    it("refuses a part that nobody generates", async () => {
        const text = "<!-- generated: nothing -->\n\n<!-- end -->\n";
        await assert.rejects(withParts(text, "x.md", {}), /^Error: x\.md: nothing generates nothing$/);
    });

    it("refuses a setting without a description", () => {
        const schema = { properties: { a: { properties: { b: { type: "string" } } } } };
        assert.throws(() => rowsOf(schema, ""), /^Error: a\.b has no description/);
    });
});

describe("docs/settings.md", () => {
    for (const { name, settings } of Object.values(serviceFacts)) {
        it(`describes every setting of ${name}, and no other`, () => {
            // Rows of a map are named by an example of their key.
            const rows = documented(name).map((path) => path.replace(/\.<\w+>$/, ""));
            assert.deepEqual([...new Set(rows)].sort(), settingPaths(settings));
        });
    }
});
