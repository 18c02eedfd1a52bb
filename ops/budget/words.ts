import { formatUsd } from "../../functions/bedrock-gate/core/money";
import { type BudgetState } from "./state";

/** Whether invocations are denied, by whichever brake. */
export const isShutOff = ({ meter, awsBudgets }: BudgetState) =>
    meter.shutOff !== undefined || meter.deniedTo.length > 0 || awsBudgets.deniedTo.length > 0;

/** Where a budget stands, for people. */
export function stateInWords(state: BudgetState): string {
    const { month, endsAt, meter, gate, awsBudgets } = state;
    const limit = BigInt(state.limitMicroUsd);
    const spent = BigInt(meter.spentMicroUsd);
    const how = gate ? `by ${gate.calls} calls` : "estimated from what CloudWatch has counted";
    const lines: (readonly [string, string])[] = [
        ["budget", `${formatUsd(limit)} for ${month} (UTC), until ${endsAt}`],
        ["spent", `${formatUsd(spent)}, ${share(spent, limit)} % of the limit, ${how}`],
    ];
    if (gate) {
        const reserved = formatUsd(BigInt(gate.reservedMicroUsd));
        const saved = formatUsd(BigInt(gate.savedMicroUsd));
        lines.push(
            ["reserved", `${reserved} for requests under way`],
            ["saved", `${saved} by ${gate.cacheHits} answers from the cache`],
        );
    }
    lines.push(["meter", meterInWords(meter)], ["AWS Budgets", awsBudgetsInWords(awsBudgets)]);
    const width = Math.max(...lines.map(([title]) => title.length));
    return lines.map(([title, words]) => `${title.padEnd(width)}  ${words}`).join("\n");
}

/** In percent, to the tenth below. */
const share = (part: bigint, whole: bigint) => (Number((part * 1000n) / whole) / 10).toFixed(1);

function meterInWords({ shutOff, restored, deniedTo }: BudgetState["meter"]): string {
    const denied =
        deniedTo.length > 0 ? `its deny is attached to ${deniedTo.join(", ")}` : "its deny is attached to nobody";
    if (shutOff) {
        const { at, by, deniedAfterMs } = shutOff;
        const seconds =
            deniedAfterMs === undefined ? "" : `, denied by AWS after ${(deniedAfterMs / 1000).toFixed(1)} s`;
        return `SHUT OFF at ${at} by the ${by}${seconds}; ${denied}`;
    }
    const again = restored
        ? `restored at ${restored.at} by ${restored.by} until ${restored.until}: ${restored.reason}; `
        : "";
    return `open; ${again}${denied}`;
}

function awsBudgetsInWords({ deniedTo, action }: BudgetState["awsBudgets"]): string {
    const denied = deniedTo.length > 0 ? `DENIED to ${deniedTo.join(", ")}` : "its deny is attached to nobody";
    return action ? `${denied}; action ${action}` : `${denied}; no action of its own`;
}
