import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../../local/paths";
import { serviceFacts } from "../../services";
import { settingPaths } from "../support/setting-paths";

/** The settings that docs/settings.md has a row for, in a service's section. */
function documented(service: string): string[] {
    const text = readFileSync(join(root, "docs", "settings.md"), "utf8");
    const [, section] = text.split(`\n## \`platform:${service}\`\n`);
    const rows = section.split("\n## ")[0].matchAll(/^\|([^|]*`[^|]*)\|/gm);
    return [...rows].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
}

describe("docs/settings.md", () => {
    for (const { name, settings } of Object.values(serviceFacts)) {
        it(`describes every setting of ${name}, and no other`, () => {
            // Rows of a map are named by an example of their key.
            const rows = documented(name).map((path) => path.replace(/\.<\w+>$/, ""));
            assert.deepEqual([...new Set(rows)].sort(), settingPaths(settings));
        });
    }
});
