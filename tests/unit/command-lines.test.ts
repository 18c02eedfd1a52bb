import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

import { root } from "../../local/paths";
import { pathOption } from "../../ops/cli/path-option";
import { createProgram } from "../../ops/cli/program";
import { commands } from "../../ops/commands";
import { commandBehindDashes } from "../../ops/creds";
import { repositoryHost } from "../../ops/stack/repository-host";

/** A program whose commands say nothing themselves. */
function quietProgram() {
    const program = createProgram(commands, repositoryHost);
    for (const command of program.commands) command.configureOutput({ writeErr: () => undefined });
    return program;
}

/** What is wrong with a command line, none of which comes as far as to be run. */
const refusal = (...line: string[]) =>
    quietProgram()
        .parseAsync(line, { from: "user" })
        .then(
            () => assert.fail("it was run"),
            ({ message }: Error) => message,
        );

describe("the command line of infra migrate", () => {
    it("has no option that Node takes for its own: a project's NODE_OPTIONS would be run", async () => {
        const migrate = quietProgram().commands.find((command) => command.name() === "migrate")!;
        const names = migrate.options.map(({ long }) => long);
        assert.ok(names.includes("--file"));
        assert.ok(!names.includes("--env-file"));
    });
});

describe("the command of infra creds --exec", () => {
    it("is what follows --, so that none of its options is taken for the tool's", async () => {
        const lines = [
            ["--stack", "dev", "--exec", "echo", "hello", "--stack", "prod"],
            ["--stack", "dev", "echo", "--exec", "hi"],
            ["--stack", "dev", "echo", "--exec", "--", "hi"],
            ["--stack", "dev", "echo"],
        ];
        for (const line of lines) {
            assert.match(
                await refusal("creds", "rl-studio", ...line),
                /^"echo" does not stand behind --\.\nThe command comes behind --: infra creds .* --exec -- COMMAND/,
            );
        }
    });

    it("is given as it is, with a -- of its own", () =>
        assert.deepEqual(
            commandBehindDashes(
                ["creds", "mlflow", "--exec", "--", "a", "--", "--json"],
                ["a", "--", "--json"],
                repositoryHost,
            ),
            ["a", "--", "--json"],
        ));
});

describe("the ways of infra env", () => {
    const conflicts = ["--print --out x", "--print --check", "--print --dry-run", "--out x --check --dry-run"];
    for (const line of conflicts) {
        it(`are one at a time: not ${line}`, async () => {
            assert.match(
                await refusal("env", "mlflow", "--stack", "dev", ...line.split(" ")),
                /^error: option '--(print|check)' cannot be used with option '/,
            );
        });
    }
});

describe("an option with a path", () => {
    const lines = [
        ["env", "rl-studio", "--out"],
        ["endpoints", "llm-models", "--out"],
        ["migrate", "mlflow", "--file"],
        ["creds", "mlflow", "--directory"],
        ["policy-test", "--directory"],
    ];
    for (const line of lines) {
        it(`takes no other option, and no -, for one: ${line.join(" ")}`, async () => {
            for (const value of ["--dry-run", "-", ""]) {
                assert.match(await refusal(...line, value, "--stack", "dev"), /is invalid\. Expected a path/);
            }
        });
    }

    it("may begin with - behind ./", () => {
        assert.equal(pathOption("./-x"), "./-x");
        assert.throws(() => pathOption("-x"), /is written \.\/-x\./);
    });
});

describe("the start of infra", () => {
    it("loads no client of AWS or of a cluster before a command needs one", () => {
        const script = `
            process.argv.push("infra", "--help");
            process.stdout.write = () => true;
            process.on("exit", () => {
                const clients = /node_modules.(@aws-sdk|@kubernetes|pg)\\b/;
                process.stderr.write(Object.keys(require.cache).filter((path) => clients.test(path)).join("\\n"));
            });
            require("./bin/infra.js");`;
        const { stderr, status } = spawnSync(process.execPath, ["-e", script], { cwd: root, encoding: "utf8" });
        assert.deepEqual([stderr, status], ["", 0]);
    });
});
