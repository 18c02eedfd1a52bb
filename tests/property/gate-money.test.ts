import { strict as assert } from "node:assert";

import * as fc from "fast-check";

import {
    affordableOutput,
    ceilingOf,
    costOf,
    formatUsd,
    type TokenUsage,
} from "../../functions/bedrock-gate/core/money";
import { type ModelPrice, type TokenRates } from "../../functions/bedrock-gate/core/prices";
import { microUsdPerMillion } from "../../functions/bedrock-gate/price-list";

const rate = fc.bigInt({ min: 1n, max: 200_000_000n });
const cacheRate = fc.option(fc.bigInt({ min: 0n, max: 400_000_000n }), { nil: undefined });
const rates: fc.Arbitrary<TokenRates> = fc.record({
    input: rate,
    output: rate,
    cacheRead: cacheRate,
    cacheWrite5m: cacheRate,
    cacheWrite1h: cacheRate,
});
/** Also those whose long prompts are cheaper, which nobody promises not to be. */
const price: fc.Arbitrary<ModelPrice> = fc
    .tuple(rates, fc.option(fc.tuple(rates, fc.bigInt({ min: 1n, max: 50_000n })), { nil: undefined }))
    .map(([short, long]) => ({ ...short, ...(long && { longContext: { ...long[0], from: long[1] } }) }));

const count = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n }), fc.bigInt({ min: 0n, max: 100_000n }));
const usage: fc.Arbitrary<TokenUsage> = fc.record({
    input: count,
    output: count,
    cacheRead: count,
    cacheWrite5m: count,
    cacheWrite1h: count,
});

/** All of the input, whatever a cache held of it. */
function contextOf({ input, cacheRead, cacheWrite5m, cacheWrite1h }: TokenUsage): bigint {
    return input + cacheRead + cacheWrite5m + cacheWrite1h;
}

/** The exact cost in millionths of a micro-dollar, written once more. */
function exactCost(model: ModelPrice, used: TokenUsage): bigint {
    const long = model.longContext && contextOf(used) >= model.longContext.from;
    const at: TokenRates = long ? model.longContext! : model;
    const known = [at.cacheRead, at.cacheWrite5m, at.cacheWrite1h].filter((one) => one !== undefined);
    const unknown = [...known, at.input * 2n].reduce((left, right) => (left > right ? left : right));
    return (["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"] as const)
        .map((kind) => used[kind] * (at[kind] ?? unknown))
        .reduce((sum, part) => sum + part, 0n);
}

describe("the cost of any request", () => {
    it("is never below the exact cost, and less than a micro-dollar above it", () => {
        fc.assert(
            fc.property(price, usage, (model, used) => {
                const over = costOf(model, used) * 1_000_000n - exactCost(model, used);
                assert.equal(over >= 0n && over < 1_000_000n, true, `${over} millionths too much`);
            }),
            { numRuns: 2000 },
        );
    });

    it("is 0 for no tokens alone: counted tokens are not free without a cache's price", () => {
        fc.assert(
            fc.property(rate, rate, usage, (input, output, used) => {
                const tokens = contextOf(used) + used.output;
                assert.equal(costOf({ input, output }, used) === 0n, tokens === 0n);
            }),
        );
    });

    it("is refused for a negative count", () => {
        const kinds = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"] as const;
        fc.assert(
            fc.property(price, usage, fc.constantFrom(...kinds), (model, used, kind) => {
                assert.throws(() => costOf(model, { ...used, [kind]: -1n }), new RegExp(`${kind} is -1`));
            }),
        );
    });
});

describe("the ceiling of any request", () => {
    it("is not below the cost of any usage within it, however its input was cached", () => {
        fc.assert(
            fc.property(price, usage, count, count, (model, used, moreInput, moreOutput) => {
                const inputTokens = contextOf(used) + moreInput;
                const maxOutputTokens = used.output + moreOutput;
                const ceiling = ceilingOf(model, { inputTokens, maxOutputTokens });
                assert.equal(ceiling >= costOf(model, used), true);
            }),
            { numRuns: 5000 },
        );
    });

    it("is reached by a request, unless a longer one is cheaper", () => {
        fc.assert(
            fc.property(rates, count, count, (model, inputTokens, maxOutputTokens) => {
                const none = { input: 0n, output: maxOutputTokens, cacheRead: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n };
                const costs = (["input", "cacheRead", "cacheWrite5m", "cacheWrite1h"] as const).map((kind) =>
                    costOf(model, { ...none, [kind]: inputTokens }),
                );
                assert.equal(costs.includes(ceilingOf(model, { inputTokens, maxOutputTokens })), true);
            }),
        );
    });
});

describe("the output that any remainder affords", () => {
    const remainder = fc.bigInt({ min: -10n, max: 5_000_000n });

    it("fits, and one token more does not", () => {
        fc.assert(
            fc.property(price, count, remainder, (model, inputTokens, left) => {
                const maxOutputTokens = affordableOutput(model, inputTokens, left) ?? 0n;
                const fits = (tokens: bigint) => ceilingOf(model, { inputTokens, maxOutputTokens: tokens }) <= left;
                if (maxOutputTokens > 0n) assert.equal(fits(maxOutputTokens), true);
                assert.equal(fits(maxOutputTokens + 1n), false);
            }),
            { numRuns: 5000 },
        );
    });
});

describe("amounts in words", () => {
    it("lose nothing", () => {
        fc.assert(
            fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (amount) => {
                const [, sign, whole, decimals] = /^(-?)(\d+)\.(\d{2,6}) USD$/.exec(formatUsd(amount))!;
                assert.equal(BigInt(sign + whole + decimals.padEnd(6, "0")), amount);
            }),
        );
    });

    it("of AWS's list are read exactly, and a part of a micro-dollar is rounded up", () => {
        const units = fc.constantFrom(["1K tokens", 9n] as const, ["1M tokens", 6n] as const);
        const decimals = fc.stringMatching(/^\d{1,14}$/);
        fc.assert(
            fc.property(units, fc.nat(1000), decimals, ([unit, exponent], whole, rest) => {
                const digits = BigInt(whole + rest) * 10n ** exponent;
                const scale = 10n ** BigInt(rest.length);
                const read = microUsdPerMillion(`${whole}.${rest}`, unit)!;
                assert.equal(read * scale >= digits && (read - 1n) * scale < digits, true);
            }),
        );
    });
});
