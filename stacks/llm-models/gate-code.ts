import * as pulumi from "@pulumi/pulumi";
import { buildSync } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { type gateEntries, gateSources } from "./gate-sources";

const root = join(__dirname, "../..");
const sources = join(root, gateSources);

type Entry = (typeof gateEntries)[number];

const archives = new Map<Entry, pulumi.asset.Archive>();

/** The gate's code in one file, as Lambda runs it. */
export const gateCode = () => codeOf("lambda");

/** The same of its keeper. */
export const keeperCode = () => codeOf("control-lambda");

function codeOf(entry: Entry): pulumi.asset.Archive {
    const archive =
        archives.get(entry) ??
        // By its path: the text of one would be in the stack's state, four times over.
        new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.FileAsset(bundle(entry)) });
    archives.set(entry, archive);
    return archive;
}

/** Path of a bundle. Bundling takes half a second, so it is kept by what it was made of: the sources and the lock file. */
function bundle(entry: Entry): string {
    const kept = join(root, "node_modules/.cache/bedrock-gate", `${entry}-${hashOfSources()}.js`);
    if (existsSync(kept)) return kept;
    const { outputFiles } = buildSync({
        absWorkingDir: root,
        entryPoints: [join(sources, `${entry}.ts`)],
        bundle: true,
        platform: "node",
        target: "node22",
        format: "cjs",
        minify: true,
        legalComments: "eof",
        write: false,
    });
    mkdirSync(dirname(kept), { recursive: true });
    // Two programs may bundle at the same time: neither reads half a file.
    const mine = `${kept}.${process.pid}`;
    writeFileSync(mine, outputFiles[0].contents);
    renameSync(mine, kept);
    return kept;
}

function hashOfSources(): string {
    const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((file) =>
        /\.(ts|json)$/.test(file),
    );
    const paths = [...files.map((file) => join(sources, file)).sort(), join(root, "package-lock.json"), __filename];
    const hash = createHash("sha256");
    for (const path of paths) hash.update(path.slice(root.length)).update("\0").update(readFileSync(path));
    return hash.digest("hex").slice(0, 16);
}
