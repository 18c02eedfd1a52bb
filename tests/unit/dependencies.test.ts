import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";

import ts from "typescript";

const root = join(__dirname, "..", "..");

/** What `npm ci --omit=dev` has to be enough for. */
const shipped = ["bin", "components", "functions", "local", "ops", "services", "stacks"];

function sources(): string[] {
    const within = shipped.flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
    );
    return ["index.ts", ...within].filter((file) => /\.[jt]s$/.test(file));
}

function packagesOf(file: string): string[] {
    return ts
        .preProcessFile(readFileSync(join(root, file), "utf8"), true, true)
        .importedFiles.map(({ fileName }) => fileName)
        .filter((name) => !name.startsWith(".") && !name.startsWith("node:") && !builtinModules.includes(name))
        .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)![0]);
}

describe("the packages that shipped code imports", () => {
    it("are dependencies, and not those of the tests alone", () => {
        const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
            dependencies: Record<string, string>;
        };
        const missing = sources().flatMap((file) =>
            packagesOf(file)
                .filter((name) => !(name in dependencies))
                .map((name) => `${file}: ${name}`),
        );
        assert.deepEqual(missing, []);
    });
});
