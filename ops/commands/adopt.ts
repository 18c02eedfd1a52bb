import { Argument, type Command, Option } from "commander";

import { serviceNames } from "../../services";
import { type AdoptOptions } from "../adopt";
import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";

/** Adds `infra adopt`: takes what exists already into a stack's settings (A3). */
export function registerAdopt(program: Command, host: Host): void {
    addStackCommand<AdoptOptions>(program, host, {
        name: "adopt",
        description:
            "find resources of a service that exist and are not in the stack, show what an update would overwrite and which " +
            "objects would expire, and write the import settings to the stack's file; deploys nothing",
        changes: "asked",
        arguments: [new Argument("<service>", "which service").choices(serviceNames)],
        options: [
            new Option(
                "--accept-data-loss",
                "continue even if objects expire, or a lifecycle rule or a policy statement is removed",
            ),
        ],
        examples: [
            ["infra adopt rl-studio --stack prod --dry-run", "what there is, and what would become of it"],
            ["infra adopt rl-studio --stack prod", "shows it, asks, writes the settings"],
            ["infra adopt rl-studio --stack prod --json --dry-run | jq .expires", "how many objects would expire"],
        ],
        run: async (context, options, service) =>
            (await import("../adopt")).adopt(context, options, service as (typeof serviceNames)[number]),
    });
}
