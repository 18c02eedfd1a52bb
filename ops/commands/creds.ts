import { Argument, type Command, Option } from "commander";

import { serviceNames } from "../../services";
import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { oneMore } from "../cli/one-more";
import { pathOption } from "../cli/path-option";
import { type CredsOptions } from "../creds";
import { sessionSeconds } from "../creds/duration";

/** Adds `infra creds`: which credentials a service would use, and a command with exactly those (A4, D3, D4, E11). */
export function registerCreds(program: Command, host: Host): void {
    addStackCommand<CredsOptions>(program, host, {
        name: "creds",
        description:
            "show which credentials a service would use and why, and whose they are; prints a secret only with --format. " +
            "With --exec, run a command with exactly these credentials and nothing of your own AWS environment",
        arguments: [
            new Argument("<service>", "which service").choices(serviceNames),
            new Argument("[command...]", "the command to run, after --exec and --"),
        ],
        options: [
            new Option("--directory <dir>", "the folder of the project, with the service's files")
                .argParser(pathOption)
                .default(".", "the current folder"),
            new Option("--session <duration>", "temporary credentials instead, valid for 15m to 36h").argParser(
                sessionSeconds,
            ),
            new Option(
                "--model <id>",
                "narrow the session of llm-models to this model, for up to 1h; repeatable",
            ).argParser(oneMore),
            new Option("--exec", "run the command that follows --"),
            new Option(
                "--format <format>",
                "print the credentials, including the secret: for eval in a shell, or for credential_process",
            )
                .choices(["export", "json"])
                .conflicts("json"),
            new Option("--quiet", "print errors only"),
        ],
        examples: [
            ["infra creds mlflow --stack dev", "which, why and whose"],
            ["infra creds rl-studio --stack dev --directory ~/rl-studio --json", "the same for programs"],
            ["infra creds mlflow --stack dev --exec -- python train.py --epochs 3", "a command with these"],
            ["infra creds llm-models --stack dev --session 1h --exec -- bash", "a shell for an hour"],
            ["infra creds llm-models --stack dev --session 1h --model ID --format export", "one model, for an hour"],
            ["infra creds mlflow --stack dev --quiet --format export", "for the eval of a shell"],
        ],
        run: async (context, options, service, ...given) => {
            const { commandBehindDashes, creds } = await import("../creds");
            return creds(context, options, service, commandBehindDashes(typedLine(program), given, host));
        },
    });
}

/** The words of the command line as they were typed; Commander keeps them, and does not declare that it does. */
function typedLine(program: Command): readonly string[] {
    return (program as Command & { readonly rawArgs: readonly string[] }).rawArgs;
}
