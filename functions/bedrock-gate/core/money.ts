import { type ModelPrice, type TokenRates } from "./prices";

/** Tokens of one request. What was read from a cache or written to one is apart from `input`, as in Converse. */
export interface TokenUsage {
    readonly input: bigint;
    readonly output: bigint;
    readonly cacheRead: bigint;
    readonly cacheWrite5m: bigint;
    readonly cacheWrite1h: bigint;
}

const million = 1_000_000n;

/**
 * What a request costs, in micro-dollars, rounded up once.
 *
 * @throws RangeError when a count is negative: it would take money off what others spent
 */
export function costOf(price: ModelPrice, usage: TokenUsage): bigint {
    requireCounts({ ...usage });
    const { input, output, cacheRead, cacheWrite5m, cacheWrite1h } = usage;
    const { longContext } = price;
    const context = input + cacheRead + cacheWrite5m + cacheWrite1h;
    const rates = longContext !== undefined && context >= longContext.from ? longContext : price;
    const cache = cacheRates(rates);
    return divideUp(
        input * rates.input +
            output * rates.output +
            cacheRead * cache.read +
            cacheWrite5m * cache.write5m +
            cacheWrite1h * cache.write1h,
    );
}

/**
 * The most, in micro-dollars, that a request can cost whose input and output are within these counts: all of its input
 * may be written to the dearest cache. `inputTokens` is all of the input, whatever a cache may hold of it.
 */
export function ceilingOf(
    price: ModelPrice,
    { inputTokens, maxOutputTokens }: { readonly inputTokens: bigint; readonly maxOutputTokens: bigint },
): bigint {
    requireCounts({ inputTokens, maxOutputTokens });
    const costs = reachableRates(price, inputTokens).map((rates) =>
        divideUp(inputTokens * dearestInput(rates) + maxOutputTokens * rates.output),
    );
    return highest(costs);
}

/**
 * How many tokens of output fit into what is left, after this input; undefined where not even one does.
 *
 * @param microUsd what is left, in micro-dollars
 */
export function affordableOutput(price: ModelPrice, inputTokens: bigint, microUsd: bigint): bigint | undefined {
    requireCounts({ inputTokens });
    const fitting = reachableRates(price, inputTokens).map((rates) => {
        const left = microUsd * million - inputTokens * dearestInput(rates);
        return left < 0n ? 0n : left / rates.output;
    });
    const tokens = fitting.reduce((least, count) => (count < least ? count : least));
    return tokens < 1n ? undefined : tokens;
}

/** An amount for people: `12.50 USD`, and as many of the six decimals as it has. */
export function formatUsd(microUsd: bigint): string {
    const amount = microUsd < 0n ? -microUsd : microUsd;
    const decimals = (amount % million)
        .toString()
        .padStart(6, "0")
        .replace(/0{1,4}$/, "");
    return `${microUsd < 0n ? "-" : ""}${amount / million}.${decimals} USD`;
}

/**
 * The rates of a cache. One that is not known is taken for the highest of those that are and of twice the input price,
 * which is what the dearest cache of any known model costs: tokens that were counted are never free.
 */
function cacheRates({ input, cacheRead, cacheWrite5m, cacheWrite1h }: TokenRates) {
    const unknown = highest([2n * input, cacheRead ?? 0n, cacheWrite5m ?? 0n, cacheWrite1h ?? 0n]);
    return { read: cacheRead ?? unknown, write5m: cacheWrite5m ?? unknown, write1h: cacheWrite1h ?? unknown };
}

function dearestInput(rates: TokenRates): bigint {
    const { read, write5m, write1h } = cacheRates(rates);
    return highest([rates.input, read, write5m, write1h]);
}

/** The rates that a request of up to so much input may be charged at: a shorter one is charged at the first. */
function reachableRates(price: ModelPrice, inputTokens: bigint): TokenRates[] {
    const { longContext } = price;
    return longContext !== undefined && inputTokens >= longContext.from ? [price, longContext] : [price];
}

function divideUp(microUsdPerMillion: bigint): bigint {
    return (microUsdPerMillion + million - 1n) / million;
}

function highest(amounts: readonly bigint[]): bigint {
    return amounts.reduce((most, amount) => (amount > most ? amount : most));
}

function requireCounts(counts: Readonly<Record<string, bigint>>): void {
    for (const [name, count] of Object.entries(counts)) {
        if (count < 0n) throw new RangeError(`${name} is ${count}, expected a count of tokens`);
    }
}
