/** A tier by which Bedrock serves a call, each at a price of its own. */
export const serviceTiers = ["default", "flex", "priority", "reserved"] as const;
export type ServiceTier = (typeof serviceTiers)[number];

/** What a model costs, in integer micro-dollars per million tokens. */
export interface Prices {
    readonly input: number;
    readonly output: number;
    /** Of a model without it, a call that reads from the cache is refused, as is one that writes. */
    readonly cacheRead?: number;
    readonly cacheWrite5m?: number;
    readonly cacheWrite1h?: number;
    /**
     * What a tier costs, in percent of the prices above: `{ flex: 50, priority: 175 }`.
     * @default 100 for each
     */
    readonly tierPercent?: Readonly<Partial<Record<ServiceTier, number>>>;
}

/** How many tokens a model's template adds, at most, to what the caller has written. */
export interface Overhead {
    readonly message: number;
    /** For each tool that the caller defines. */
    readonly tool: number;
}

export interface FakeOptions {
    /**
     * What each model costs. By the id of a model, of an inference profile, or an ARN: what is asked for is looked up
     * as it stands, then as the last part of an ARN, then without the geography that an inference profile begins with.
     */
    readonly prices: Readonly<Record<string, Prices>>;
    /** The models of application inference profiles, whose ARNs do not say: by ARN, the id of one that has a price. */
    readonly profiles?: Readonly<Record<string, string>>;
    /** @default 0, any free one */
    readonly port?: number;
    /**
     * Milliseconds until an answer, or the first event of a stream, is sent.
     * @default 0
     */
    readonly latency?: number | ((call: { readonly operation: string; readonly model: string }) => number);
    /**
     * Among how many events a stream divides its text; fewer where there are fewer tokens.
     * @default 4
     */
    readonly chunks?: number;
    /**
     * Milliseconds between two of them. With 0 a stream is written at once.
     * @default 0
     */
    readonly chunkDelay?: number;
    /**
     * Tokens of an answer to a prompt that asks for no number by `[[out=37]]`.
     * @default 16
     */
    readonly outputTokens?: number;
    /**
     * The most tokens that a model puts out, whatever it is asked for.
     * @default 8192
     */
    readonly maxOutputTokens?: number;
    /** @default 8 for a message, 8 for a tool */
    readonly overhead?: Partial<Overhead>;
    /**
     * What is billed of a stream whose client has gone: all of it, since the model runs on, or what was made by then.
     * @default "whole"
     */
    readonly clientGone?: "whole" | "generated";
    /**
     * How many calls are kept in `calls`, the first ones: a benchmark would fill the memory.
     * @default all
     */
    readonly keepCalls?: number;
    /**
     * Says nothing on stderr.
     * @default false
     */
    readonly quiet?: boolean;
}

/** Options with their defaults in. */
export interface Settings extends Required<FakeOptions> {
    readonly overhead: Overhead;
}

export function settingsOf(options: FakeOptions): Settings {
    return {
        prices: options.prices,
        profiles: options.profiles ?? {},
        port: options.port ?? 0,
        latency: options.latency ?? 0,
        chunks: options.chunks ?? 4,
        chunkDelay: options.chunkDelay ?? 0,
        outputTokens: options.outputTokens ?? 16,
        maxOutputTokens: options.maxOutputTokens ?? 8192,
        overhead: { message: 8, tool: 8, ...options.overhead },
        clientGone: options.clientGone ?? "whole",
        keepCalls: options.keepCalls ?? Infinity,
        quiet: options.quiet ?? false,
    };
}
