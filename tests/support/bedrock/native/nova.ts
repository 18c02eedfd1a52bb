import { conversationOf, textOf } from "../converse";
import { divide } from "../generate";
import { type Json, optionalLimit, optionalObject, optionalObjects } from "../json";
import { cacheWrites, type Usage } from "../tokens";
import { type NativeFormat } from "./format";

/** Amazon's Nova: nearly Converse, with names of its own for what the cache took. */
export const nova: NativeFormat = {
    prompt: (body) => {
        const messages = conversationOf(body);
        const limits = optionalObject(body, "inferenceConfig") ?? {};
        return {
            text: [textOf(optionalObjects(body, "system")), ...messages].join(""),
            lastText: messages.at(-1)!,
            messages: messages.length,
            tools: [],
            maxTokens: optionalLimit(limits, "maxTokens") ?? optionalLimit(limits, "max_new_tokens"),
        };
    },
    answer: ({ text, stopReason, ownCounts }) => ({
        output: { message: { content: [{ text }], role: "assistant" } },
        stopReason,
        ...(ownCounts ? { usage: usageOf(ownCounts) } : {}),
    }),
    chunks: ({ text, stopReason, ownCounts, usage, chunks }) => [
        { payload: { messageStart: { role: "assistant" } } },
        ...divide(text, usage.outputTokens, chunks).map((piece) => ({
            payload: { contentBlockDelta: { delta: { text: piece.text }, contentBlockIndex: 0 } },
            tokens: piece.tokens,
        })),
        { payload: { contentBlockStop: { contentBlockIndex: 0 } } },
        { payload: { messageStop: { stopReason } } },
        { payload: { metadata: { metrics: {}, trace: {}, ...(ownCounts ? { usage: usageOf(ownCounts) } : {}) } } },
    ],
};

function usageOf(usage: Usage): Json {
    return {
        inputTokens: usage.inputTokens,
        outputTokens: usage.outputTokens,
        totalTokens: usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + cacheWrites(usage),
        cacheReadInputTokenCount: usage.cacheReadTokens,
        cacheWriteInputTokenCount: cacheWrites(usage),
    };
}
