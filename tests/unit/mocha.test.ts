import assert from "node:assert/strict";
import { join, relative } from "node:path";

import execa from "execa";

import { root } from "../../local/paths";

/** The files of the tests that mocha would run, and the configuration that it runs them with. */
async function files(...args: string[]): Promise<string[]> {
    const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
    const { stdout } = await execa(process.execPath, [mocha, "--dry-run", "--reporter", "json", ...args], {
        cwd: root,
    });
    const { tests } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { tests: { file: string }[] };
    return [...new Set(tests.map(({ file }) => relative(root, file)))];
}

async function configuration(...args: string[]): Promise<{ require: string[]; timeout: number }> {
    const script = 'JSON.stringify(require("./.mocharc.js"))';
    const { stdout } = await execa(process.execPath, ["-p", script, "mocha", ...args], { cwd: root });
    return JSON.parse(stdout) as { require: string[]; timeout: number };
}

describe("npx mocha FILE", function () {
    this.timeout(120_000);

    for (const file of ["tests/unit/output.test.ts", "tests/cluster/worker.test.ts", "tests/rotation/killed.test.ts"]) {
        it(`runs ${file} and nothing else`, async () => assert.deepEqual(await files(file), [file]));
    }

    it("starts a cluster for a file that needs one, and for no other", async () => {
        const suite = "tests/support/cluster/suite.ts";
        assert.ok((await configuration("tests/cluster/worker.test.ts")).require.includes(suite));
        assert.ok(!(await configuration("tests/unit/output.test.ts")).require.includes(suite));
    });
});
