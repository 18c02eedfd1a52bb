import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, openSync } from "node:fs";
import { join } from "node:path";

import execa from "execa";

/** A command that speaks on both streams for a while, fails its check and clears up. */
const program = `
    require("ts-node/register/transpile-only");
    const { Command } = require("commander");
    const { runProgram } = require("./ops/cli/program");
    const speak = () => (process.stdout.write("out\\n"), process.stderr.write("err\\n"));
    const command = new Command().exitOverride().option("--json").action(async () => {
        for (let i = 0; i < 10; i++) {
            speak();
            await new Promise((resolve) => setTimeout(resolve, 30));
        }
        require("node:fs").writeSync(3, "cleared up");
        process.exitCode = 1;
    });
    void runProgram(command, process.argv.slice(1));`;

describe("a command whose output can no longer be written", () => {
    const start = (stdio: ("pipe" | number)[], ...args: string[]) =>
        execa(process.execPath, ["-e", program, "--", ...args], {
            cwd: join(__dirname, "..", ".."),
            stdio: ["ignore", ...stdio, "pipe"],
            reject: false,
        });
    const read = async (stream: NodeJS.ReadableStream) => {
        let text = "";
        for await (const chunk of stream) text += String(chunk);
        return text;
    };

    for (const stream of ["stdout", "stderr"] as const) {
        it(`finishes, and keeps its exit code, when nobody reads ${stream} any more`, async () => {
            const child = start(["pipe", "pipe"]);
            child[stream]!.once("data", () => child[stream]!.destroy());
            const ended = once(child, "exit") as Promise<[exitCode: number]>;
            const [[exitCode], last] = await Promise.all([ended, read(child.stdio[3] as NodeJS.ReadableStream)]);
            assert.deepEqual([exitCode, last], [1, "cleared up"]);
        });
    }

    if (existsSync("/dev/full")) {
        const full = openSync("/dev/full", "w");
        const words = /What was said could not be written: ENOSPC/g;

        it("finishes, says so on the other stream and ends with 70 where a disk is full", async () => {
            for (const [stdio, stream] of [
                [[full, "pipe"], "stderr"],
                [["pipe", full], "stdout"],
            ] as const) {
                const child = start([...stdio]);
                const [end, last] = await Promise.all([child, read(child.stdio[3] as NodeJS.ReadableStream)]);
                assert.deepEqual([end.exitCode, last, end[stream].match(words)?.length], [70, "cleared up", 1]);
            }
        });

        it("adds nothing to a JSON document", async () => {
            const end = await start(["pipe", full], "--json");
            assert.equal(end.exitCode, 70);
            assert.doesNotMatch(end.stdout, words);
        });
    }
});
