import { type Command } from "commander";

import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";

/** Adds `infra costs`: what Bedrock has cost this month (E5). */
export function registerCosts(program: Command, host: Host): void {
    addStackCommand(program, host, {
        name: "costs",
        description:
            "show what Bedrock has cost this month by model and service, as the gate, CloudWatch and Cost Explorer count it, " +
            "the share of the budget and the projected month end: exit code 0, or 1 if either is above the budget. Cost " +
            "Explorer is asked once a day",
        examples: [
            ["infra costs --stack dev", "a table"],
            ["infra costs --stack prod --json | jq .projected.sharePercent", "for programs"],
        ],
        run: async (context) => (await import("../costs")).costs(context),
    });
}
