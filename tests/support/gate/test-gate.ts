import { BedrockRuntimeClient, type BedrockRuntimeClientConfig } from "@aws-sdk/client-bedrock-runtime";

import { Bedrock } from "../../../functions/bedrock-gate/adapters/bedrock";
import { MemoryStore } from "../../../functions/bedrock-gate/adapters/memory-store";
import { gateApp } from "../../../functions/bedrock-gate/app";
import { totalsKey } from "../../../functions/bedrock-gate/core/ledger";
import { type GateSettings } from "../../../functions/bedrock-gate/core/settings";
import { counter, type Store } from "../../../functions/bedrock-gate/core/store";
import { nameOf } from "../../../functions/bedrock-gate/core/time";
import { Gate } from "../../../functions/bedrock-gate/gate";
import { type GateServer, serve } from "../../../functions/bedrock-gate/server";
import { type FakeBedrock } from "../bedrock";

export interface TestGateOptions {
    readonly settings?: Partial<GateSettings>;
    readonly store?: Store;
    readonly now?: () => Date;
    /** Where it sends to. @default the fake */
    readonly endpoint?: string;
    /** Milliseconds for an answer. */
    readonly timeout?: number;
    readonly charged?: () => Promise<void>;
}

interface LogLine {
    readonly event: string;
    readonly facts: Readonly<Record<string, unknown>>;
}

/** A gate that serves on this machine, in front of a fake Bedrock, and knows its callers by their access keys. */
export class TestGate {
    private readonly clients: BedrockRuntimeClient[] = [];

    private constructor(
        readonly store: Store,
        readonly now: () => Date,
        readonly log: readonly LogLine[],
        private readonly server: GateServer,
    ) {}

    static async start(fake: FakeBedrock, settings: GateSettings, options: TestGateOptions): Promise<TestGate> {
        const { store = new MemoryStore(), now = () => new Date(), charged = () => Promise.resolve() } = options;
        const all = { ...settings, ...options.settings };
        const models = new Bedrock({
            region: all.region,
            endpoint: options.endpoint ?? fake.url,
            credentials: { accessKeyId: "AKIAGATE", secretAccessKey: "secret" },
            timeout: options.timeout ?? 10_000,
        });
        const log: LogLine[] = [];
        const ground = {
            store,
            models,
            now,
            charged,
            log: (event: string, facts: Readonly<Record<string, unknown>>) => void log.push({ event, facts }),
        };
        const app = gateApp({
            ...ground,
            settings: all,
            gate: new Gate(all, ground),
            identify: (context) => {
                const [, id = "nobody"] = /Credential=([^/]+)/.exec(context.req.header("authorization") ?? "") ?? [];
                return Promise.resolve({ id });
            },
        });
        return new TestGate(store, now, log, await serve(app, 0));
    }

    get url(): string {
        return this.server.url;
    }

    /** A client of AWS's own SDK, for a caller. */
    client(accessKeyId = "ada", more: BedrockRuntimeClientConfig = {}): BedrockRuntimeClient {
        const credentials = { accessKeyId, secretAccessKey: "secret" };
        const client = new BedrockRuntimeClient({
            endpoint: this.url,
            region: "us-east-1",
            credentials,
            maxAttempts: 1,
            ...more,
        });
        this.clients.push(client);
        return client;
    }

    /** The month's totals. */
    async totals(month = nameOf("month", this.now())) {
        const item = await this.store.get(totalsKey(month));
        const of = (name: string) => counter(item, name);
        return { spent: of("spent"), held: of("held"), calls: of("calls"), hits: of("hits"), saved: of("saved") };
    }

    async close(): Promise<void> {
        for (const client of this.clients) client.destroy();
        await this.server.close();
    }
}

/** Adds headers to a client's requests, and keeps those of its last answer. */
export function watch(client: BedrockRuntimeClient, headers: Readonly<Record<string, string>> = {}) {
    const seen: { headers: Record<string, string> } = { headers: {} };
    client.middlewareStack.add(
        (next) => async (args) => {
            Object.assign((args.request as { headers: object }).headers, headers);
            const result = await next(args);
            seen.headers = (result.response as { headers: Record<string, string> }).headers;
            return result;
        },
        { step: "finalizeRequest", priority: "low" },
    );
    return seen;
}
