import { type CloudWatchClient, paginateGetMetricData, paginateListMetrics } from "@aws-sdk/client-cloudwatch";

import { noTokens, type TokenUsage } from "../core/usage";

/** Bedrock's metrics of tokens. For how long a cache was written they do not say: the dearer time is taken. */
const metrics = {
    input: "InputTokenCount",
    output: "OutputTokenCount",
    cacheRead: "CacheReadInputTokenCount",
    cacheWrite1h: "CacheWriteInputTokenCount",
} as const;

const Namespace = "AWS/Bedrock";

/** Seconds that one value of a metric covers: CloudWatch keeps them for 455 days. */
const Period = 3600;

/** How many metrics CloudWatch takes at once. */
const atOnce = 500;

/** What Bedrock itself has counted, whoever asked: by model, in this account and region. It is some minutes behind. */
export class TokenMetrics {
    constructor(private readonly client: CloudWatchClient) {}

    /**
     * Tokens of each model from one time to another.
     *
     * @param known models that are looked at although CloudWatch lists none that were last called two weeks ago
     */
    async between(start: Date, end: Date, known: readonly string[]): Promise<ReadonlyMap<string, TokenUsage>> {
        const models = [...new Set([...known, ...(await this.called())])];
        const queries = models.flatMap((model) =>
            Object.entries(metrics).map(([kind, MetricName]) => ({
                model,
                kind: kind as keyof TokenUsage,
                MetricName,
            })),
        );
        const found = new Map<string, TokenUsage>();
        for (let first = 0; first < queries.length; first += atOnce) {
            const some = queries.slice(first, first + atOnce);
            for (const [index, sum] of await this.sums(some, start, end)) {
                const { model, kind } = some[index];
                const before = found.get(model) ?? noTokens;
                found.set(model, { ...before, [kind]: before[kind] + sum });
            }
        }
        return found;
    }

    private async called(): Promise<string[]> {
        const models: string[] = [];
        const pages = paginateListMetrics({ client: this.client }, { Namespace, MetricName: metrics.input });
        for await (const { Metrics = [] } of pages) {
            for (const { Dimensions = [] } of Metrics) {
                // Other metrics of the same name divide the same tokens further.
                if (Dimensions.length === 1 && Dimensions[0].Name === "ModelId") models.push(Dimensions[0].Value!);
            }
        }
        return models;
    }

    private async sums(
        queries: readonly { readonly model: string; readonly MetricName: string }[],
        StartTime: Date,
        EndTime: Date,
    ): Promise<[index: number, sum: bigint][]> {
        const MetricDataQueries = queries.map(({ model, MetricName }, index) => ({
            Id: `q${index}`,
            MetricStat: {
                Metric: { Namespace, MetricName, Dimensions: [{ Name: "ModelId", Value: model }] },
                Period,
                Stat: "Sum",
            },
        }));
        const sums: [number, bigint][] = [];
        const pages = paginateGetMetricData({ client: this.client }, { StartTime, EndTime, MetricDataQueries });
        for await (const { MetricDataResults = [] } of pages) {
            for (const { Id = "", Values = [] } of MetricDataResults) {
                const sum = Values.reduce((total, value) => total + value, 0);
                sums.push([Number(Id.slice(1)), BigInt(Math.round(sum))]);
            }
        }
        return sums;
    }
}
