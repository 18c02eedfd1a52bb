import { Argument, type Command } from "commander";

import { type Shell, shells } from "../infra/completion";
import { exitCodes } from "../infra/errors";

export function registerCompletion(program: Command): void {
    program
        .command("completion")
        .description("print a script that teaches a shell the commands and options")
        .addArgument(new Argument("<shell>").choices(Object.keys(shells)))
        .action((shell: Shell) => {
            process.stdout.write(shells[shell](program));
            process.exitCode = exitCodes.held;
        });
}
