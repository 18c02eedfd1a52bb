import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { calcPrice } from "@pydantic/genai-prices";
import execa from "execa";

import { affordableOutput, ceilingOf, costOf, formatUsd } from "../../functions/bedrock-gate/core/money";
import { type FileRates, type PriceFile, priceFileSchema } from "../../functions/bedrock-gate/core/price-file";
import {
    findPrice,
    modelIdOf,
    priceFile,
    priceOverridesSchema,
    type ServiceTier,
    soldThroughMarketplace,
} from "../../functions/bedrock-gate/core/prices";
import {
    formatPrices,
    meterOf,
    microUsdPerMillion,
    type Offer,
    refreshed,
} from "../../functions/bedrock-gate/price-list";
import { root } from "../../local/paths";

const llama = "meta.llama3-1-70b-instruct-v1:0";
const opus = "anthropic.claude-opus-5";

function ask(model: string, region = "us-west-2", tier: ServiceTier = "default") {
    return findPrice({ model, region, tier });
}

describe("modelIdOf", () => {
    const arn = "arn:aws:bedrock:us-west-2";
    const ids: readonly (readonly [string, string])[] = [
        [llama, llama],
        [`${arn}::foundation-model/${llama}`, llama],
        [`arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/${llama}`, llama],
        [`${arn}:123456789012:inference-profile/us.${llama}`, `us.${llama}`],
        // These do not say which model they are.
        [
            `${arn}:123456789012:application-inference-profile/x1`,
            `${arn}:123456789012:application-inference-profile/x1`,
        ],
        [`${arn}:123456789012:provisioned-model/x1`, `${arn}:123456789012:provisioned-model/x1`],
        [`arn:aws:s3:::foundation-model/${llama}`, `arn:aws:s3:::foundation-model/${llama}`],
    ];
    for (const [given, id] of ids) {
        it(`${given} is ${id}`, () => assert.equal(modelIdOf(given), id));
    }
});

describe("findPrice", () => {
    const llamaPrice = { input: 720_000n, output: 720_000n, maxOutputTokens: 4096, contextTokens: 128_000 };

    it("of a model, of its profile, and of their ARNs", () => {
        for (const id of [llama, `us.${llama}`]) {
            assert.deepEqual(ask(id), llamaPrice);
            assert.deepEqual(ask(`arn:aws:bedrock:us-west-2:123456789012:inference-profile/${id}`), llamaPrice);
        }
        assert.deepEqual(ask(`arn:aws:bedrock:us-west-2::foundation-model/${llama}`), llamaPrice);
    });

    it("in-region and through a geography is dearer than the global profile where AWS makes it so", () => {
        assert.deepEqual(
            [ask(opus)?.input, ask(`us.${opus}`)?.input, ask(`eu.${opus}`, "eu-west-1")?.input],
            [5_500_000n, 5_500_000n, 5_500_000n],
        );
        assert.equal(ask(`global.${opus}`)?.input, 5_000_000n);
    });

    it("goes by the region where the file has one", () => {
        const input = (region: string) => ask("meta.llama3-70b-instruct-v1:0", region)?.input;
        assert.deepEqual(["us-east-1", "ca-central-1", "sa-east-1"].map(input), [2_650_000n, 3_050_000n, 4_450_000n]);
        assert.deepEqual(ask(opus, "us-gov-west-1")?.input, 6_000_000n);
    });

    it("goes by the tier and by the cache", () => {
        const qwen = (tier: ServiceTier) => ask("qwen.qwen3-32b-v1:0", "us-east-1", tier)?.input;
        assert.deepEqual((["default", "priority", "flex", "batch"] as const).map(qwen), [
            150_000n,
            262_500n,
            75_000n,
            75_000n,
        ]);
        const { cacheRead, cacheWrite5m, cacheWrite1h } = ask(`us.${opus}`)!;
        assert.deepEqual([cacheRead, cacheWrite5m, cacheWrite1h], [550_000n, 6_875_000n, 11_000_000n]);
    });

    it("has another price for long prompts", () => {
        const { longContext, input } = ask("us.openai.gpt-5.4")!;
        assert.deepEqual([input, longContext?.from, longContext?.input], [2_750_000n, 272_000n, 5_500_000n]);
    });

    const unknown: readonly (readonly [why: string, model: string, region?: string, tier?: ServiceTier])[] = [
        ["a model that AWS publishes no price for", "meta.codellama-34b-instruct-v1:0"],
        ["its profile", "us.meta.codellama-34b-instruct-v1:0"],
        ["no model", "constructor"],
        ["a profile of no model", "us.constructor"],
        ["a region that the price is not known for", llama, "eu-central-1"],
        ["a geography whose price the sources do not agree on", "eu.amazon.nova-lite-v1:0", "eu-central-1"],
        ["a region of another partition", opus, "cn-north-1"],
        ["an isolated region", opus, "us-isob-east-1"],
        ["a region of no known area", opus, "xx-west-1"],
        ["a global profile in GovCloud", `global.${opus}`, "us-gov-west-1"],
        ["a tier without a price", llama, "us-west-2", "priority"],
        ["reserved capacity", llama, "us-west-2", "reserved"],
        ["an account's own profile", "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/x1"],
        ["a profile of a profile", `global.us.${opus}`],
    ];
    for (const [why, model, region, tier] of unknown) {
        it(`is unknown for ${why}`, () => assert.equal(ask(model, region, tier), undefined));
    }

    describe("with an operator's prices", () => {
        const own = { input: 1_000_000, output: 2_000_000 };
        const overrides = priceOverridesSchema.parse({
            "meta.codellama-34b-instruct-v1:0": { ...own, maxOutputTokens: 2048, cacheWrite5m: 0 },
            [llama]: { ...own, tiers: { priority: { input: 3_000_000, output: 3_000_000 } } },
            "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/x1": own,
            [`arn:aws:bedrock:eu-central-1::foundation-model/${opus}`]: own,
        });
        const find = (model: string, tier: ServiceTier = "default") =>
            findPrice({ model, region: "eu-central-1", tier }, overrides);

        it("knows what the file does not", () => {
            const price = { input: 1_000_000n, output: 2_000_000n };
            assert.deepEqual(find("meta.codellama-34b-instruct-v1:0"), {
                ...price,
                cacheWrite5m: 0n,
                maxOutputTokens: 2048,
            });
            assert.deepEqual(find("arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/x1"), price);
        });

        it("goes by an ARN as it was stated", () => {
            assert.equal(find(`arn:aws:bedrock:eu-central-1::foundation-model/${opus}`)?.input, 1_000_000n);
            assert.equal(find(opus)?.input, 5_500_000n);
        });

        it("wins over the file for exactly its id, and for the tiers that it states", () => {
            assert.equal(find(llama)?.input, 1_000_000n);
            assert.equal(find(llama, "priority")?.input, 3_000_000n);
            assert.equal(find(llama, "batch"), undefined);
            assert.equal(find(`us.${llama}`), undefined);
            assert.equal(
                findPrice({ model: `us.${llama}`, region: "us-west-2", tier: "default" }, overrides)?.input,
                720_000n,
            );
        });

        for (const [name, wrong] of Object.entries({
            "a price of 0": { ...own, input: 0 },
            "a part of a micro-dollar": { ...own, output: 0.72 },
            "a price below 0": { ...own, cacheRead: -1 },
            "no price of output": { input: 1 },
            "an unknown key": { ...own, cachewrite5m: 1 },
        })) {
            it(`refuses ${name}`, () =>
                assert.equal(priceOverridesSchema.safeParse({ [llama]: wrong }).success, false));
        }
    });
});

describe("soldThroughMarketplace", () => {
    it("tells Anthropic's models from Meta's and Amazon's, by their profiles too", () => {
        const of = (model: string) => soldThroughMarketplace(model);
        assert.deepEqual(
            [`global.${opus}`, "ai21.jamba-1-5-mini-v1:0", `us.${llama}`, "amazon.nova-pro-v1:0", "constructor"].map(
                of,
            ),
            [true, true, false, false, undefined],
        );
    });
});

describe("money", () => {
    const price = { input: 3_000_000n, output: 15_000_000n, cacheRead: 300_000n, cacheWrite5m: 3_750_000n };
    const none = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n };

    it("adds up before it rounds up, once", () => {
        // 0.3 + 0.3 + 0.3 micro-dollars are one, and not three.
        const small = { input: 300_000n, output: 300_000n, cacheRead: 300_000n };
        assert.equal(costOf(small, { ...none, input: 1n, output: 1n, cacheRead: 1n }), 1n);
        assert.equal(costOf(price, { ...none, input: 1000n, output: 200n, cacheRead: 10_000n }), 9000n);
    });

    it("charges a cache of an unknown price at twice the input", () => {
        assert.equal(costOf(price, { ...none, cacheWrite1h: 1n }), 6n);
    });

    it("charges all of a long prompt at the price of long ones, from the first such token on", () => {
        const long = { ...price, longContext: { from: 200_000n, input: 6_000_000n, output: 22_500_000n } };
        assert.equal(costOf(long, { ...none, input: 199_999n }), 599_997n);
        assert.equal(costOf(long, { ...none, input: 100_000n, cacheRead: 100_000n, output: 2n }), 1_800_045n);
    });

    it("expects the dearest cache in a ceiling, and fits the output to what is left", () => {
        assert.equal(ceilingOf(price, { inputTokens: 1000n, maxOutputTokens: 100n }), 7500n);
        assert.equal(affordableOutput(price, 1000n, 7500n), 100n);
        assert.equal(affordableOutput(price, 1000n, 7499n), 99n);
        assert.equal(affordableOutput(price, 1000n, 6014n), undefined);
        assert.equal(affordableOutput(price, 1000n, 0n), undefined);
    });

    it("is written with two decimals at least, and as many as it has", () => {
        assert.deepEqual([0n, 12_500_000n, 1n, 1_234_500n, -720_000n].map(formatUsd), [
            "0.00 USD",
            "12.50 USD",
            "0.000001 USD",
            "1.2345 USD",
            "-0.72 USD",
        ]);
    });
});

describe("bedrock-prices.json", () => {
    /** Every rate of the file, with where it is. */
    const all = Object.entries(priceFile.models).flatMap(([id, { prices }]) =>
        prices.flatMap((entry) =>
            (["default", "priority", "flex", "batch"] as const).flatMap((tier) =>
                entry[tier] ? [{ id, tier, entry, rates: entry[tier] as FileRates }] : [],
            ),
        ),
    );

    it("has models of each vendor, and none whose price AWS does not publish", () => {
        const vendors = new Set(Object.keys(priceFile.models).map((id) => id.split(".")[0]));
        for (const vendor of [
            "ai21",
            "amazon",
            "anthropic",
            "cohere",
            "deepseek",
            "meta",
            "mistral",
            "openai",
            "qwen",
        ]) {
            assert.ok(vendors.has(vendor), vendor);
        }
        assert.deepEqual(
            Object.keys(priceFile.models).filter((id) => /codellama/.test(id)),
            [],
        );
    });

    it("is written as a refresh writes it", () => {
        const text = readFileSync(join(root, "functions/bedrock-gate/core/bedrock-prices.json"), "utf8");
        assert.equal(formatPrices(priceFile), text);
    });

    it("has one price for a way and a region", () => {
        for (const [id, { prices }] of Object.entries(priceFile.models)) {
            const places = prices.flatMap(({ through, at }) =>
                through.flatMap((way) => at.map((one) => `${way} ${one}`)),
            );
            assert.equal(new Set(places).size, places.length, id);
        }
    });

    it("has no figure that slipped by a digit: each is in the range of what AWS charges", () => {
        for (const { id, tier, entry, rates } of all) {
            const where = `${id} ${tier} ${JSON.stringify(entry)}`;
            const { longContext, input, output, ...cache } = rates;
            assert.ok(input >= 10_000 && output >= input && output <= 10 * input && output <= 150_000_000, where);
            for (const [kind, price] of Object.entries(cache)) {
                // The gate's stand-in for an unknown cache price is twice the input's: none may be above it.
                if (kind === "cacheRead") assert.ok(price! <= input && price! * 50 >= input, where);
                else assert.ok(price! >= input && price! <= 2 * input, where);
            }
            if (tier === "priority") assert.ok(input > entry.default.input && output > entry.default.output, where);
            if (tier === "flex" || tier === "batch") assert.ok(input < entry.default.input, where);
            assert.equal(longContext !== undefined, entry.default.longContext !== undefined, where);
            for (const [kind, price] of Object.entries(rates)) {
                if (longContext && kind !== "longContext") {
                    assert.ok(longContext[kind as "input"] >= (price as number), where);
                }
            }
        }
    });

    /** Where a figure is not the second source's, and why. */
    const explained: Readonly<Record<string, string>> = {
        "anthropic.claude-sonnet-5-5 cacheRead":
            "its pattern for Sonnet 5 takes 5.5 as well, which reads at half of it",
    };

    it("agrees with the second source on every American and global price that both have", () => {
        const timestamp = new Date(`${priceFile.date}T00:00:00Z`);
        const fields = {
            input: "input_mtok",
            output: "output_mtok",
            cacheRead: "cache_read_mtok",
            cacheWrite5m: "cache_write_mtok",
            cacheWrite1h: "cache_write_1h_mtok",
        } as const;
        const differences = new Set<string>();
        const compared = new Set<string>();
        for (const id of Object.keys(priceFile.models)) {
            for (const model of [id, `us.${id}`, `global.${id}`]) {
                const ours = findPrice({ model, region: "us-east-1", tier: "default" });
                const theirs = calcPrice({ input_tokens: 1, output_tokens: 1 }, model, {
                    providerId: "aws",
                    timestamp,
                });
                if (!ours || !theirs) continue;
                for (const [kind, field] of Object.entries(fields) as [keyof typeof fields, string][]) {
                    const price = theirs.model_price[field];
                    const usd = typeof price === "object" ? price.base : price;
                    if (usd === undefined || ours[kind] === undefined) continue;
                    compared.add(id);
                    if (ours[kind] !== BigInt(Math.round(usd * 1e6))) differences.add(`${id} ${kind}`);
                }
            }
        }
        assert.deepEqual([...differences].sort(), Object.keys(explained).sort());
        // Otherwise a second source that knows nothing would agree, too.
        assert.ok(compared.size > 70, `${compared.size} models compared`);
        assert.ok(compared.has(llama) && compared.has(opus));
    });
});

/** Lines in the shapes that the list has, as `[attributes, unit, USD, more of the price]`. */
type ListLine = readonly [attributes: Record<string, string>, unit: string, usd: string, more?: object];

function offerOf(publicationDate: string, lines: readonly ListLine[]): Offer {
    const sku = (index: number) => `SKU${index}`;
    return {
        publicationDate,
        products: Object.fromEntries(
            lines.map(([attributes], index) => [
                sku(index),
                {
                    sku: sku(index),
                    productFamily: "Amazon Bedrock",
                    attributes: { regionCode: "us-west-2", ...attributes },
                },
            ]),
        ),
        terms: {
            OnDemand: Object.fromEntries(
                lines.map(([, unit, USD, more], index) => [
                    sku(index),
                    {
                        [`${sku(index)}.JRTCKXETXF`]: {
                            offerTermCode: "JRTCKXETXF",
                            priceDimensions: {
                                [`${sku(index)}.JRTCKXETXF.6YS6EN2CT7`]: {
                                    unit,
                                    beginRange: "0",
                                    endRange: "Inf",
                                    pricePerUnit: { USD },
                                    ...more,
                                },
                            },
                        },
                    },
                ]),
            ),
        },
    };
}

const onDemand = { feature: "On-demand Inference" };
const llamaLine = { ...onDemand, model: "Llama 3.1 70B", provider: "Meta" };
const sold = (name: string) => ({ servicename: `${name} (Amazon Bedrock Edition)` });
const million = (what: string) => ({ description: `AWS Marketplace software usage|us-west-2|Million ${what}` });

const list = {
    AmazonBedrock: offerOf("2026-12-01T08:00:00Z", [
        [{ ...llamaLine, usagetype: "USW2-Llama3-1-70B-input-tokens" }, "1K tokens", "0.0008000000"],
        [{ ...llamaLine, usagetype: "USW2-Llama3-1-70B-output-tokens" }, "1K tokens", "0.0007200000"],
        [
            { ...llamaLine, feature: "Batch Inference", usagetype: "USW2-Llama3-1-70B-input-tokens-batch" },
            "1K tokens",
            "0.0004000000",
        ],
        [
            { ...llamaLine, feature: "Batch Inference", usagetype: "USW2-Llama3-1-70B-output-tokens-batch" },
            "1K tokens",
            "0.0003600000",
        ],
        // Another region, dearer; and lines that must not become the price of it.
        [{ ...llamaLine, regionCode: "eu-west-2", usagetype: "EUW2-Llama3-1-70B-input-tokens" }, "1K tokens", "0.001"],
        [{ ...llamaLine, regionCode: "eu-west-2", usagetype: "EUW2-Llama3-1-70B-output-tokens" }, "1k tokens", "0.001"],
        [{ ...llamaLine, usagetype: "USW2-Llama3-1-70B-input-tokens-custom-model" }, "1K tokens", "0.0000100000"],
        [
            {
                ...llamaLine,
                model: "Llama 3.1 70B Latency Optimized",
                usagetype: "USW2-Llama3-1-70B-LatencyOptimized-input-tokens",
            },
            "1K tokens",
            "0.0009000000",
        ],
        [
            { ...llamaLine, feature: "Model Customization", usagetype: "USW2-Llama3-1-70B-input-tokens" },
            "1K tokens",
            "0.00799",
        ],
        // Nova: two ways, and writes to its cache at 0.
        [
            { ...onDemand, model: "Nova 2.0 Lite", usagetype: "USW2-Nova2.0Lite-input-tokens" },
            "1K tokens",
            "0.0003300000",
        ],
        [
            { ...onDemand, model: "Nova 2.0 Lite", usagetype: "USW2-Nova2.0Lite-output-tokens" },
            "1K tokens",
            "0.0027500000",
        ],
        [
            { ...onDemand, model: "Nova 2.0 Lite", usagetype: "USW2-Nova2.0Lite-cache-read-input-token-count" },
            "1K tokens",
            "0.0000825000",
        ],
        [
            { ...onDemand, model: "Nova 2.0 Lite", usagetype: "USW2-Nova2.0Lite-cache-write-input-token-count" },
            "1K tokens",
            "0.0000000000",
        ],
        [
            { ...onDemand, model: "Nova 2.0 Lite", usagetype: "USW2-Nova2.0Lite-input-tokens-cross-region-global" },
            "1K tokens",
            "0.0003000000",
        ],
        [
            { ...onDemand, model: "Nova 2.0 Lite", usagetype: "USW2-Nova2.0Lite-output-tokens-cross-region-global" },
            "1K tokens",
            "0.0025000000",
        ],
        [
            { ...onDemand, model: "Nova Mystery", usagetype: "USW2-NovaMystery-input-tokens" },
            "1K tokens",
            "0.0000010000",
        ],
        [{ model: "Nova Lite", usagetype: "USW2-NovaLite-input-tokens" }, "1K tokens", "0.0000500000"],
    ]),
    AmazonBedrockService: offerOf("2026-12-02T08:00:00Z", [
        [
            { usagetype: "USW2-moonshotai.kimi-k3-mantle-input-tokens-standard", model: "Kimi K3" },
            "1K tokens",
            "0.0033",
        ],
        [
            { usagetype: "USW2-moonshotai.kimi-k3-mantle-output-tokens-standard", model: "Kimi K3" },
            "1K tokens",
            "0.0165",
        ],
        [
            { usagetype: "USW2-moonshotai.kimi-k3-mantle-cache-write-tokens-30m-standard", model: "Kimi K3" },
            "1K tokens",
            "0.004125",
        ],
        [{ usagetype: "USW2-nobody.new-1-mantle-input-tokens-standard", model: "Kimi K3" }, "1K tokens", "0.0001"],
    ]),
    AmazonBedrockFoundationModels: offerOf("2026-11-30T08:00:00Z", [
        [
            { ...sold("Claude Opus 5.5"), usagetype: "USW2-MP:USW2_input_tokens_standard-Units" },
            "1M tokens",
            "4.4000000000",
        ],
        [
            { ...sold("Claude Opus 5.5"), usagetype: "USW2-MP:USW2_output_tokens_standard-Units" },
            "1M tokens",
            "22.0000000000",
        ],
        [
            { ...sold("Claude Opus 5.5"), usagetype: "USW2-MP:USW2_cache_write_tokens_1h_standard-Units" },
            "1M tokens",
            "8.8",
        ],
        [
            { ...sold("Claude Opus 5.5"), usagetype: "USW2-MP:USW2_cache_write_tokens_standard-Units" },
            "1M tokens",
            "5.5",
        ],
        [
            { ...sold("Claude Haiku 4.5"), usagetype: "USW2-MP:USW2_InputTokenCount-Units" },
            "Units",
            "1.1000000000",
            million("Input Tokens Regional"),
        ],
        [
            { ...sold("Claude Haiku 4.5"), usagetype: "USW2-MP:USW2_OutputTokenCount-Units" },
            "Units",
            "5.5000000000",
            million("Response Tokens Regional"),
        ],
        [
            { ...sold("Claude Haiku 4.5"), usagetype: "USW2-MP:USW2_InputTokenCount_Global-Units" },
            "1M tokens",
            "1.0000000000",
        ],
        [
            { ...sold("Claude Haiku 4.5"), usagetype: "USW2-MP:USW2_OutputTokenCount_Global-Units" },
            "1M tokens",
            "5.0000000000",
        ],
        [
            { ...sold("Claude Haiku 4.5"), usagetype: "USW2-MP:USW2_CacheWrite1hInputTokenCount-Units" },
            "1M tokens",
            "2.2",
        ],
        [
            { ...sold("Claude Haiku 4.5"), usagetype: "USW2-MP:USW2_Reserved_1Month_InputTPM_Geo-Units" },
            "1M TPM Hour",
            "0.066",
        ],
        [{ ...sold("OpenAI GPT-6 Astra"), usagetype: "USW2-MP:USW2_input_tokens_standard-Units" }, "1M tokens", "11"],
        [{ ...sold("OpenAI GPT-6 Astra"), usagetype: "USW2-MP:USW2_output_tokens_standard-Units" }, "1M tokens", "55"],
        [
            { ...sold("OpenAI GPT-6 Astra"), usagetype: "USW2-MP:USW2_input_tokens_long_ctx_standard-Units" },
            "1M tokens",
            "22",
        ],
        [
            { ...sold("OpenAI GPT-6 Astra"), usagetype: "USW2-MP:USW2_output_tokens_long_ctx_standard-Units" },
            "1M tokens",
            "82.5",
        ],
    ]),
};

describe("a line of AWS's price list", () => {
    const meters: readonly (readonly [usagetype: string, meter: string | undefined])[] = [
        ["USE1-Llama3-1-70B-input-tokens", "input default regional Llama3-1-70B"],
        ["EUW2-Mistral7B-output-tokens", "output default regional Mistral7B"],
        ["EU-Qwen3-32B-output-tokens-batch", "output batch regional Qwen3-32B"],
        ["USE1-Nova2.0Pro-text-input-tokens-priority-cross-region-global", "input priority global Nova2.0Pro"],
        ["USE1-NovaMicro-cache-write-input-token-count", "cacheWrite5m default regional NovaMicro"],
        ["USW2-moonshotai.kimi-k3-mantle-input-tokens-global-flex", "input flex global moonshotai.kimi-k3 mantle"],
        ["USW2-MP:USW2_CacheWrite1hInputTokenCount_Global-Units", "cacheWrite1h default global"],
        ["USW2-MP:USW2_CacheReadInputTokenCount-Units", "cacheRead default regional"],
        ["APN1-MP:APN1_MillionBatchInputTokens-Units", "input batch regional"],
        ["USW2-MP:USW2_input_tokens_long_ctx_global_standard-Units", "input default global long"],
        ["USW2-MP:USW2_cache_write_tokens_1h_standard-Units", "cacheWrite1h default regional"],
        ["USW2-MP:USW2_OutputTokenCount_LatencyOptimized-Units", undefined],
        ["USW2-MP:USW2_Reserved_1Month_InputTPM_Geo-Units", undefined],
        ["USE1-NovaPro-output-tokens-latency-optimized", undefined],
        ["USE1-NovaMicro-cache-read-input-token-count-custom-model", undefined],
        ["USW2-Nova2.0Omni-input-audio-token-count", undefined],
        ["USW2-Nova2.0Lite-reserved-1-month-input-tokens-per-minute-cross-region-geo", undefined],
        ["USW2-Ray-V2-Medfps-HDRes", undefined],
    ];
    for (const [usagetype, expected] of meters) {
        it(`${usagetype} is ${expected ?? "not text on demand"}`, () => {
            const meter = meterOf(usagetype);
            const words = meter && [
                meter.kind,
                meter.tier,
                meter.way,
                ...(meter.longContext ? ["long"] : []),
                ...(meter.subject ? [meter.subject] : []),
                ...(meter.mantle ? ["mantle"] : []),
            ];
            assert.equal(words?.join(" "), expected);
        });
    }

    it("has its price read without floating point", () => {
        assert.equal(microUsdPerMillion("0.0000087500", "1K tokens"), 8750n);
        assert.equal(microUsdPerMillion("0.00072", "1k tokens"), 720_000n);
        assert.equal(microUsdPerMillion("27.5000000000", "1M tokens"), 27_500_000n);
        assert.equal(microUsdPerMillion("3.0000000000", "Units", million("Input Tokens").description), 3_000_000n);
        assert.equal(microUsdPerMillion("0.0000000001", "1M tokens"), 1n);
        for (const [usd, unit] of [
            ["3", "Units"],
            ["0.066", "1M TPM Hour"],
            ["1e-7", "1K tokens"],
            ["", "1K tokens"],
        ]) {
            assert.equal(microUsdPerMillion(usd, unit), undefined, `${usd} ${unit}`);
        }
    });
});

describe("refreshed prices", () => {
    const result = refreshed(priceFile, list);
    const entries = (id: string) => result.file.models[id].prices;

    it("are the list's for a model that it prices, in the list's regions and no others", () => {
        assert.deepEqual(entries(llama), [
            { through: ["in-region", "geo"], at: ["eu-west-2"], default: { input: 1_000_000, output: 1_000_000 } },
            {
                through: ["in-region", "geo"],
                at: ["us-west-2"],
                default: { input: 800_000, output: 720_000 },
                batch: { input: 400_000, output: 360_000 },
            },
        ]);
        assert.equal(result.file.models[llama].published, "2026-12-01");
        assert.equal(result.file.date, "2026-12-02");
    });

    it("tell the ways and the caches apart", () => {
        assert.deepEqual(entries("amazon.nova-2-lite-v1:0"), [
            {
                through: ["in-region", "geo"],
                at: ["us-west-2"],
                default: { input: 330_000, output: 2_750_000, cacheRead: 82_500 },
            },
            { through: ["global"], at: ["us-west-2"], default: { input: 300_000, output: 2_500_000 } },
        ]);
        assert.deepEqual(entries("anthropic.claude-haiku-4-5-20251001-v1:0"), [
            {
                through: ["in-region", "geo"],
                at: ["us-west-2"],
                default: { input: 1_100_000, output: 5_500_000, cacheWrite1h: 2_200_000 },
            },
            { through: ["global"], at: ["us-west-2"], default: { input: 1_000_000, output: 5_000_000 } },
        ]);
        assert.deepEqual(entries("moonshotai.kimi-k3")[0].default.cacheWrite5m, 4_125_000);
        assert.deepEqual(entries("openai.gpt-6-astra")[0].default, {
            input: 11_000_000,
            output: 55_000_000,
            longContext: { from: 272_000, input: 22_000_000, output: 82_500_000 },
        });
    });

    it("say what changed, from what to what and where", () => {
        assert.ok(result.changes.includes(`${llama} in-region default input: 720000 → 800000 (us-west-2)`));
        assert.ok(result.changes.includes(`${llama} geo default output: unknown → 1000000 (eu-west-2)`));
        assert.equal(
            result.changes.some((line) => line.startsWith(`${llama} in-region default output: 720000`)),
            false,
        );
    });

    it("leave a model alone that the list does not price in full, and say what of the list was not used", () => {
        assert.equal(result.file.models["amazon.nova-lite-v1:0"], priceFile.models["amazon.nova-lite-v1:0"]);
        assert.ok(result.unlisted.includes("amazon.nova-lite-v1:0"));
        assert.deepEqual(result.unused, [
            "AmazonBedrock: USW2-Nova2.0Lite-cache-write-input-token-count of Nova 2.0 Lite: a price of 0",
            "AmazonBedrock: the model Llama 3.1 70B Latency Optimized is not in the file, or not under this name",
            "AmazonBedrock: the model Nova Mystery is not in the file, or not under this name",
            "AmazonBedrockService: the model nobody.new-1 is not in the file, or not under this name",
        ]);
    });

    it("take the highest of two prices for the same, and say so", () => {
        const twice = offerOf("2026-12-01T08:00:00Z", [
            [{ ...llamaLine, usagetype: "USW2-Llama3-1-70B-input-tokens" }, "1K tokens", "0.0009"],
            [{ ...llamaLine, usagetype: "USW2-Llama3.1-70B-input-tokens" }, "1K tokens", "0.0007"],
            [{ ...llamaLine, usagetype: "USW2-Llama3-1-70B-output-tokens" }, "1K tokens", "0.0009"],
            [
                { ...llamaLine, usagetype: "USW2-Llama3.1-70B-output-tokens" },
                "1K tokens",
                "0.0001",
                { beginRange: "1000" },
            ],
        ]);
        const { file, unused } = refreshed(priceFile, { AmazonBedrock: twice });
        assert.deepEqual(file.models[llama].prices[0].default, { input: 900_000, output: 900_000 });
        assert.deepEqual(unused, [
            "AmazonBedrock: USW2-Llama3.1-70B-output-tokens of Llama 3.1 70B: a price from 1000 on only",
            `${llama}: input is listed at 900000 and 700000: the highest is taken`,
        ]);
    });

    it("have no tier without the price of its long prompts, nor long prompts of an unknown length", () => {
        const astra = sold("OpenAI GPT-6 Astra");
        const line = (words: string, usd: string): ListLine => [
            { ...astra, usagetype: `USW2-MP:USW2_${words}-Units` },
            "1M tokens",
            usd,
        ];
        const words = ["input_tokens", "output_tokens"];
        const lines = [
            ...words.map((one) => line(`${one}_standard`, "11")),
            ...words.map((one) => line(`${one}_long_ctx_standard`, "22")),
            ...words.map((one) => line(`${one}_flex`, "5")),
        ];
        const refresh = (file: PriceFile) =>
            refreshed(file, { AmazonBedrockFoundationModels: offerOf("2026-12-01T08:00:00Z", lines) });
        assert.deepEqual(Object.keys(refresh(priceFile).file.models["openai.gpt-6-astra"].prices[0]), [
            "through",
            "at",
            "default",
        ]);
        const { "openai.gpt-6-astra": known, ...models } = priceFile.models;
        const prices = [{ through: ["global" as const], at: ["us-west-2"], default: { input: 1, output: 1 } }];
        const short = { ...priceFile, models: { ...models, "openai.gpt-6-astra": { ...known, prices } } };
        assert.deepEqual(refresh(short).file.models["openai.gpt-6-astra"].prices, prices);
    });

    it("are not the list's for a model whose long prompts cost more, and of which the list has short ones alone", () => {
        const sonnet = sold("Claude Sonnet 4.5");
        const lines: ListLine[] = ["InputTokenCount", "OutputTokenCount"].map((words) => [
            { ...sonnet, usagetype: `USW2-MP:USW2_${words}-Units` },
            "1M tokens",
            "1",
        ]);
        const { file, unused } = refreshed(priceFile, {
            AmazonBedrockFoundationModels: offerOf("2026-12-01T08:00:00Z", lines),
        });
        assert.deepEqual(file.models, priceFile.models);
        assert.equal(unused.length, 1);
        assert.match(unused[0], /sonnet-4-5.*: no prices for long prompts, for which the file has some/);
    });

    it("change nothing the second time", () => {
        const again = refreshed(result.file, list);
        assert.deepEqual(again.changes, []);
        assert.equal(formatPrices(again.file), formatPrices(result.file));
    });
});

describe("npm run prices", function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), "prices-"));
    const file = join(folder, "bedrock-prices.json");
    const committed = readFileSync(join(root, "functions/bedrock-gate/core/bedrock-prices.json"), "utf8");
    let server: Server;
    let answers: Record<string, unknown>;

    before(async () => {
        server = createServer((request, response) => {
            const [, code] = /^\/offers\/v1\.0\/aws\/(\w+)\/current\/index\.json$/.exec(request.url ?? "") ?? [];
            const answer = answers[code ?? ""];
            response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer));
        }).listen(0, "127.0.0.1");
        await new Promise((resolve) => server.once("listening", resolve));
    });
    beforeEach(() => {
        answers = { ...list };
        writeFileSync(file, committed);
    });
    after(() => {
        server.close();
        rmSync(folder, { recursive: true });
    });

    /** Without npm, which takes a second to start: with the command that package.json has for it. */
    async function refresh(...more: string[]) {
        const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
            scripts: { prices: string };
        };
        const [, ...words] = scripts.prices.split(" && ").at(-1)!.split(" ");
        const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        return execa(process.execPath, [...words, "--base-url", base, "--file", file, ...more], {
            cwd: root,
            reject: false,
        });
    }

    it("downloads the list, rewrites the file and says what changed", async () => {
        const { stdout, stderr, exitCode } = await refresh();
        assert.deepEqual([exitCode, stderr], [0, ""]);
        assert.match(
            stdout,
            /^ {2}meta\.llama3-1-70b-instruct-v1:0 in-region default input: 720000 → 800000 \(us-west-2\)$/m,
        );
        assert.match(stdout, /^4 of the list, not used$/m);
        const written = priceFileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
        assert.equal(written.models[llama].prices[1].default.input, 800_000);
    });

    it("changes nothing in a dry run, and says the same", async () => {
        const { stdout, exitCode } = await refresh("--dry-run");
        assert.equal(exitCode, 0);
        assert.match(stdout, /720000 → 800000/);
        assert.equal(readFileSync(file, "utf8"), committed);
    });

    it("leaves the file alone where an offer is missing or is none", async () => {
        for (const wrong of [undefined, { error: "no" }, null]) {
            answers.AmazonBedrockService = wrong;
            const { stderr, exitCode } = await refresh();
            assert.equal(exitCode, 1);
            assert.match(stderr, /AmazonBedrockService\/current\/index\.json (answered 404|is no price list)/);
            assert.equal(readFileSync(file, "utf8"), committed);
        }
    });
});
