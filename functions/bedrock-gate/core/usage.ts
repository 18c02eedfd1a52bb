import { type TokenUsage } from "./money";

export { type TokenUsage } from "./money";

/** Nothing used. */
export const noTokens: TokenUsage = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n };

/** The `usage` of Converse's answer, and of the `metadata` event of its stream; undefined where it counts nothing. */
export function converseUsage(usage: unknown): TokenUsage | undefined {
    if (!isRecord(usage) || !isCount(usage.inputTokens) || !isCount(usage.outputTokens)) return undefined;
    if (!areCounts(usage.cacheReadInputTokens, usage.cacheWriteInputTokens)) return undefined;
    const written = count(usage.cacheWriteInputTokens);
    const hour = Array.isArray(usage.cacheDetails)
        ? usage.cacheDetails
              .filter((detail) => isRecord(detail) && detail.ttl === "1h")
              .reduce((sum: bigint, detail: Record<string, unknown>) => sum + count(detail.inputTokens), 0n)
        : 0n;
    return {
        input: count(usage.inputTokens),
        output: count(usage.outputTokens),
        cacheRead: count(usage.cacheReadInputTokens),
        cacheWrite5m: written > hour ? written - hour : 0n,
        cacheWrite1h: hour,
    };
}

/** The headers of InvokeModel's answer. It does not say for how long a cache was written: the dearer time is taken. */
export function invokeUsage(headers: Headers): TokenUsage | undefined {
    const of = (name: string) => headers.get(`x-amzn-bedrock-${name}-token-count`);
    const [input, output] = [of("input"), of("output")];
    const [read, written] = [of("cache-read-input"), of("cache-write-input")];
    if (!isDigits(input) || !isDigits(output)) return undefined;
    if (![read, written].every((header) => header === null || isDigits(header))) return undefined;
    return {
        ...noTokens,
        input: BigInt(input),
        output: BigInt(output),
        cacheRead: BigInt(read ?? 0),
        cacheWrite1h: BigInt(written ?? 0),
    };
}

/** `amazon-bedrock-invocationMetrics` of the last chunk of InvokeModelWithResponseStream. */
export function metricsUsage(metrics: unknown): TokenUsage | undefined {
    if (!isRecord(metrics) || !isCount(metrics.inputTokenCount) || !isCount(metrics.outputTokenCount)) return undefined;
    if (!areCounts(metrics.cacheReadInputTokenCount, metrics.cacheWriteInputTokenCount)) return undefined;
    return {
        ...noTokens,
        input: count(metrics.inputTokenCount),
        output: count(metrics.outputTokenCount),
        cacheRead: count(metrics.cacheReadInputTokenCount),
        cacheWrite1h: count(metrics.cacheWriteInputTokenCount),
    };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
/** What is there must be a count: something else in its place may stand for any number of tokens. */
const areCounts = (...values: readonly unknown[]) => values.every((value) => value == null || isCount(value));
const count = (value: unknown) => (isCount(value) ? BigInt(value) : 0n);
const isDigits = (value: string | null): value is string => value !== null && /^\d{1,15}$/.test(value);
