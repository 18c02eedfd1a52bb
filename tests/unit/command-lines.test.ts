import assert from "node:assert/strict";

import { commands } from "../../ops/commands";
import { createProgram } from "../../ops/infra/program";
import { repositoryHost } from "../../ops/infra/repository-host";

/** A program whose commands say nothing themselves. */
function quietProgram() {
    const program = createProgram(commands, repositoryHost);
    for (const command of program.commands) command.configureOutput({ writeErr: () => undefined });
    return program;
}

describe("the command line of infra migrate", () => {
    it("has no option that Node takes for its own: a project's NODE_OPTIONS would be run", async () => {
        const migrate = quietProgram().commands.find((command) => command.name() === "migrate")!;
        const names = migrate.options.map(({ long }) => long);
        assert.ok(names.includes("--file"));
        assert.ok(!names.includes("--env-file"));
    });
});
