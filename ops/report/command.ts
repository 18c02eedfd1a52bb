import { resolve } from "node:path";

import { type CommandContext } from "../cli/command";
import { type ExitCode, exitCodes } from "../common/errors";
import { fileAt, writeFile } from "../common/files";
import { printJson, say } from "../common/output";
import { type Spending } from "./budget";
import { type Checks, reportOf } from "./data";
import { checked, gather, type People, spent } from "./gather";
import { htmlOf } from ".";

export interface ReportOptions extends People {
    /** Path of the page. @default report.html, and none with --json */
    readonly out?: string;
}

/**
 * `infra report`: exit code 0 once it is written, whatever it says.
 *
 * @throws InfraError where there is no such stack, its state cannot be read, or the page cannot be written
 */
export async function reportStack(context: CommandContext, { out, ...people }: ReportOptions): Promise<ExitCode> {
    const path = out ?? (context.json ? undefined : "report.html");
    // The checks take a while: what is wrong with the command line is told before.
    context.host.settings(context.stack);
    if (path !== undefined) fileAt(resolve(path));
    const checks = await checked(context, people);
    const report = reportOf(await gather(context, checks, await spent(context, people)));
    if (context.json) printJson(report);
    if (path !== undefined) {
        write(path, await htmlOf(report));
        say(`Report: ${resolve(path)}`);
    }
    return exitCodes.held;
}

/** Writes the page of a stack about which AWS was asked already. */
export async function writeReport(
    context: CommandContext,
    checks: Checks,
    spending: Spending,
    path: string,
): Promise<void> {
    write(path, await htmlOf(reportOf(await gather(context, checks, spending))));
}

/** For its owner: there is no secret in it, and yet it says how an account is built. Whoever shares it decides that. */
function write(path: string, page: string): void {
    writeFile(resolve(path), page, 0o600);
}
