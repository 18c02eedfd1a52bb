import { Argument, type Command } from "commander";

import { addExamples } from "../cli/command";
import { type Shell, shells } from "../cli/completion";
import { type Host } from "../cli/host";
import { exitCodes } from "../common/errors";
import { stackNames } from "../stack/settings";

export function registerCompletion(program: Command, host: Host): void {
    const completion = program
        .command("completion")
        .description("print a completion script for a shell: the commands, options and stacks of infra")
        .addArgument(new Argument("<shell>").choices(Object.keys(shells)))
        .action((shell: Shell) => {
            const stacks = host.onlyStack === undefined ? stackNames() : [host.onlyStack];
            process.stdout.write(shells[shell](program, stacks));
            process.exitCode = exitCodes.held;
        });
    addExamples(completion, host, [
        ["infra completion bash", "what the shell's start file takes in: docs/infra.md"],
        ["infra completion fish", "the same for fish"],
    ]);
}
