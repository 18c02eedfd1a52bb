import { type Command, InvalidArgumentError, Option } from "commander";

import { type RestoreOptions } from "../budget";
import { addExamples, addStackCommand } from "../cli/command";
import { type Host } from "../cli/host";

/** Adds `infra budget status|restore`: where llm-models' budget stands, and how invocations begin again (E4). */
export function registerBudget(program: Command, host: Host): void {
    const budget = program
        .command("budget")
        .description("the monthly budget of llm-models, and its shut-off")
        .helpCommand(false);
    addExamples(budget, host, [
        ["infra budget status --stack dev", "what is spent, and whether it is shut off"],
        ['infra budget restore --stack dev --reason "demo on Friday"', "invocations begin again"],
    ]);
    addStackCommand(budget, host, {
        name: "status",
        description:
            "show what is spent, reserved and saved this month and whether a shut-off is in force: exit code 0, or 1 if it is",
        examples: [["infra budget status --stack prod --json | jq .meter.spentMicroUsd", "for programs"]],
        run: async (context) => (await import("../budget")).status(context),
    });
    addStackCommand<RestoreOptions>(budget, host, {
        name: "restore",
        description:
            "end the shut-off before the month does: takes away the deny of the keeper and that of AWS Budgets. The " +
            "monthly limit stays: above it, a gate admits nothing",
        changes: "asked",
        options: [
            new Option("--reason <text>", "why, for the record").argParser(reason).makeOptionMandatory(),
            new Option(
                "--until <time>",
                "when the shut-off's level counts again; default: the end of the month",
            ).argParser(time),
        ],
        examples: [
            ['infra budget restore --stack dev --reason "demo on Friday" --dry-run', "what is in force"],
            ['infra budget restore --stack prod --reason "incident 42" --until 2026-11-30T18:00Z', "for a while"],
        ],
        run: async (context, options) => (await import("../budget")).restore(context, options),
    });
}

function reason(text: string): string {
    if (text.trim() === "" || text.length > 500) throw new InvalidArgumentError("Expected 1 to 500 characters.");
    return text.trim();
}

function time(text: string): Date {
    const found = new Date(text);
    if (Number.isNaN(found.getTime())) {
        throw new InvalidArgumentError("Expected a time such as 2026-11-30T18:00Z (ISO 8601).");
    }
    return found;
}
