import { type Command, Option } from "commander";

import { addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";
import { pathOption } from "../cli/path-option";
import { deployerProfile, operatorProfile } from "../cli/people";
import { type ReportOptions } from "../report/command";

/** Adds `infra report`: everything that is known of a stack, as one page. */
export function registerReport(program: Command, host: Host): void {
    addStackCommand<ReportOptions>(program, host, {
        name: "report",
        description:
            "write one page about the stack: its resources and what depends on what, the checks, the age of keys and " +
            "their rotations, the budget. The page needs no network and has no secret in it. Runs the checks of verify; " +
            "without credentials for them it says so",
        // What cannot be asked is a part of the report.
        settingsOnly: true,
        options: [
            new Option("--out <file>", "the page; default: report.html, and none with --json").argParser(pathOption),
            operatorProfile(),
            deployerProfile("without it, checks that need the deployer are not tried"),
        ],
        examples: [
            ["infra report --stack dev --out report.html", "the page, to be opened in a browser"],
            ["infra report --stack dev --json | jq '.resources[].physicalName'", "the same data, for programs"],
        ],
        run: async (context, options) => (await import("../report/command")).reportStack(context, options),
    });
}
