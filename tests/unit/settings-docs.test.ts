import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { root } from "../../local/paths";
import { serviceFacts } from "../../services";

/** As much of a JSON schema as settings have. */
interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly anyOf?: readonly Schema[];
    readonly oneOf?: readonly Schema[];
}

/** Described once for all services. */
const shared = ["adopt", "accessKeys"];

/** The path of every setting below a schema: of a list of objects with `[]`, of an object only those of its own. */
function pathsOf({ properties, items, anyOf, oneOf }: Schema, path: string): string[] {
    const choices = anyOf ?? oneOf;
    if (choices) return choices.flatMap((choice) => pathsOf(choice, path));
    if (items?.properties) return [path, ...pathsOf(items, `${path}[]`)];
    if (!properties || shared.includes(path.split(".").at(-1)!)) return [path];
    return Object.entries(properties).flatMap(([key, schema]) => pathsOf(schema, path === "" ? key : `${path}.${key}`));
}

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
            const schema = z.toJSONSchema(settings, { io: "input", unrepresentable: "any" }) as Schema;
            // Rows of a map are named by an example of their key.
            const rows = documented(name).map((path) => path.replace(/\.<\w+>$/, ""));
            assert.deepEqual([...new Set(rows)].sort(), [...new Set(pathsOf(schema, ""))].sort());
        });
    }
});
