import { type Api, type Frame, type Made } from "./api";
import { invalid } from "./errors";
import { divide } from "./generate";
import { type Json, optionalLimit, optionalObject, requiredObjects, requiredText } from "./json";
import { tierOf } from "./prompt";
import { cacheWrites, hintsIn, type Usage } from "./tokens";

/** Chat completions, as OpenAI has them and Bedrock beside its own APIs. */
export const chatCompletions: Api = {
    prompt: (body) => {
        if ((body.n ?? 1) !== 1) throw invalid("n: expected 1");
        const messages = requiredObjects(body, "messages").map(({ content }) => textOf(content));
        const text = messages.join("");
        const { cacheWrite5m, cacheWrite1h } = hintsIn(text);
        if (cacheWrite5m + cacheWrite1h > 0) throw invalid("This API does not tell of writing to the cache.");
        return {
            text,
            lastText: messages.at(-1)!,
            messages: messages.length,
            tools: [],
            maxTokens: optionalLimit(body, "max_completion_tokens") ?? optionalLimit(body, "max_tokens"),
            tier: tierOf(body.service_tier === "auto" ? undefined : body.service_tier),
        };
    },
    answer: (made) => ({
        headers: {},
        body: {
            ...head(made, "chat.completion"),
            choices: [
                {
                    index: 0,
                    message: { role: "assistant", content: made.text, refusal: null },
                    logprobs: null,
                    finish_reason: finishReason(made),
                },
            ],
            ...(made.counts ? { usage: usageOf(made.counts) } : {}),
        },
    }),
    streamHeaders: () => ({ "content-type": "text/event-stream", "cache-control": "no-cache" }),
    frames: (made, body) => {
        const counted = optionalObject(body, "stream_options")?.include_usage === true && made.counts !== undefined;
        const pieces = divide(made.text, made.usage.outputTokens, made.chunks);
        // Of a stream with a count every chunk has the field, and only the last a value.
        const none = counted ? { usage: null } : {};
        const chunk = (delta: Json, finish_reason: string | null, tokens?: number) =>
            event(
                { ...head(made, "chat.completion.chunk"), choices: [{ index: 0, delta, finish_reason }], ...none },
                tokens,
            );
        return [
            chunk({ role: "assistant", content: "" }, null),
            ...pieces.map(({ text, tokens }) => chunk({ content: text }, null, tokens)),
            chunk({}, finishReason(made)),
            ...(counted
                ? [event({ ...head(made, "chat.completion.chunk"), choices: [], usage: usageOf(made.counts!) })]
                : []),
            { bytes: Buffer.from("data: [DONE]\n\n") },
        ];
    },
    exception: (message) => event({ error: { message, type: "server_error", param: null, code: null } }),
};

/** Whether a call wants its answer in pieces. */
export function wantsStream(body: Json | undefined): boolean {
    return body?.stream === true;
}

/** The model that a call names in its body; empty where it names none, and no model is called that. */
export function modelOf(body: Json | undefined): string {
    return typeof body?.model === "string" ? body.model : "";
}

function textOf(content: unknown): string {
    if (typeof content === "string") return content;
    return requiredObjects({ content }, "content")
        .map((part) => {
            if (part.type !== "text") throw invalid(`content: the fake has no parts of type ${String(part.type)}`);
            return requiredText(part, "text");
        })
        .join("");
}

function head({ id, model, tier }: Made, object: string): Json {
    return { id: `chatcmpl-${id}`, object, created: Math.floor(Date.now() / 1000), model, service_tier: tier };
}

function finishReason({ stopReason }: Made): string {
    return stopReason === "max_tokens" ? "length" : "stop";
}

/** Here the input holds what came from the cache. */
function usageOf(usage: Usage): Json {
    const prompt_tokens = usage.inputTokens + usage.cacheReadTokens + cacheWrites(usage);
    return {
        prompt_tokens,
        completion_tokens: usage.outputTokens,
        total_tokens: prompt_tokens + usage.outputTokens,
        prompt_tokens_details: { cached_tokens: usage.cacheReadTokens },
    };
}

function event(payload: Json, tokens?: number): Frame {
    return { bytes: Buffer.from(`data: ${JSON.stringify(payload)}\n\n`), tokens };
}
