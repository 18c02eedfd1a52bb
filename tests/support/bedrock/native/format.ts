import { type Made } from "../api";
import { type Json } from "../json";
import { type Prompt } from "../prompt";

/** The format of one family of models, as InvokeModel takes and gives it. */
export interface NativeFormat {
    prompt(body: Json): Omit<Prompt, "tier">;
    answer(made: Made): Json;
    /** A stream's chunks; Bedrock's metrics are added to the last one. */
    chunks(made: Made): readonly NativeChunk[];
}

export interface NativeChunk {
    readonly payload: Json;
    /** Of output, where it is a piece of it. */
    readonly tokens?: number;
}

/** A prompt of one text, as models had it before conversations. */
export function promptOfText(text: string, maxTokens: number): Omit<Prompt, "tier"> {
    return { text, lastText: text, messages: 1, tools: [], maxTokens };
}
