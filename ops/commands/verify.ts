import { Argument, type Command, Option } from "commander";

import { serviceNames } from "../../services";
import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { deployerProfile, isLocal, operatorProfile } from "../cli/people";
import { type VerifyOptions } from "../verify/command";
import { formats } from "../verify/report";

/** Adds `infra verify`: what must hold for services, by live calls (A5, B8, D5, E10). */
export function registerVerify(program: Command, host: Host): void {
    addStackCommand<VerifyOptions>(program, host, {
        name: "verify",
        description:
            "prove by live calls what services can and cannot do with their own credentials, and that everything is " +
            "as declared; removes what it writes",
        arguments: [
            new Argument("[service...]", "the services; default: all services of the stack").choices(serviceNames),
        ],
        options: [
            operatorProfile(),
            deployerProfile("without it, checks that need the deployer are not tried"),
            new Option("--format <format>", "the format of the results")
                .choices(formats)
                .default("summary")
                .conflicts("json"),
            new Option("--failed-only", "show failures only").conflicts("json"),
            // The local cloud has no live requests: there it is always tried.
            ...(isLocal(host)
                ? []
                : [new Option("--try-shut-off", "deny llm-models its live invocations for up to a minute")]),
        ],
        examples: [
            ["infra verify --stack dev --deployer-profile platform-dev", "every service"],
            ["infra verify rl-studio mlflow --stack dev", "two of them"],
            ["infra verify --stack dev --failed-only --format markdown", "what failed, for a comment"],
            [
                "infra verify --stack dev --json | jq '.checks[] | select(.ok or .notTried | not)'",
                "the failures, for programs",
            ],
        ],
        // Commander gives the values of a variadic argument as one list.
        run: async (context, options, ...services) =>
            (await import("../verify/command")).verifyServices(context, options, services),
    });
}
