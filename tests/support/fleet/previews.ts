// Must be first: what loads what is noted from here on.
import { bundleInputs, filesRead, forgetProgram, loadedFrom } from "./loads";

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

import { answerParent } from "../../bench/processes/child";
import { RecordingMocks, runWithMocks, valueOf } from "../mocks";

/** A preview of a stack under mocks, of the program as it is in the folder. */
export interface Preview {
    /** A hash of all that it registers and exports, with assets by their content; or what it failed with. */
    readonly shows: string;
    /** Paths below the folder: modules that were loaded, files that were read or bundled. */
    readonly files: readonly string[];
    /** Where the npm packages are installed of which something was loaded or bundled: `node_modules/a`. */
    readonly packages: readonly string[];
}

export interface PreviewQuestion {
    /** Name of a stack whose file is in the folder. */
    readonly stack: string;
}

/** Answers with previews of the program in a folder, loaded anew each time. */
answerParent<{ readonly folder: string }, PreviewQuestion, Preview>(async ({ folder }) => {
    process.chdir(folder);
    return Promise.resolve({ ready: undefined, answer: ({ stack }) => preview(folder, stack) });
});

async function preview(folder: string, stack: string): Promise<Preview> {
    forgetProgram(folder);
    const text = readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8");
    const { config } = parse(text) as { config: Record<string, unknown> };
    filesRead.clear();
    const shows = await registeredBy(folder, stack, config).catch((error: Error) => `failed: ${error.message}`);
    const loaded = loadedFrom(join(folder, "index.ts"));
    const paths = [...loaded, ...filesRead, ...bundleInputs(filesRead)];
    const packages = paths.flatMap((path) => installedAt.exec(path)?.[1] ?? []);
    const files = paths.filter((path) => path.startsWith(`${folder}/`) && !path.includes("/node_modules/"));
    return {
        shows,
        files: [...new Set(files.map((path) => path.slice(folder.length + 1)))].sort(),
        packages: [...new Set(packages)].sort(),
    };
}

const installedAt = /\/(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/.@][^/]*)\//;

async function registeredBy(folder: string, stack: string, config: Record<string, unknown>): Promise<string> {
    const texts = Object.entries(config).map(([key, value]) => [
        key,
        typeof value === "string" ? value : JSON.stringify(value),
    ]);
    pulumi.runtime.setAllConfig(Object.fromEntries(texts));
    // What the cluster puts into the Secret of a reviewer's token.
    const token = { type: "kubernetes.io/service-account-token", data: { token: "dG9rZW4=" } };
    const mocks = new RecordingMocks({
        outputs: { "kubernetes:core/v1:Secret": ({ inputs }) => (inputs.type === token.type ? token : {}) },
    });
    const program = async () => {
        const module = (await import(join(folder, "index.ts"))) as { default: () => Promise<object> };
        return module.default();
    };
    // Not as a preview, in which mocks leave out what is not known yet: all that a preview shows is in it.
    const outputs = await valueOf(await runWithMocks(mocks, program, { stack }));
    const shown = await plain([mocks.resources, mocks.hooks.map(({ name }) => name), outputs]);
    return createHash("sha256").update(JSON.stringify(shown)).digest("hex");
}

/** A value with its assets and archives by their content, as the engine compares them. */
async function plain(value: unknown): Promise<unknown> {
    if (Array.isArray(value)) return Promise.all(value.map(plain));
    if (pulumi.asset.Asset.isInstance(value)) {
        const { path } = value as pulumi.asset.FileAsset;
        return createHash("sha256")
            .update(readFileSync(await path))
            .digest("hex");
    }
    if (pulumi.asset.Archive.isInstance(value)) return plain(await (value as pulumi.asset.AssetArchive).assets);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(async ([key, one]) => [key, await plain(one)] as const);
    return Object.fromEntries((await Promise.all(entries)).sort(([a], [b]) => (a < b ? -1 : 1)));
}
