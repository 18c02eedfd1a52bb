import {
    entryFor,
    type FileRates,
    type PriceEntry,
    type PriceFile,
    type PriceFileModel,
    type Way,
    ways,
} from "./core/price-file";

/**
 * AWS's public price list, and what of it `bedrock-prices.json` takes.
 *
 * The list could not be reached where this was written, so this has not been tried against it. Its shape is what
 * several public projects read from it in 2026: a line names its model by the id in `usagetype` (`…-mantle-…`), by
 * `model` or, in the Marketplace's offer, by `servicename`; `usagetype` says what is counted; the unit gives the scale.
 * For that reason nothing is concluded from a resemblance: a line that is not understood is reported and not used.
 */
export interface Offer {
    readonly publicationDate: string;
    readonly products?: Readonly<Record<string, { readonly attributes?: Attributes }>>;
    readonly terms?: {
        readonly OnDemand?: Readonly<Record<string, Readonly<Record<string, Term>>>>;
    };
}

type Attributes = Readonly<Record<string, string | undefined>>;

interface Term {
    readonly priceDimensions?: Readonly<Record<string, Dimension>>;
}

interface Dimension {
    readonly unit?: string;
    readonly description?: string;
    readonly beginRange?: string;
    readonly pricePerUnit?: { readonly USD?: string };
}

/** The offers that have Bedrock's prices by the token. The last one's are sold through the Marketplace. */
export const offerCodes = ["AmazonBedrock", "AmazonBedrockService", "AmazonBedrockFoundationModels"] as const;
export type OfferCode = (typeof offerCodes)[number];

const tiers = ["default", "priority", "flex", "batch"] as const;
const kinds = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"] as const;

/** What a line of the list counts. */
export interface Meter {
    readonly kind: (typeof kinds)[number];
    readonly tier: (typeof tiers)[number];
    /** `regional` is in-region and geographic alike: the list has one line for both. */
    readonly way: "regional" | "geo" | "global";
    readonly longContext: boolean;
    /** What `usagetype` calls the model; the Marketplace's lines do not say there. */
    readonly subject?: string;
    /** Whether the line is of the second endpoint, whose `subject` is the model's id. */
    readonly mantle: boolean;
}

/** Every word that a meter of text on demand may have. Another one (custom, image, TPM, …) may change the price. */
const meterWords = new Set(
    (
        "text input output token tokens count million cache read write 5m 30m 1h " +
        "standard priority flex batch global geo cross region long ctx context"
    ).split(" "),
);

/** What a `usagetype` counts; undefined where that is not text on demand. */
export function meterOf(usagetype: string): Meter | undefined {
    const marketplace = /^[A-Z0-9]+-MP:[A-Z0-9]+_(.+)-Units$/.exec(usagetype);
    const own = /^[A-Z]+\d?-(.+?)-(mantle-)?((?:text-)?(?:input|output|cache[-_](?:read|write))-.+)$/.exec(usagetype);
    const words = wordsOf(marketplace?.[1] ?? own?.[3] ?? "");
    const kind = kindOf(words);
    if (kind === undefined || [...words].some((word) => !meterWords.has(word))) return undefined;
    return {
        kind,
        tier: (["batch", "flex", "priority"] as const).find((tier) => words.has(tier)) ?? "default",
        way: (["global", "geo"] as const).find((way) => words.has(way)) ?? "regional",
        longContext: words.has("long"),
        ...(!marketplace && own && { subject: own[1] }),
        mantle: !marketplace && own?.[2] !== undefined,
    };
}

/** `CacheWrite1hInputTokenCount_Global` and `cache_write_tokens_1h_global_standard` alike. */
function wordsOf(meter: string): ReadonlySet<string> {
    return new Set((meter.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+[a-z]*/g) ?? []).map((word) => word.toLowerCase()));
}

function kindOf(words: ReadonlySet<string>): Meter["kind"] | undefined {
    if (words.has("cache")) {
        if (words.has("output") || words.has("read") === words.has("write")) return undefined;
        if (words.has("read")) return "cacheRead";
        // Writes for 30 minutes take the place of those for five: a model has the one or the other.
        return words.has("1h") ? "cacheWrite1h" : "cacheWrite5m";
    }
    if (words.has("input") === words.has("output")) return undefined;
    return words.has("input") ? "input" : "output";
}

/**
 * A price in integer micro-dollars per million tokens, exactly; a part of a micro-dollar is rounded up. Undefined where
 * the unit is none of tokens.
 */
export function microUsdPerMillion(usd: string, unit: string, description = ""): bigint | undefined {
    const [, whole, decimals = ""] = /^(\d+)(?:\.(\d+))?$/.exec(usd) ?? [];
    const tokens = tokensOf(unit, description);
    if (whole === undefined || tokens === undefined) return undefined;
    const denominator = 10n ** BigInt(decimals.length) * tokens;
    return (BigInt(whole + decimals) * 10n ** 12n + denominator - 1n) / denominator;
}

function tokensOf(unit: string, description: string): bigint | undefined {
    const [, letter] = /^1(K|M) tokens$/i.exec(unit) ?? [];
    if (letter !== undefined) return letter.toUpperCase() === "K" ? 1_000n : 1_000_000n;
    // The Marketplace's lines said `Units` once, and what a unit is in their description.
    return unit === "Units" && /\|Million /.test(description) ? 1_000_000n : undefined;
}

/** What a refresh makes of the list. */
export interface Refreshed {
    readonly file: PriceFile;
    /** A line each: what changed, from what to what. */
    readonly changes: readonly string[];
    /** A line each: what of the list was not used, and why. */
    readonly unused: readonly string[];
    /** Ids of the file's models that the list does not price: their prices stay as they were. */
    readonly unlisted: readonly string[];
}

/** The file with what the list says: a model that the list prices has the list's prices, and no others. */
export function refreshed(file: PriceFile, list: Readonly<Partial<Record<OfferCode, Offer>>>): Refreshed {
    const unused = new Set<string>();
    const lines = offerCodes.flatMap((code) => (list[code] ? linesOf(file, code, list[code], unused) : []));
    const models = { ...file.models };
    for (const [id, ofModel] of groups(lines, ({ model }) => model)) {
        const prices = entriesOf(id, file.models[id], ofModel, unused);
        if (prices.length === 0) continue;
        const { listedAs, maxOutputTokens, contextTokens } = file.models[id];
        models[id] = {
            ...(listedAs !== undefined && { listedAs }),
            published: last(ofModel.map(({ published }) => published)),
            ...(maxOutputTokens !== undefined && { maxOutputTokens }),
            ...(contextTokens !== undefined && { contextTokens }),
            marketplace: ofModel.some(({ marketplace }) => marketplace),
            prices,
        };
    }
    const published = last(Object.values(list).map(({ publicationDate }) => publicationDate.slice(0, 10)));
    const regions = [...new Set(lines.map(({ region }) => region))].sort();
    return {
        file: { ...file, date: published ?? file.date, models },
        changes: changesOf(file, models, regions),
        unused: [...unused].sort(),
        unlisted: Object.keys(models).filter((id) => models[id] === file.models[id]),
    };
}

function last(dates: readonly string[]): string | undefined {
    return [...dates].sort().at(-1);
}

interface Line extends Meter {
    readonly model: string;
    readonly region: string;
    readonly marketplace: boolean;
    readonly published: string;
    readonly price: number;
}

function linesOf(file: PriceFile, code: OfferCode, offer: Offer, unused: Set<string>): Line[] {
    return Object.entries(offer.products ?? {}).flatMap(([sku, { attributes = {} }]) => {
        const meter = meterOf(attributes.usagetype ?? "");
        if (meter === undefined || !isOnDemand(attributes, meter)) return [];
        const model = modelOf(file, attributes, meter);
        const name = meter.mantle ? meter.subject : (nameOf(attributes) ?? meter.subject);
        if (model === undefined) {
            unused.add(`${code}: the model ${name ?? sku} is not in the file, or not under this name`);
            return [];
        }
        const region = attributes.regionCode;
        const price = priceOf(offer, sku);
        if (region === undefined || typeof price !== "number") {
            unused.add(`${code}: ${attributes.usagetype} of ${name}: ${region === undefined ? "no region" : price}`);
            return [];
        }
        const published = offer.publicationDate.slice(0, 10);
        const marketplace = code === "AmazonBedrockFoundationModels";
        return [{ ...meter, model, region, marketplace, published, price }];
    });
}

/** Older lines say by `feature` what newer ones leave empty. */
function isOnDemand({ feature }: Attributes, { tier }: Meter): boolean {
    return !feature || feature === (tier === "batch" ? "Batch Inference" : "On-demand Inference");
}

function nameOf({ servicename, model }: Attributes): string | undefined {
    const [, sold] = /^(.+) \(Amazon Bedrock Edition\)$/.exec(servicename ?? "") ?? [];
    return sold ?? (model || undefined);
}

function modelOf(file: PriceFile, attributes: Attributes, { subject, mantle }: Meter): string | undefined {
    if (subject !== undefined && Object.hasOwn(file.models, subject)) return subject;
    const name = nameOf(attributes);
    if (mantle || name === undefined) return undefined;
    return Object.keys(file.models).find((id) => file.models[id].listedAs === name);
}

/** The price, or what is wrong with it. */
function priceOf(offer: Offer, sku: string): number | string {
    const terms = Object.values(offer.terms?.OnDemand?.[sku] ?? {});
    const dimensions = terms.flatMap(({ priceDimensions = {} }) => Object.values(priceDimensions));
    if (dimensions.length !== 1) return `${dimensions.length} prices instead of one`;
    const [{ unit = "", description, beginRange = "0", pricePerUnit }] = dimensions;
    if (beginRange !== "0") return `a price from ${beginRange} on only`;
    const price = microUsdPerMillion(pricePerUnit?.USD ?? "", unit, description);
    if (price === undefined) return `${pricePerUnit?.USD} USD for ${JSON.stringify(unit)}`;
    // Nova's writes to a cache are listed at 0. A file of prices that may be 0 could not tell a mistake from a gift.
    return price === 0n ? "a price of 0" : Number(price);
}

type Tiers = Omit<PriceEntry, "through" | "at">;

function entriesOf(id: string, known: PriceFileModel, lines: readonly Line[], unused: Set<string>): PriceEntry[] {
    const thresholds = known.prices.flatMap(({ default: { longContext } }) => longContext?.from ?? []);
    const from = thresholds.length > 0 ? Math.min(...thresholds) : undefined;
    if (from === undefined && lines.some(({ longContext }) => longContext)) {
        unused.add(`${id}: prices for long prompts, and the file does not know from how many tokens on`);
        return [];
    }
    const found: { way: Way; region: string; prices: Tiers }[] = [];
    for (const region of [...new Set(lines.map((line) => line.region))].sort()) {
        const here = lines.filter((line) => line.region === region);
        const on = (way: Meter["way"]) =>
            tiersOf(
                here.filter((line) => line.way === way),
                id,
                from,
                unused,
            );
        const prices = { "in-region": on("regional"), geo: on("geo") ?? on("regional"), global: on("global") };
        for (const way of ways) if (prices[way]) found.push({ way, region, prices: prices[way] });
    }
    return merged(found);
}

/** The tiers that have both prices, of input and of output; undefined where the default tier is not among them. */
function tiersOf(lines: readonly Line[], id: string, from: number | undefined, unused: Set<string>): Tiers | undefined {
    const ofTier = (tier: Meter["tier"]): FileRates | undefined => {
        const short = ratesOf(
            lines.filter((line) => line.tier === tier && !line.longContext),
            id,
            unused,
        );
        const long = ratesOf(
            lines.filter((line) => line.tier === tier && line.longContext),
            id,
            unused,
        );
        return short && { ...short, ...(long && { longContext: { from: from!, ...long } }) };
    };
    const normal = ofTier("default");
    if (normal === undefined) return undefined;
    // The list may call them by a word that is not known here: nothing says that they cost no more any longer.
    if (from !== undefined && !normal.longContext) {
        unused.add(`${id}: no prices for long prompts, for which the file has some`);
        return undefined;
    }
    const result: Tiers = { default: normal };
    for (const tier of ["priority", "flex", "batch"] as const) {
        const rates = ofTier(tier);
        // What a long prompt costs there is not known, and it is dearer than a short one.
        if (rates && (rates.longContext || !normal.longContext)) result[tier] = rates;
    }
    return result;
}

function ratesOf(lines: readonly Line[], id: string, unused: Set<string>): Omit<FileRates, "longContext"> | undefined {
    const rates: Partial<Record<Meter["kind"], number>> = {};
    for (const kind of kinds) {
        const prices = [...new Set(lines.filter((line) => line.kind === kind).map(({ price }) => price))];
        if (prices.length > 1) unused.add(`${id}: ${kind} is listed at ${prices.join(" and ")}: the highest is taken`);
        if (prices.length > 0) rates[kind] = Math.max(...prices);
    }
    const { input, output, ...cache } = rates;
    return input !== undefined && output !== undefined ? { input, output, ...cache } : undefined;
}

/** One entry for all the regions and ways that have the same prices. */
function merged(found: readonly { way: Way; region: string; prices: Tiers }[]): PriceEntry[] {
    const byWay = groups(found, ({ way, prices }) => JSON.stringify([way, prices]));
    const byRegions = groups(
        [...byWay.values()].map((same) => ({ ...same[0], at: same.map(({ region }) => region) })),
        ({ at, prices }) => JSON.stringify([at, prices]),
    );
    return [...byRegions.values()].map((same) => ({
        through: ways.filter((way) => same.some((one) => one.way === way)),
        at: same[0].at,
        ...same[0].prices,
    }));
}

/** What calls from the list's regions cost otherwise than before. */
function changesOf(old: PriceFile, models: PriceFile["models"], regions: readonly string[]): string[] {
    const where = new Map<string, string[]>();
    for (const [id, { prices }] of Object.entries(models)) {
        for (const way of ways) {
            for (const region of regions) {
                const before = flat(entryFor(old.models[id].prices, way, region));
                const after = flat(entryFor(prices, way, region));
                for (const part of new Set([...before.keys(), ...after.keys()])) {
                    if (before.get(part) === after.get(part)) continue;
                    const change = `${before.get(part) ?? "unknown"} → ${after.get(part) ?? "unknown"}`;
                    const line = `${id} ${way} ${part}: ${change}`;
                    where.set(line, [...(where.get(line) ?? []), region]);
                }
            }
        }
    }
    return [...where].map(([line, at]) => `${line} (${at.join(", ")})`);
}

function flat(entry: PriceEntry | undefined): ReadonlyMap<string, number> {
    const parts = new Map<string, number>();
    for (const tier of tiers) {
        const { longContext, ...short } = entry?.[tier] ?? {};
        for (const [kind, price] of Object.entries(short)) parts.set(`${tier} ${kind}`, price);
        for (const [kind, price] of Object.entries(longContext ?? {})) parts.set(`${tier} long ${kind}`, price);
    }
    return parts;
}

/** The file's text, as the formatter of this repository would write it. */
export function formatPrices(file: PriceFile): string {
    return `${format(JSON.parse(JSON.stringify(file)), "", 0)}\n`;
}

/** @param before how many characters of the value's first line are taken already */
function format(value: unknown, indent: string, before: number): string {
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const isList = Array.isArray(value);
    const parts = Object.entries(value).map(([key, part]) => ({ key: isList ? "" : `${JSON.stringify(key)}: `, part }));
    const [open, close] = isList ? "[]" : "{}";
    if (parts.every(({ part }) => typeof part !== "object")) {
        const inside = parts.map(({ key, part }) => key + JSON.stringify(part)).join(", ");
        const line = isList || inside === "" ? `${open}${inside}${close}` : `{ ${inside} }`;
        // A line has 120 characters at most, with the comma behind it.
        if (before + line.length < 120) return line;
    }
    const deeper = `${indent}    `;
    const lines = parts.map(({ key, part }) => deeper + key + format(part, deeper, deeper.length + key.length));
    return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

function groups<T>(values: readonly T[], keyOf: (value: T) => string): ReadonlyMap<string, readonly [T, ...T[]]> {
    const found = new Map<string, [T, ...T[]]>();
    for (const value of values) {
        const group = found.get(keyOf(value));
        if (group) group.push(value);
        else found.set(keyOf(value), [value]);
    }
    return found;
}
