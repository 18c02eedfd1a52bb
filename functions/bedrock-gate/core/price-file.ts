import { z } from "zod";

/** In integer micro-dollars per million tokens: 0.72 USD per million tokens is 720000. */
const rate = z.int().positive();

const rates = z.strictObject({
    input: rate,
    output: rate,
    cacheRead: rate.optional(),
    cacheWrite5m: rate.optional(),
    cacheWrite1h: rate.optional(),
});

/** What a request costs, all of it, whose input (cached or not) is of `from` tokens or more. */
const longContext = rates.extend({ from: z.int().positive() });

const tierRates = rates.extend({ longContext: longContext.optional() });

/**
 * The ways to a model that AWS prices apart: its own id, the profile of a geography (`us.`, `eu.`, …), the global one.
 * What a geography costs goes by the region that the call comes from.
 */
export const ways = ["in-region", "geo", "global"] as const;

const entry = z.strictObject({
    through: z.array(z.enum(ways)).min(1),
    /** Regions that calls come from; `commercial` is every region of the partition `aws`. */
    at: z.array(z.union([z.literal("commercial"), z.string().regex(/^[a-z]{2}(-gov)?-[a-z]+-\d$/)])).min(1),
    default: tierRates,
    priority: tierRates.optional(),
    flex: tierRates.optional(),
    batch: tierRates.optional(),
});

const model = z.strictObject({
    /** What AWS's price list calls it; without one, only lines that carry the id itself are known to be its. */
    listedAs: z.string().optional(),
    /** Publication of AWS's price list that its prices are from; without one they are from the file's other sources. */
    published: z.iso.date().optional(),
    /** The most that is known to be granted: what the gate asks for where its caller names no limit. */
    maxOutputTokens: z.int().positive().optional(),
    contextTokens: z.int().positive().optional(),
    /** Whether AWS sells it through its Marketplace, so that a budget on the service "Amazon Bedrock" may miss it. */
    marketplace: z.boolean(),
    prices: z.array(entry).min(1),
});

/** What `bedrock-prices.json` may hold. */
export const priceFileSchema = z.strictObject({
    /** Of the day on which the figures were read. */
    date: z.iso.date(),
    source: z.array(z.string()).min(1),
    notes: z.array(z.string()),
    models: z.record(z.string(), model),
    /** What was left out because the sources contradict each other or say too little, and why. */
    disputed: z.record(z.string(), z.string()),
});

export type PriceFile = z.infer<typeof priceFileSchema>;
export type PriceFileModel = z.infer<typeof model>;
export type PriceEntry = z.infer<typeof entry>;
export type FileRates = z.infer<typeof tierRates>;
export type Way = (typeof ways)[number];

/** The entry for calls from a region; one that names the region wins over one for all of them. */
export function entryFor(entries: readonly PriceEntry[], way: Way, region: string): PriceEntry | undefined {
    const onTheWay = entries.filter(({ through }) => through.includes(way));
    return (
        onTheWay.find(({ at }) => at.includes(region)) ??
        (isCommercial(region) ? onTheWay.find(({ at }) => at.includes("commercial")) : undefined)
    );
}

/** Whether a region is of the partition `aws`, and neither `us-gov-…` nor isolated nor of an area that is not known. */
export function isCommercial(region: string): boolean {
    return /^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d$/.test(region);
}
