import { costOf } from "./money";
import { type ModelPrice } from "./prices";
import { noTokens } from "./usage";

/** Tiers of models by what a usual request costs. A third, `local`, costs nothing: its models are no part of Bedrock. */
export const modelTiers = ["small", "large"] as const;
export type ModelTier = (typeof modelTiers)[number];

/** A usual request: tokens of input and output. */
const usual = { ...noTokens, input: 2_000n, output: 1_000n };

/** What a usual request of the small tier costs less than: 0.01 US dollars, in micro-dollars. */
const smallBelow = 10_000n;

/** The tier of a model, by its price. */
export function modelTier(price: ModelPrice): ModelTier {
    return costOf(price, usual) < smallBelow ? "small" : "large";
}
