import Table from "cli-table3";

import { type CostReport } from "../../functions/bedrock-gate/core/costs";
import { formatUsd } from "../../functions/bedrock-gate/core/money";
import { asPerson } from "../budget/person";
import { askKeeper } from "../budget/keeper";
import { type CommandContext } from "../cli/command";
import { type ExitCode, exitCodes } from "../common/errors";
import { printJson, say } from "../common/output";

/** `infra costs`: what the month has cost so far, by three sources. Exit code 1 where it is, or is on its way, above budget. */
export async function costs(context: CommandContext): Promise<ExitCode> {
    return asPerson("deployer", context, async ({ lambda }, outputs) => {
        const report = (await askKeeper(lambda, outputs, { task: "costs" })) as CostReport;
        if (context.json) printJson({ stack: context.stack, ...report });
        else say(reportInWords(report));
        return report.sharePercent > 100 || report.projected.sharePercent > 100 ? exitCodes.failed : exitCodes.held;
    });
}

export function reportInWords(report: CostReport): string {
    const { month, at, limitMicroUsd, sharePercent, projected, ledger, cloudWatch, costExplorer } = report;
    const usd = (microUsd: string | undefined) => (microUsd === undefined ? "" : formatUsd(BigInt(microUsd)));
    const table = new Table({ head: ["", "gate", "CloudWatch", "Cost Explorer"], style: { head: [], border: [] } });
    const models = new Set([...Object.keys(ledger?.models ?? {}), ...Object.keys(cloudWatch.models)]);
    for (const model of [...models].sort()) {
        table.push([model, usd(ledger?.models[model]), usd(cloudWatch.models[model]), ""]);
    }
    const billed = "unavailable" in costExplorer ? undefined : costExplorer;
    for (const [service, microUsd] of Object.entries(billed?.services ?? {})) {
        table.push([service, "", "", usd(microUsd)]);
    }
    table.push(["together", usd(ledger?.spentMicroUsd), usd(cloudWatch.spentMicroUsd), usd(billed?.spentMicroUsd)]);
    return [
        `Costs of Bedrock in ${month} (UTC), as of ${at}`,
        table.toString(),
        `${sharePercent} % of ${usd(limitMicroUsd)} are spent, by the source that says most.`,
        `Projected month end: ${usd(projected.microUsd)}, ${projected.sharePercent} % of the budget (${projected.method}).`,
        ...("unavailable" in costExplorer ? [`Cost Explorer: not available (${costExplorer.unavailable}).`] : []),
        ...(billed && billed.unseen.length > 0
            ? [`The budget does not count ${billed.unseen.join(", ")}: add them to llm-models.budgetServices.`]
            : []),
        ...(cloudWatch.unpriced.length > 0 ? [`No price is known of ${cloudWatch.unpriced.join(", ")}.`] : []),
    ].join("\n");
}
