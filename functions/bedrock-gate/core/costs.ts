import { costOf } from "./money";
import { findPrice, modelIdOf, type PriceOverrides } from "./prices";
import { type TokenUsage } from "./usage";
import { endOf } from "./time";

/** What three sources say that a month has cost so far, in micro-dollars. */
export interface CostReport {
    /** When it was made, ISO 8601. */
    readonly at: string;
    readonly month: string;
    readonly limitMicroUsd: string;
    /** What the gate has counted; undefined where there is none. */
    readonly ledger?: { readonly spentMicroUsd: string; readonly models: Readonly<Record<string, string>> };
    /** Tokens that CloudWatch has counted, at the known prices. */
    readonly cloudWatch: {
        readonly spentMicroUsd: string;
        readonly models: Readonly<Record<string, string>>;
        /** Models whose price is not known. */
        readonly unpriced: readonly string[];
    };
    /** What AWS bills, by service; a reason where it could not be asked. */
    readonly costExplorer:
        | {
              readonly spentMicroUsd: string;
              readonly services: Readonly<Record<string, string>>;
              readonly unseen: readonly string[];
          }
        | { readonly unavailable: string };
    /** The most that any of the three says. */
    readonly spentMicroUsd: string;
    readonly sharePercent: number;
    /** At the end of the month. */
    readonly projected: { readonly microUsd: string; readonly sharePercent: number; readonly method: string };
}

/** How the month's end is projected. */
export const projectionMethod = "spent so far, divided by the part of the month that is over";

/** Service names under which AWS bills models of others. */
const marketplaceName = /\(Amazon Bedrock Edition\)$/;

/** What CloudWatch's tokens cost at the known prices. */
export function priced(
    tokens: ReadonlyMap<string, TokenUsage>,
    region: string,
    overrides: PriceOverrides,
): { readonly models: ReadonlyMap<string, bigint>; readonly unpriced: readonly string[] } {
    const models = new Map<string, bigint>();
    const unpriced: string[] = [];
    for (const [model, usage] of tokens) {
        if (Object.values(usage).every((count) => count === 0n)) continue;
        const price = findPrice({ model: modelIdOf(model), region, tier: "default" }, overrides);
        if (price) models.set(model, costOf(price, usage));
        else unpriced.push(model);
    }
    return { models, unpriced };
}

/** Of a bill, what is spent for models under the services that the budget counts, and model spend that it does not see. */
export function modelBill(bill: Readonly<Record<string, bigint>>, budgetServices: readonly string[]) {
    const names = Object.keys(bill);
    const unseen = names.filter(
        (name) => marketplaceName.test(name) && !budgetServices.includes(name) && bill[name] > 0n,
    );
    const counted = names.filter((name) => budgetServices.includes(name) || unseen.includes(name));
    return { unseen, services: Object.fromEntries(counted.map((name) => [name, bill[name]])) };
}

/** What the month will have cost at its end if it goes on as it has been. */
export function projectedEnd(spent: bigint, now: Date): bigint {
    const start = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)).getTime();
    // In its first day a month tells nothing of its end.
    const over = BigInt(Math.max(now.getTime() - start, 86_400_000));
    return (spent * BigInt(endOf("month", now).getTime() - start)) / over;
}

/** A part of a whole in percent, to the tenth. */
export const percentOf = (part: bigint, whole: bigint) => Number((part * 1000n) / whole) / 10;
