import { collectBody, HttpRequest } from "@smithy/core/protocols";
import { Hash } from "@smithy/hash-node";
import { SignatureV4 } from "@smithy/signature-v4";

import { type Clients } from "./clients";

/** What the gate answered. */
export interface GateAnswer {
    readonly status: number;
    /** The gate's headers, without `x-gate-`. */
    readonly gate: Readonly<Record<string, string>>;
    readonly body: unknown;
}

/** How a request shows who it is from. */
export type Caller =
    /** By the signature of these clients' keys. */
    | { readonly clients: Clients }
    /** By a gate key; it goes the way of these clients. */
    | { readonly clients: Clients; readonly key: string };

/** Asks a model for a word through the gate. */
export function askGate(caller: Caller, url: string, model: string, text: string): Promise<GateAnswer> {
    return callGate(caller, url, "POST", `model/${encodeURIComponent(model)}/converse`, {
        messages: [{ role: "user", content: [{ text }] }],
        // A short answer: what is asked for is paid for. One that is cut off is not kept by the gate.
        inferenceConfig: { maxTokens: 64 },
    });
}

/** One request to the gate, whatever it is answered with. */
export async function callGate(
    caller: Caller,
    url: string,
    method: "GET" | "POST",
    path: string,
    body?: object,
): Promise<GateAnswer> {
    const { config } = caller.clients.bedrockRuntime;
    const { protocol, hostname, port, pathname } = new URL(path, await addressOf(url, config));
    const request = new HttpRequest({
        method,
        protocol,
        hostname,
        ...(port === "" ? {} : { port: Number(port) }),
        path: pathname,
        headers: { host: port === "" ? hostname : `${hostname}:${port}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { response } = await config.requestHandler.handle(await shown(request, caller));
    const text = Buffer.from(await collectBody(response.body, { streamCollector: config.streamCollector })).toString();
    return {
        status: response.statusCode,
        gate: Object.fromEntries(
            Object.entries(response.headers)
                .filter(([name]) => name.startsWith("x-gate-"))
                .map(([name, value]) => [name.slice("x-gate-".length), String(value)]),
        ),
        body: text.startsWith("{") ? (JSON.parse(text) as unknown) : text,
    };
}

async function shown(request: HttpRequest, caller: Caller): Promise<HttpRequest> {
    if ("key" in caller) {
        request.headers.authorization = `Bearer ${caller.key}`;
        return request;
    }
    const { region, credentials } = caller.clients.bedrockRuntime.config;
    // A function URL is signed for the service that it belongs to.
    const signer = new SignatureV4({ service: "lambda", region, credentials, sha256: Hash.bind(null, "sha256") });
    return new HttpRequest(await signer.sign(request));
}

/** Where a function URL answers, with a slash at the end. */
async function addressOf(url: string, config: Clients["bedrockRuntime"]["config"]): Promise<string> {
    const emulator = config.isCustomEndpoint ? await config.endpoint?.() : undefined;
    if (!emulator) return url;
    const { protocol, hostname, port } = emulator;
    return functionUrlAt(`${protocol}//${hostname}${port ? `:${port}` : ""}`, url);
}

/** An emulator has every function URL behind its one address, by the first part of its host. */
export function functionUrlAt(endpoint: string | undefined, url: string): string {
    return endpoint === undefined ? url : `${endpoint}/_aws/lambda-url/${new URL(url).hostname.split(".")[0]}/`;
}
