import { request, type RequestOptions } from "node:https";

import { agentBehindProxy } from "./proxy";

/** An answer, whatever its status. */
export interface HttpAnswer {
    readonly status: number;
    /** Parsed where it is JSON, else as it came. */
    readonly body: unknown;
}

const timeoutMilliseconds = 15_000;

/** One HTTPS request. Node's own, since the clients of both systems know no time limit. */
export function send(
    url: string,
    { body, ...options }: RequestOptions & { readonly body?: unknown },
): Promise<HttpAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
        accept: "application/json",
        ...(text === undefined
            ? {}
            : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }),
        ...options.headers,
    };
    return new Promise((resolve, reject) => {
        const signal = AbortSignal.timeout(timeoutMilliseconds);
        const sent = request(
            url,
            { agent: agentBehindProxy({ ca: options.ca }), ...options, headers, signal },
            (response) => {
                const chunks: Buffer[] = [];
                response.on("data", (chunk: Buffer) => chunks.push(chunk));
                response.on("error", reject);
                response.on("end", () =>
                    resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString("utf8")) }),
                );
            },
        );
        sent.on("error", (error) => reject(signal.aborted ? new NoAnswer() : error));
        sent.end(text);
    });
}

class NoAnswer extends Error {
    readonly code = `no answer in ${timeoutMilliseconds / 1000} s`;
}

/** The name of what kept a request from being answered. */
export function connectionFault(error: unknown): string {
    const { code, name } = (error ?? {}) as { code?: string; name?: string };
    return code ?? name ?? "unknown error";
}

function parsed(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}
