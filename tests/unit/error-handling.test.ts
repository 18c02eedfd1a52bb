import assert from "node:assert/strict";

import execa from "execa";

import { root } from "../../local/paths";

describe("errors of a program", () => {
    it("with a frame directly in a scope of node_modules print at once, where Node alone would take seconds", async () => {
        const program = `
            require("ts-node/register/transpile-only");
            require("./stacks/error-handling");
            const error = new Error("the sentence");
            error.stack = "Error: the sentence\\n    at f (/a/node_modules/@scope/file.ts:1:1)";
            console.log(require("node:util").inspect(error, { colors: true }));
        `;
        const { stdout } = await execa(process.execPath, ["-e", program], {
            cwd: root,
            timeout: 8000,
        });
        assert.equal(stdout, "Error: the sentence\n    at f (/a/node_modules/@scope/file.ts:1:1)");
    });
});
