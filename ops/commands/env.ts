import { Argument, type Command, Option } from "commander";

import { type ServiceName, serviceNames } from "../../services";
import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { pathOption } from "../cli/path-option";
import { type EnvOptions } from "../env-file/command";

/** Adds `infra env`: a service's variables into the file that it reads (A4, D2, E12). */
export function registerEnv(program: Command, host: Host): void {
    addStackCommand<EnvOptions>(program, host, {
        name: "env",
        description:
            "write the variables that a service reads, including its keys, to a file with mode 0600; " +
            "keeps everything else in the file",
        changes: "unasked",
        arguments: [new Argument("<service>", "whose variables").choices(serviceNames)],
        options: [
            new Option("--out <file>", "the file; its folder must exist").argParser(pathOption),
            new Option("--check", "check the file and write nothing: exit code 0 if it is current, else 1").conflicts(
                "dryRun",
            ),
            new Option("--print", "print the variables on standard output, with secrets masked").conflicts([
                "out",
                "check",
                "dryRun",
            ]),
            new Option("--reveal", "with --print or --json: show secrets"),
        ],
        examples: [
            ["infra env rl-studio --stack dev --out backend/.env", "writes what is missing or differs"],
            ["infra env rl-studio --stack dev --out backend/.env --dry-run", "says what it would write"],
            ["infra env mlflow --stack dev --out .env --check", "whether the file is current"],
            ["infra env llm-models --stack dev --print", "shows them, the secret masked"],
        ],
        run: async (context, options, service) =>
            (await import("../env-file/command")).env(context, options, service as ServiceName),
    });
}
