import { type IncomingHttpHeaders } from "node:http";

import { invalid } from "./errors";
import { type Json } from "./json";
import { type ServiceTier, serviceTiers } from "./options";

/** A tool that the model may ask its caller to use. */
export interface Tool {
    readonly name: string;
    readonly description: string;
    readonly schema: Json;
}

/** What the model reads of it. */
export function toolText({ name, description, schema }: Tool): string {
    return name + description + JSON.stringify(schema);
}

/** What a call asks of a model, whichever API it came by. */
export interface Prompt {
    /** All that the model reads, the tools' definitions too. */
    readonly text: string;
    /** What it was told last. */
    readonly lastText: string;
    readonly messages: number;
    readonly tools: readonly Tool[];
    /** The most tokens it may put out; without one the model's own limit counts. */
    readonly maxTokens?: number;
    readonly tier: ServiceTier;
}

/** @param asked by the caller; undefined where there is no wish */
export function tierOf(asked: unknown): ServiceTier {
    if (asked === undefined || asked === null) return "default";
    const tier = serviceTiers.find((one) => one === asked);
    if (!tier) throw invalid(`serviceTier: expected one of ${serviceTiers.join(", ")}`);
    return tier;
}

/** The tier that a call by a model's own format asks for. */
export function tierInHeaders(headers: IncomingHttpHeaders): ServiceTier {
    return tierOf(headers["x-amzn-bedrock-service-tier"]);
}
