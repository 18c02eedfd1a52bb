import { type IncomingHttpHeaders } from "node:http";

import { type Generation } from "./generate";
import { type Json } from "./json";
import { type ServiceTier } from "./options";
import { type Prompt } from "./prompt";
import { type Usage } from "./tokens";

/** All that an answer is written from. */
export interface Made extends Generation {
    /** As the caller named it. */
    readonly model: string;
    /** Unique among the calls. */
    readonly id: string;
    /** That served it. */
    readonly tier: ServiceTier;
    /** What Bedrock says was used, in its own places; undefined where it says nothing. */
    readonly counts: Usage | undefined;
    /** What the model's own format says was used. */
    readonly ownCounts: Usage | undefined;
    readonly latencyMs: number;
    readonly chunks: number;
}

export interface Answer {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Json;
}

/** An event of a stream, encoded. */
export interface Frame {
    readonly bytes: Uint8Array;
    /** How many tokens of output it carries; undefined where it is no piece of them. */
    readonly tokens?: number;
}

/** One way to call a model: how it is asked, and how it answers. */
export interface Api {
    prompt(body: Json, headers: IncomingHttpHeaders): Prompt;
    answer(made: Made): Answer;
    streamHeaders(made: Made): Readonly<Record<string, string>>;
    frames(made: Made, body: Json): readonly Frame[];
    /** A stream's event that says that it failed. */
    exception(message: string): Frame;
}
