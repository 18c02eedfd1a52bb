/** What every subject of the benchmarks is asked for, and what that costs. */

export const region = "us-east-1";
export const model = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/** In micro-dollars per million tokens; every subject is told the same. */
export const prices = {
    input: 3_000_000,
    output: 15_000_000,
    cacheRead: 300_000,
    cacheWrite5m: 3_750_000,
    cacheWrite1h: 6_000_000,
} as const;

/** The surface that all of them have: OpenAI's. */
export const path = "/v1/chat/completions";

/** The caller's key of the gate, and LiteLLM's. */
export const gateKey = "gate-of-the-benchmark";
export const liteLlmKey = "sk-of-the-benchmark";

/** A request whose answer has exactly so many tokens, which is also the most that it asks for. */
export function body(outputTokens: number, stream: boolean): string {
    return JSON.stringify({
        model,
        messages: [{ role: "user", content: `Tell me more. [[out=${outputTokens}]]` }],
        max_tokens: outputTokens,
        ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    });
}

/** Every fourth request is a stream. */
export const isStream = (index: number) => index % 4 === 3;
