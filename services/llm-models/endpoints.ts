import { dnsSuffix } from "../../components/arn";

/** The endpoints file of an environment (E12); no secret is in it. */
export interface LlmModelsEndpoints {
    readonly environment: string;
    readonly endpoints: {
        /** A model on the machine of whoever asks. */
        readonly local: { readonly url: string; readonly authentication: "none" };
        /** Bedrock or, where there is one, the gate in front of it. */
        readonly aws: {
            readonly url: string;
            readonly authentication: "aws-sigv4";
            /** What requests are signed for, where it is not `bedrock`: a gate's URL is one of AWS Lambda. */
            readonly signingService?: "lambda";
            readonly region: string;
        };
        /** The gate for callers that show a gate key, where it takes some. */
        readonly gateKeys?: { readonly url: string; readonly authentication: "bearer" };
    };
    /** US dollars. */
    readonly monthlyLimitUsd: number;
    /** Of the limit. */
    readonly alertPercent: number;
}

/** What of a stack decides the file. */
export type EndpointsSettings = Pick<LlmModelsEndpoints, "environment" | "monthlyLimitUsd" | "alertPercent"> & {
    readonly region: string;
    /** Where the gate answers, where there is one. */
    readonly gate?: GateUrls;
};

/** Where a gate answers: to requests that are signed and, where there are some, to those with a gate key. */
export interface GateUrls {
    readonly url: string;
    readonly keysUrl?: string;
}

/** Where Bedrock's runtime API is. */
export const bedrockUrl = (region: string) => `https://bedrock-runtime.${region}.${dnsSuffix(region)}`;

export function llmModelsEndpoints(settings: EndpointsSettings): LlmModelsEndpoints {
    const { environment, region, gate, monthlyLimitUsd, alertPercent } = settings;
    return {
        environment,
        endpoints: {
            local: { url: "http://localhost:11434", authentication: "none" },
            aws: gate
                ? { url: gate.url, authentication: "aws-sigv4", signingService: "lambda", region }
                : { url: bedrockUrl(region), authentication: "aws-sigv4", region },
            ...(gate?.keysUrl === undefined ? {} : { gateKeys: { url: gate.keysUrl, authentication: "bearer" } }),
        },
        monthlyLimitUsd,
        alertPercent,
    };
}
