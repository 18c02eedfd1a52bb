// One cluster's API by the official client: its kubeconfig, credentials and transport, with retries of what passes.
// Objects go in and come out as plain JSON: the client's own models drop every field that they do not know.

import type { KubeConfig } from "@kubernetes/client-node";
import type { Host } from "../package";
import type { Properties } from "../wire";
import { ApiFailure, Cancelled, Unreachable, type Status } from "./failure";
import { loadConfig } from "./kubeconfig";
import type { KubernetesSettings } from "./settings";

export interface ApiRequest {
    method: "GET" | "PATCH" | "DELETE";
    path: string;
    query?: Record<string, string>;
    body?: unknown;
    contentType?: string;
    /** Gives up soon: a preview can do without an answer. */
    impatient?: boolean;
}

export interface Answer {
    body: Properties;
    /** What the API server warns of. */
    warnings: string[];
}

/** A restarting API server is back within this. */
const PATIENCE_MS = 75_000;
const IMPATIENCE_MS = 2000;
const PAUSE_MS = 1000;
/** An API server that has just come back may refuse what it allows: it has not read its rules yet. */
const SETTLING_MS = 10_000;
const ONE_REQUEST_MS = 60_000;

const PASSING = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "ERR_STREAM_PREMATURE_CLOSE"];

export class Client {
    private lastTrouble = -Infinity;

    private constructor(
        private readonly library: typeof import("@kubernetes/client-node"),
        private readonly config: KubeConfig,
        private readonly host: Host,
    ) {}

    /** Reads the kubeconfig; nothing is sent. */
    static async fromSettings(settings: KubernetesSettings, host: Host): Promise<Client> {
        const library = await import("@kubernetes/client-node");
        return new Client(library, loadConfig(new library.KubeConfig(), settings), host);
    }

    get server(): string {
        return this.config.getCurrentCluster()?.server ?? "";
    }

    /** Namespace of the kubeconfig's context. */
    get namespace(): string | undefined {
        return this.config.getContextObject(this.config.getCurrentContext())?.namespace;
    }

    /** Never shown in an error. */
    get credentials(): string[] {
        const { token, password, keyData } = this.config.getCurrentUser() ?? {};
        return [token, password, keyData].filter((one) => typeof one === "string");
    }

    /** Repeats what fails in passing, for as long as a restart takes. */
    async send(request: ApiRequest): Promise<Answer> {
        const start = Date.now();
        for (;;) {
            try {
                return await this.sendOnce(request);
            } catch (error) {
                const patience = request.impatient === true ? IMPATIENCE_MS : PATIENCE_MS;
                if (!this.passes(error) || Date.now() - start >= patience) {
                    throw error;
                }
                await this.pause(PAUSE_MS);
            }
        }
    }

    /** Waits, unless the user interrupts. */
    async pause(milliseconds: number): Promise<void> {
        const { cancelled } = this.host;
        if (!cancelled.aborted) {
            await new Promise<void>((resolve) => {
                const done = (): void => {
                    clearTimeout(timer);
                    cancelled.removeEventListener("abort", done);
                    resolve();
                };
                const timer = setTimeout(done, milliseconds);
                cancelled.addEventListener("abort", done);
            });
        }
        if (cancelled.aborted) {
            throw new Cancelled("Interrupted by the user.");
        }
    }

    private passes(error: unknown): boolean {
        if (error instanceof Unreachable || (error instanceof ApiFailure && isTrouble(error.code))) {
            this.lastTrouble = Date.now();
            return !(error instanceof Unreachable && error.cause === LASTING);
        }
        const settling = Date.now() - this.lastTrouble < SETTLING_MS;
        return settling && error instanceof ApiFailure && [401, 403].includes(error.code);
    }

    private async sendOnce({ method, path: where, query = {}, body, contentType }: ApiRequest): Promise<Answer> {
        const { RequestContext, HttpMethod, IsomorphicFetchHttpLibrary } = this.library;
        const context = new RequestContext(this.server.replace(/\/+$/, "") + where, HttpMethod[method]);
        for (const [key, value] of Object.entries(query)) {
            context.setQueryParam(key, value);
        }
        context.setHeaderParam("Accept", "application/json");
        context.setHeaderParam("User-Agent", "pulumi-kubernetes-stand-in");
        if (body !== undefined) {
            context.setHeaderParam("Content-Type", contentType ?? "application/json");
            context.setBody(JSON.stringify(body));
        }
        context.setSignal(AbortSignal.timeout(ONE_REQUEST_MS));
        const { status, headers, text } = await this.reach(async () => {
            await this.config.applySecurityAuthentication(context);
            const answer = await new IsomorphicFetchHttpLibrary().send(context).toPromise();
            return { status: answer.httpStatusCode, headers: answer.headers, text: await answer.body.text() };
        });
        const parsed = parse(text);
        if (status < 200 || status > 299) {
            throw new ApiFailure(status, asStatus(parsed, text), `${method} ${where}`);
        }
        return { body: (parsed ?? {}) as Properties, warnings: warningsIn(headers["warning"]) };
    }

    private async reach<T>(sending: () => Promise<T>): Promise<T> {
        try {
            return await sending();
        } catch (error) {
            const { why, passes } = cause(error as NodeJS.ErrnoException & { type?: string });
            const message = `The Kubernetes API server at ${this.server} cannot be reached: ${why}.`;
            throw new Unreachable(message, { cause: passes ? undefined : LASTING });
        }
    }
}

/** A failure to connect that time does not heal, such as a certificate that is not trusted. */
const LASTING = "lasting";

/** A failed request has a code; without one it was not even made, for want of a certificate's file, say. */
function cause({ name, code, type, message }: NodeJS.ErrnoException & { type?: string }): {
    why: string;
    passes: boolean;
} {
    if (name === "AbortError") {
        return { why: `no answer within ${ONE_REQUEST_MS / 1000} s`, passes: true };
    }
    return { why: type === "system" && code !== undefined ? code : message, passes: PASSING.includes(code ?? "") };
}

const isTrouble = (code: number): boolean => code === 429 || code >= 500;

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function asStatus(parsed: unknown, text: string): Status {
    return typeof parsed === "object" && parsed !== null ? parsed : { message: text.trim().slice(0, 300) };
}

/** `299 - "text"`, several divided by commas. */
function warningsIn(header: string | undefined): string[] {
    return [...(header ?? "").matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
        text.replace(/\\(.)/g, "$1"),
    );
}
