import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";

import { type Clients } from "./clients";

/** What a request through the gate was answered with. */
export interface GateAnswer {
    readonly status: number;
    /** The gate's headers, without `x-gate-`. */
    readonly gate: Readonly<Record<string, string>>;
    /** What the error says, where it is one. */
    readonly message?: string;
}

/**
 * Asks a model for a word through the gate, with the keys of these clients.
 *
 * @param url of the gate's function; an emulator serves it under an address of its own
 */
export async function askGate(
    { bedrockRuntime: { config } }: Clients,
    url: string,
    model: string,
    text: string,
): Promise<GateAnswer> {
    const region = await config.region();
    const client = new BedrockRuntimeClient({
        region,
        credentials: config.credentials,
        requestHandler: config.requestHandler,
        endpoint: await addressOf(url, config),
        maxAttempts: 1,
        // A function URL is signed for the service that it belongs to.
        httpAuthSchemeProvider: () => [
            {
                schemeId: "aws.auth#sigv4",
                signingProperties: { name: "lambda", region },
                propertiesExtractor: (settings, context) => ({
                    signingProperties: { config: settings, context, signingName: "lambda" },
                }),
            },
        ],
    });
    let headers: Record<string, string> = {};
    client.middlewareStack.add(
        (next) => async (args) => {
            const result = await next(args);
            headers = (result.response as { headers: Record<string, string> }).headers;
            return result;
        },
        { step: "deserialize", priority: "low", name: "headersOfTheGate" },
    );
    const gate = () =>
        Object.fromEntries(
            Object.entries(headers)
                .filter(([name]) => name.startsWith("x-gate-"))
                .map(([name, value]) => [name.slice("x-gate-".length), value]),
        );
    try {
        const { $metadata } = await client.send(
            new ConverseCommand({
                modelId: model,
                messages: [{ role: "user", content: [{ text }] }],
                // The shortest answer: what is asked for is paid for. One that is cut off is not kept by the gate.
                inferenceConfig: { maxTokens: 64 },
            }),
        );
        return { status: $metadata.httpStatusCode ?? 200, gate: gate() };
    } catch (error) {
        const { $metadata, message } = error as Error & { $metadata?: { httpStatusCode?: number } };
        if ($metadata?.httpStatusCode === undefined) throw error;
        return { status: $metadata.httpStatusCode, gate: gate(), message };
    }
}

/** The emulator has every function URL behind its one address, by the first part of its host. */
async function addressOf(url: string, config: Clients["bedrockRuntime"]["config"]): Promise<string> {
    const emulator = config.isCustomEndpoint ? await config.endpoint?.() : undefined;
    if (!emulator) return url;
    const { protocol, hostname, port } = emulator;
    return `${protocol}//${hostname}${port ? `:${port}` : ""}/_aws/lambda-url/${new URL(url).hostname.split(".")[0]}`;
}
