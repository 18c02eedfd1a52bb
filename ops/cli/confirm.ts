import { createInterface } from "node:readline/promises";
import { type Readable, type Writable } from "node:stream";

import { exitCodes, InfraError, Interrupted } from "../common/errors";
import { type CommandContext } from "./command";

interface Terminal {
    readonly input: Readable & { readonly isTTY?: boolean };
    readonly output: Writable & { readonly isTTY?: boolean };
}

const terminal: Terminal = { input: process.stdin, output: process.stderr };

type Consent = Pick<CommandContext, "dryRun" | "yes" | "interrupted">;

/**
 * Refuses a change that nobody could be asked about, before anything is looked at.
 *
 * @throws InfraError without a terminal and without `--yes`
 */
export function requireConsent({ dryRun, yes }: Consent, { input, output } = terminal): void {
    if (dryRun || yes || (input.isTTY && output.isTTY)) return;
    throw new InfraError(
        exitCodes.usage,
        "There is no terminal for a confirmation; nothing was changed.",
        "Add --yes to skip the confirmation, or --dry-run to see what would change.",
    );
}

/**
 * Asks unless `--yes` was given.
 *
 * @throws Interrupted for every answer but yes
 */
export async function confirm(question: string, { yes, interrupted }: Consent, streams = terminal): Promise<void> {
    if (yes) return;
    // The terminal stays as it is, so that Ctrl-C reaches the process and not the line editor.
    const lines = createInterface({ ...streams, terminal: false });
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    try {
        const asked = lines.question(`${question} [y/N] `, { signal: interrupted });
        const answer = await Promise.race([asked, ended]);
        if (/^y(es)?$/i.test(answer.trim())) return;
    } catch (error) {
        if (!interrupted.aborted) throw error;
        throw new Interrupted();
    } finally {
        lines.close();
    }
    throw new Interrupted("Not confirmed; nothing was changed.");
}
