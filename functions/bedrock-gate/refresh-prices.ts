import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { EnvHttpProxyAgent, fetch } from "undici";

import { priceFileSchema } from "./core/price-file";
import { formatPrices, type Offer, type OfferCode, offerCodes, refreshed } from "./price-list";

// Brings bedrock-prices.json up to date with AWS's public price list, which needs no credentials, and says what changed:
// `npm run prices`, or `npm run prices -- --dry-run` to change nothing. Its diff is for somebody to read and commit.

const { values: options } = parseArgs({
    options: {
        "base-url": { type: "string", default: "https://pricing.us-east-1.amazonaws.com" },
        file: { type: "string", default: join(__dirname, "core", "bedrock-prices.json") },
        "dry-run": { type: "boolean", default: false },
    },
});

/** The prices of every region in one download. */
async function download(code: OfferCode): Promise<Offer> {
    const url = new URL(`/offers/v1.0/aws/${code}/current/index.json`, options["base-url"]);
    // The proxy of HTTPS_PROXY and NO_PROXY, which Node's own fetch does not look for.
    const dispatcher = new EnvHttpProxyAgent();
    const response = await fetch(url, { dispatcher, signal: AbortSignal.timeout(300_000) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}, expected AWS's price list`);
    const offer = (await response.json()) as Partial<Offer> | null;
    if (typeof offer?.publicationDate !== "string" || !offer.products || !offer.terms?.OnDemand) {
        throw new Error(`${url} is no price list: expected publicationDate, products and terms.OnDemand`);
    }
    return offer as Offer;
}

async function refresh(): Promise<void> {
    const file = priceFileSchema.parse(JSON.parse(readFileSync(options.file, "utf8")));
    const downloaded = await Promise.all(offerCodes.map(async (code) => [code, await download(code)] as const));
    const result = refreshed(file, Object.fromEntries(downloaded));
    // Checked before it is written: the gate would not start with a file that breaks the schema.
    const text = formatPrices(priceFileSchema.parse(result.file));
    if (!options["dry-run"]) writeFileSync(options.file, text);
    report("changed", result.changes);
    report("of the list, not used", result.unused);
    report("not in the list, left as they were", result.unlisted);
}

function report(what: string, lines: readonly string[]): void {
    process.stdout.write([`${lines.length} ${what}`, ...lines.map((line) => `  ${line}`), ""].join("\n"));
}

refresh().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
});
