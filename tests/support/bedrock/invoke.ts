import { type Api, type Frame, type Made } from "./api";
import { eventFrame, eventStreamHeaders, padding, streamErrorFrame } from "./event-stream";
import { type Json } from "./json";
import { type NativeChunk, type NativeFormat } from "./native/format";
import { tierInHeaders } from "./prompt";
import { cacheWrites } from "./tokens";

/** InvokeModel and InvokeModelWithResponseStream, in the format of a family of models. */
export function invoke(format: NativeFormat): Api {
    return {
        prompt: (body, headers) => ({ ...format.prompt(body), tier: tierInHeaders(headers) }),
        answer: (made) => ({ headers: { ...countHeaders(made), ...tierHeader(made) }, body: format.answer(made) }),
        streamHeaders: (made) => ({
            ...eventStreamHeaders,
            "x-amzn-bedrock-content-type": "application/json",
            ...tierHeader(made),
        }),
        frames: (made) => {
            const chunks = format.chunks(made);
            return chunks.map((chunk, index) => frameOf(chunk, index === chunks.length - 1 ? metrics(made) : {}));
        },
        exception: streamErrorFrame,
    };
}

function frameOf({ payload, tokens }: NativeChunk, more: Json): Frame {
    const bytes = Buffer.from(JSON.stringify({ ...payload, ...more })).toString("base64");
    return eventFrame("chunk", { bytes, p: padding(bytes.length) }, tokens);
}

function tierHeader({ tier }: Made): Readonly<Record<string, string>> {
    return { "x-amzn-bedrock-service-tier": tier };
}

function countHeaders({ counts, latencyMs }: Made): Readonly<Record<string, string>> {
    const latency = { "x-amzn-bedrock-invocation-latency": String(latencyMs) };
    if (!counts) return latency;
    return {
        ...latency,
        "x-amzn-bedrock-input-token-count": String(counts.inputTokens),
        "x-amzn-bedrock-output-token-count": String(counts.outputTokens),
        "x-amzn-bedrock-cache-read-input-token-count": String(counts.cacheReadTokens),
        "x-amzn-bedrock-cache-write-input-token-count": String(cacheWrites(counts)),
    };
}

function metrics({ counts, latencyMs }: Made): Json {
    if (!counts) return {};
    return {
        "amazon-bedrock-invocationMetrics": {
            inputTokenCount: counts.inputTokens,
            outputTokenCount: counts.outputTokens,
            cacheReadInputTokenCount: counts.cacheReadTokens,
            cacheWriteInputTokenCount: cacheWrites(counts),
            invocationLatency: latencyMs,
            firstByteLatency: latencyMs,
        },
    };
}
