import { dnsSuffix } from "../../components/arn";

/** The endpoints file of an environment (E12); no secret is in it. */
export interface LlmModelsEndpoints {
    readonly environment: string;
    readonly endpoints: {
        /** A model on the machine of whoever asks. */
        readonly local: { readonly url: string; readonly authentication: "none" };
        /** Bedrock. */
        readonly aws: { readonly url: string; readonly authentication: "aws-sigv4"; readonly region: string };
    };
    /** US dollars. */
    readonly monthlyLimitUsd: number;
    /** Of the limit. */
    readonly alertPercent: number;
}

/** What of a stack decides the file. */
export type EndpointsSettings = Pick<LlmModelsEndpoints, "environment" | "monthlyLimitUsd" | "alertPercent"> & {
    readonly region: string;
};

/** Where Bedrock's runtime API is. */
export const bedrockUrl = (region: string) => `https://bedrock-runtime.${region}.${dnsSuffix(region)}`;

export function llmModelsEndpoints(settings: EndpointsSettings): LlmModelsEndpoints {
    const { environment, region, monthlyLimitUsd, alertPercent } = settings;
    return {
        environment,
        endpoints: {
            local: { url: "http://localhost:11434", authentication: "none" },
            aws: {
                url: bedrockUrl(region),
                authentication: "aws-sigv4",
                region,
            },
        },
        monthlyLimitUsd,
        alertPercent,
    };
}
