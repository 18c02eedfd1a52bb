import { invalid } from "./errors";
import { type Json } from "./json";
import { type Settings } from "./options";
import { type Prompt, type Tool } from "./prompt";
import { countInput, hintsIn, type Usage } from "./tokens";

export type StopReason = "end_turn" | "max_tokens" | "tool_use";

/** A piece of a stream's text, or of the JSON of a tool's input. */
export interface Piece {
    readonly text: string;
    readonly tokens: number;
}

/** What a model makes of a prompt. */
export interface Generation {
    readonly usage: Usage;
    readonly stopReason: StopReason;
    /** Empty where a tool is to be used. */
    readonly text: string;
    readonly toolUse?: { readonly name: string; readonly input: Json };
}

/** Deterministic: the same prompt makes the same answer. */
export function generate(prompt: Prompt, settings: Settings): Generation {
    const { maxTokens = settings.maxOutputTokens } = prompt;
    if (maxTokens > settings.maxOutputTokens) {
        throw invalid(`The maximum tokens you requested exceeds the model limit of ${settings.maxOutputTokens}.`);
    }
    const hints = hintsIn(prompt.text);
    const wanted = hints.out ?? settings.outputTokens;
    const outputTokens = Math.min(wanted, maxTokens);
    const usage = { ...countInput(prompt, hints, settings.overhead), outputTokens };
    // A model that has reached the limit does not say that it would have stopped there.
    if (wanted >= maxTokens) return { usage, stopReason: "max_tokens", text: textOf(outputTokens) };
    const [tool] = prompt.tools;
    if (tool && prompt.lastText.includes("use a tool")) {
        return { usage, stopReason: "tool_use", text: "", toolUse: { name: tool.name, input: inputFor(tool) } };
    }
    return { usage, stopReason: "end_turn", text: textOf(outputTokens) };
}

/** One word a token. */
function textOf(tokens: number): string {
    return "word ".repeat(tokens);
}

/** The values that a tool's schema requires. */
function inputFor({ schema }: Tool): Json {
    const properties = (schema.properties ?? {}) as Readonly<Record<string, Json | undefined>>;
    const required = (schema.required ?? []) as readonly string[];
    return Object.fromEntries(required.map((name) => [name, valueOf(properties[name]?.type)]));
}

function valueOf(type: unknown): unknown {
    const values: Readonly<Record<string, unknown>> = { number: 1, integer: 1, boolean: true, array: [], object: {} };
    return typeof type === "string" && type in values ? values[type] : "word";
}

/** Divides a text, and the tokens it took, among the events of a stream. */
export function divide(text: string, tokens: number, chunks: number): readonly Piece[] {
    const count = Math.max(1, Math.min(chunks, tokens));
    const upTo = (total: number, index: number) => Math.floor((total * index) / count);
    return Array.from({ length: count }, (_, index) => ({
        text: text.slice(upTo(text.length, index), upTo(text.length, index + 1)),
        tokens: upTo(tokens, index + 1) - upTo(tokens, index),
    }));
}
