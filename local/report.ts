import { join } from "node:path";

import { clientsFor, closeClients } from "../ops/aws/clients";
import { budgetState } from "../ops/budget/state";
import { failure } from "../ops/cli/program";
import { interrupted, stopIfInterrupted } from "../ops/common/interrupt";
import { type Spending } from "../ops/report/budget";
import { writeReport } from "../ops/report/command";
import { type CheckResult, type VerifyTarget } from "../ops/verify/target";
import { localHost } from "./infra";
import { localStack } from "./pulumi";

/**
 * Writes the report of what was just deployed and verified, and says where it is. Without it the local cloud is as good:
 * why it could not be written is said in its place.
 */
export async function localReport(
    folder: string,
    target: VerifyTarget,
    results: readonly CheckResult[],
): Promise<string> {
    const path = join(folder, "report.html");
    const context = { stack: localStack, json: false, dryRun: false, yes: false, interrupted, host: localHost() };
    try {
        await writeReport(context, { verified: true, results }, await spendingOf(target), path);
        return `Report: ${path}`;
    } catch (error) {
        stopIfInterrupted();
        const { reason, fix, stack } = failure(error);
        return ["The report could not be written. The local cloud does not need it.", reason, fix, stack]
            .filter(Boolean)
            .join("\n");
    }
}

async function spendingOf({ outputs, credentials, accountId, ...connection }: VerifyTarget): Promise<Spending> {
    const models = outputs["llm-models"];
    if (!models) return { known: false, reason: "The stack has no llm-models." };
    const clients = clientsFor(credentials.operator!, connection);
    try {
        return { known: true, state: await budgetState(clients, accountId, models, new Date()) };
    } finally {
        closeClients(clients);
    }
}
