import { invalid } from "./errors";
import { type Model } from "./models";
import { type Prices, type ServiceTier } from "./options";
import { type Usage } from "./tokens";

/** What was billed for a model. */
export interface BillLine extends Usage {
    /** The id or ARN under which its price stands. */
    readonly model: string;
    readonly calls: number;
    readonly microUsd: bigint;
}

/** The truth of what was spent, whatever the callers were told. */
export interface Bill {
    readonly totalMicroUsd: bigint;
    readonly calls: number;
    /** By model, in the order in which they were called first. */
    readonly lines: readonly BillLine[];
}

const perMillionAndPercent = 1_000_000n * 100n;

/**
 * What a call costs in micro-dollars: rounded up once, when all of it is added up.
 * @throws BedrockError where the model has no price for what the call used.
 */
export function chargeFor(usage: Usage, prices: Prices, tier: ServiceTier): bigint {
    const cost = (tokens: number, price: number | undefined) => {
        if (tokens === 0) return 0n;
        if (price === undefined) throw invalid("This model does not support prompt caching.");
        return BigInt(tokens) * BigInt(price);
    };
    const sum =
        cost(usage.inputTokens, prices.input) +
        cost(usage.outputTokens, prices.output) +
        cost(usage.cacheReadTokens, prices.cacheRead) +
        cost(usage.cacheWrite5mTokens, prices.cacheWrite5m) +
        cost(usage.cacheWrite1hTokens, prices.cacheWrite1h);
    const inTier = sum * BigInt(prices.tierPercent?.[tier] ?? 100);
    return (inTier + perMillionAndPercent - 1n) / perMillionAndPercent;
}

/** The bill while calls are added to it. */
export class RunningBill implements Bill {
    private readonly byModel = new Map<string, BillLine>();
    totalMicroUsd = 0n;
    calls = 0;

    get lines(): readonly BillLine[] {
        return [...this.byModel.values()];
    }

    /** Bills a call and returns what it cost. */
    charge({ key, prices }: Model, usage: Usage, tier: ServiceTier): bigint {
        const microUsd = chargeFor(usage, prices, tier);
        const line = this.byModel.get(key);
        this.byModel.set(key, {
            model: key,
            calls: (line?.calls ?? 0) + 1,
            inputTokens: (line?.inputTokens ?? 0) + usage.inputTokens,
            outputTokens: (line?.outputTokens ?? 0) + usage.outputTokens,
            cacheReadTokens: (line?.cacheReadTokens ?? 0) + usage.cacheReadTokens,
            cacheWrite5mTokens: (line?.cacheWrite5mTokens ?? 0) + usage.cacheWrite5mTokens,
            cacheWrite1hTokens: (line?.cacheWrite1hTokens ?? 0) + usage.cacheWrite1hTokens,
            microUsd: (line?.microUsd ?? 0n) + microUsd,
        });
        this.totalMicroUsd += microUsd;
        this.calls += 1;
        return microUsd;
    }

    clear(): void {
        this.byModel.clear();
        this.totalMicroUsd = 0n;
        this.calls = 0;
    }
}
