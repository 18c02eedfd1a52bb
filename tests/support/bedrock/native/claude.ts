import { type Made } from "../api";
import { invalid } from "../errors";
import { divide } from "../generate";
import { type Json, optionalLimit, requiredObjects, requiredText } from "../json";
import { cacheWrites, type Usage } from "../tokens";
import { type NativeFormat } from "./format";

/** Anthropic's Claude: its Messages API. */
export const claude: NativeFormat = {
    prompt: (body) => {
        requiredText(body, "anthropic_version");
        const messages = requiredObjects(body, "messages").map(({ content }) => textOf(content));
        const maxTokens = optionalLimit(body, "max_tokens");
        if (maxTokens === undefined) throw invalid("max_tokens: Field required");
        return {
            text: [textOf(body.system ?? ""), ...messages].join(""),
            lastText: messages.at(-1)!,
            messages: messages.length,
            tools: [],
            maxTokens,
        };
    },
    answer: (made) => ({
        ...message(made),
        content: [{ type: "text", text: made.text }],
        stop_reason: made.stopReason,
        ...(made.ownCounts ? { usage: usageOf(made.ownCounts, made.ownCounts.outputTokens) } : {}),
    }),
    chunks: (made) => {
        const { ownCounts, stopReason } = made;
        const started = { ...message(made), ...(ownCounts ? { usage: usageOf(ownCounts, 1) } : {}) };
        const pieces = divide(made.text, made.usage.outputTokens, made.chunks).map(({ text, tokens }) => ({
            payload: { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
            tokens,
        }));
        return [
            { payload: { type: "message_start", message: started } },
            { payload: { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } } },
            ...pieces,
            { payload: { type: "content_block_stop", index: 0 } },
            {
                payload: {
                    type: "message_delta",
                    delta: { stop_reason: stopReason, stop_sequence: null },
                    ...(ownCounts ? { usage: { output_tokens: ownCounts.outputTokens } } : {}),
                },
            },
            { payload: { type: "message_stop" } },
        ];
    },
};

function textOf(content: unknown): string {
    if (typeof content === "string") return content;
    const blocks = requiredObjects({ content }, "content");
    return blocks
        .map((block) => {
            if (block.type !== "text") throw invalid(`content: the fake has no blocks of type ${String(block.type)}`);
            return requiredText(block, "text");
        })
        .join("");
}

function message({ id, model }: Made): Json {
    const content: readonly Json[] = [];
    const stops = { stop_reason: null, stop_sequence: null };
    return { model, id: `msg_bdrk_${id}`, type: "message", role: "assistant", content, ...stops };
}

function usageOf(usage: Usage, outputTokens: number): Json {
    return {
        input_tokens: usage.inputTokens,
        cache_creation_input_tokens: cacheWrites(usage),
        cache_read_input_tokens: usage.cacheReadTokens,
        cache_creation: {
            ephemeral_5m_input_tokens: usage.cacheWrite5mTokens,
            ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
        },
        output_tokens: outputTokens,
    };
}
