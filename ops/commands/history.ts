import { type Command } from "commander";

import { addStackCommand, type CommandContext } from "../cli/command";
import { type Host } from "../cli/host";
import { type ExitCode, exitCodes } from "../common/errors";
import { printable, printJson, say } from "../common/output";

/** Adds `infra history`: the record of changes that this tool has made from this checkout. */
export function registerHistory(program: Command, host: Host): void {
    addStackCommand(program, host, {
        name: "history",
        description:
            "list the changes that infra made to a stack from this checkout: when, who, what and the outcome, newest first. " +
            "For the engine's updates, see `pulumi stack history`",
        settingsOnly: true,
        examples: [
            ["infra history --stack dev", "a line a change"],
            [
                `infra history --stack dev --json | jq '.changes[] | select(.command == "rotate")'`,
                "all that is recorded",
            ],
        ],
        run: showHistory,
    });
}

async function showHistory({ stack, json }: CommandContext): Promise<ExitCode> {
    const { auditFile, readAudit } = await import("../stack/audit");
    const { entries, unreadable } = readAudit(auditFile);
    const changes = entries.filter((entry) => entry.stack === stack).reverse();
    if (json) printJson({ stack, changes });
    else if (changes.length === 0) say(`No change of stack ${stack} is recorded in ${auditFile}.`);
    else for (const change of changes) process.stdout.write(`${lineOf(change)}\n`);
    if (unreadable > 0) say(`Left out of ${auditFile}, not being records: ${unreadable} lines.`);
    return exitCodes.held;
}

type Recorded = import("../stack/audit").RecordedEntry;

function lineOf({ time, by, command, outcome, target, changes, reason }: Recorded): string {
    const what = changes.map(changeInWords).join("; ");
    const parts = [time, `${by.user}@${by.host}`, command, outcome, target, what, ...(reason ? [reason] : [])];
    return parts.map(printable).join("  ");
}

/** Each command records what its changes consist of in its own way: a sentence where there is one, else name and value. */
function changeInWords(change: object): string {
    const { why, ...fields } = change as { why?: string };
    if (why !== undefined) return why;
    return Object.entries(fields)
        .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
        .join(", ");
}
