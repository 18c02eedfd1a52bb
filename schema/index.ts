import { readFileSync } from "node:fs";
import { join } from "node:path";

import { format, resolveConfig } from "prettier";

import { withParts } from "./markdown";
import { policyTables } from "./policy-tables";
import { serviceTables } from "./service-tables";
import { settingsTables } from "./settings-tables";
import { stackFileSchema } from "./stack-file";

/** Documents with generated parts. */
export const documents = ["README.md", "docs/settings.md", "docs/adoption.md", "docs/infra.md", "docs/policy-pack.md"];

export const schemaFile = "schema/stack.schema.json";

/** Every file that is generated, or has generated parts, as it has to be; by its path in the repository. */
export async function generated(root: string): Promise<Record<string, string>> {
    const parts = { ...settingsTables(), ...serviceTables(root), ...policyTables() };
    const files: Record<string, string> = {};
    for (const path of documents) {
        const file = join(root, path);
        files[path] = await withParts(readFileSync(file, "utf8"), file, parts);
    }
    const schema = join(root, schemaFile);
    files[schemaFile] = await format(JSON.stringify(stackFileSchema()), {
        ...(await resolveConfig(schema)),
        parser: "json",
    });
    return files;
}
