// `npm run docs`: writes what is generated, the tables of the documents and the JSON Schema of stack files, as the
// program's schemas and services say it is. A test compares them with what is committed.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { generated } from ".";

async function refresh(): Promise<void> {
    const root = join(__dirname, "..");
    for (const [path, text] of Object.entries(await generated(root))) {
        const file = join(root, path);
        const current = readFileSync(file, { encoding: "utf8", flag: "a+" }) === text;
        if (!current) writeFileSync(file, text);
        process.stdout.write(`${path}: ${current ? "current" : "written"}\n`);
    }
}

void refresh();
