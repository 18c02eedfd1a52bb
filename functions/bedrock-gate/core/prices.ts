import { z } from "zod";

import { entryFor, type FileRates, type PriceFile, priceFileSchema, type Way } from "./price-file";
// Not prices.json: Node would take that for this file, whose name it would share.
import file from "./bedrock-prices.json";

/** What tokens cost, in integer micro-dollars per million of them. */
export interface TokenRates {
    readonly input: bigint;
    readonly output: bigint;
    readonly cacheRead?: bigint;
    readonly cacheWrite5m?: bigint;
    readonly cacheWrite1h?: bigint;
}

/** What a model costs on one way and one service tier. */
export interface ModelPrice extends TokenRates {
    /** What the whole of a request costs whose input, cached or not, is of `from` tokens or more. */
    readonly longContext?: TokenRates & { readonly from: bigint };
    /** The most that is known to be granted: what to ask for where the caller names no limit. */
    readonly maxOutputTokens?: number;
    readonly contextTokens?: number;
}

/** How a request is served. A batch is priced as if it were a tier. */
export type ServiceTier = "default" | "priority" | "flex" | "reserved" | "batch";

export interface PriceQuestion {
    /** Id or ARN of a model or of an inference profile (`us.…`, `eu.…`, `apac.…`, `global.…`). */
    readonly model: string;
    /** The region that the call goes to, which is the source region of a profile. */
    readonly region: string;
    readonly tier: ServiceTier;
}

const rate = z.int().positive();
// A stated 0 for a cache is a price: it is the operator who says so, and the tokens are counted nowhere else.
const cacheRate = z.int().nonnegative().optional();

const overrideRates = z.strictObject({
    input: rate,
    output: rate,
    cacheRead: cacheRate,
    cacheWrite5m: cacheRate,
    cacheWrite1h: cacheRate,
});

/** An operator's own prices, by exactly the id or the ARN that calls name, in micro-dollars per million tokens. */
export const priceOverridesSchema = z.record(
    z.string(),
    overrideRates.extend({
        maxOutputTokens: z.int().positive().optional(),
        contextTokens: z.int().positive().optional(),
        /** Prices of the other tiers: what is stated for the model itself is the default tier's alone. */
        tiers: z
            .strictObject({
                priority: overrideRates.optional(),
                flex: overrideRates.optional(),
                reserved: overrideRates.optional(),
                batch: overrideRates.optional(),
            })
            .optional(),
    }),
);

export type PriceOverrides = z.infer<typeof priceOverridesSchema>;

/** The committed prices. A figure that is no positive integer ends the program as it starts, and not a request. */
export const priceFile: PriceFile = priceFileSchema.parse(file);

/**
 * Id of the model or of AWS's inference profile that a call names by its id or its ARN. Other ARNs (an account's own
 * profile, provisioned throughput, a custom model) do not tell the model and stay as they are: only an override can
 * price them.
 */
export function modelIdOf(model: string): string {
    const [, id] =
        /^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d*:(?:foundation-model|inference-profile)\/([^/]+)$/.exec(model) ?? [];
    return id ?? model;
}

/**
 * What a model costs for calls to a region; undefined where that is not known, which means refused and never free.
 *
 * An override wins, for exactly its id: one for a model says nothing of its profiles, which may cost more. A region
 * that the file does not name has a price only where the sources give one figure for several geographies; for every
 * other model the highest known price might still be too low. A tier without a price of its own has none.
 */
export function findPrice(question: PriceQuestion, overrides: PriceOverrides = {}): ModelPrice | undefined {
    const id = modelIdOf(question.model);
    const stated = own(overrides, question.model) ?? own(overrides, id);
    if (stated !== undefined) {
        const tierRates = question.tier === "default" ? stated : stated.tiers?.[question.tier];
        return tierRates && toPrice(tierRates, stated);
    }
    const { model, way } = wayTo(id);
    const known = own(priceFile.models, model);
    // Reserved capacity is paid by the hour and not by the token.
    if (known === undefined || question.tier === "reserved") return undefined;
    const tierRates = entryFor(known.prices, way, question.region)?.[question.tier];
    return tierRates && toPrice(tierRates, known);
}

/**
 * Whether AWS sells a model through its Marketplace: then the bill has it as "… (Amazon Bedrock Edition)", and a
 * budget that is filtered on the service "Amazon Bedrock" may miss it. Undefined where the model is not known.
 */
export function soldThroughMarketplace(model: string): boolean | undefined {
    return own(priceFile.models, wayTo(modelIdOf(model)).model)?.marketplace;
}

/** A profile's id is the model's behind a word for where its requests may go. */
function wayTo(id: string): { readonly model: string; readonly way: Way } {
    const [, area, model] = /^([a-z]{2,6}(?:-gov)?)\.([^.]+\..+)$/.exec(id) ?? [];
    if (area === undefined || own(priceFile.models, id)) return { model: id, way: "in-region" };
    return { model, way: area === "global" ? "global" : "geo" };
}

/** A key of the record itself: an id such as `constructor` is no model. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
    return Object.hasOwn(record, key) ? record[key] : undefined;
}

type Limits = Pick<ModelPrice, "maxOutputTokens" | "contextTokens">;

function toPrice(stated: FileRates, { maxOutputTokens, contextTokens }: Limits): ModelPrice {
    const { longContext } = stated;
    return {
        ...toRates(stated),
        ...(longContext && { longContext: { ...toRates(longContext), from: BigInt(longContext.from) } }),
        ...(maxOutputTokens !== undefined && { maxOutputTokens }),
        ...(contextTokens !== undefined && { contextTokens }),
    };
}

function toRates({ input, output, cacheRead, cacheWrite5m, cacheWrite1h }: FileRates): TokenRates {
    return {
        input: BigInt(input),
        output: BigInt(output),
        ...(cacheRead !== undefined && { cacheRead: BigInt(cacheRead) }),
        ...(cacheWrite5m !== undefined && { cacheWrite5m: BigInt(cacheWrite5m) }),
        ...(cacheWrite1h !== undefined && { cacheWrite1h: BigInt(cacheWrite1h) }),
    };
}
