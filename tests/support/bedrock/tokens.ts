import { invalid } from "./errors";
import { type Overhead } from "./options";

/** The tokens of a call, each counted once: what is read from the cache or written to it is no input besides. */
export interface Usage {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cacheReadTokens: number;
    readonly cacheWrite5mTokens: number;
    readonly cacheWrite1hTokens: number;
}

/** What a prompt tells the fake to do, as `[[out=37]]` anywhere in its text; of two the later one counts. */
export interface Hints {
    /** How many tokens the model would put out if nothing stopped it. */
    readonly out?: number;
    /** Every byte is a token: the worst that a tokenizer can do. */
    readonly everyByte: boolean;
    readonly cacheRead: number;
    readonly cacheWrite5m: number;
    readonly cacheWrite1h: number;
}

const noHints: Hints = { everyByte: false, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
const hint = /\[\[(out|in|cacheRead|cacheWrite|cacheWrite1h)=(bytes|\d{1,9})\]\]/g;

export function hintsIn(text: string): Hints {
    if (!text.includes("[[")) return noHints;
    const found = new Map<string, string>();
    for (const [, name, value] of text.matchAll(hint)) found.set(name, value);
    const number = (name: string) => Number(found.get(name) ?? 0);
    return {
        ...(found.has("out") ? { out: number("out") } : {}),
        everyByte: found.get("in") === "bytes",
        cacheRead: number("cacheRead"),
        cacheWrite5m: number("cacheWrite"),
        cacheWrite1h: number("cacheWrite1h"),
    };
}

/** As much of a prompt as its tokens depend on. */
export interface Countable {
    /** All that the model reads, the tools' definitions too. */
    readonly text: string;
    readonly messages: number;
    readonly tools: readonly unknown[];
}

/**
 * The input of a call. It is never more than a token a byte and the template's overhead, which is what a ceiling that
 * is computed before a call rests on; a hint that asks for more is refused.
 */
export function countInput(prompt: Countable, hints: Hints, overhead: Overhead): Omit<Usage, "outputTokens"> {
    const bytes = Buffer.byteLength(prompt.text);
    const template = overhead.message * prompt.messages + overhead.tool * prompt.tools.length;
    const cached = hints.cacheRead + hints.cacheWrite5m + hints.cacheWrite1h;
    if (cached > bytes + template) {
        throw invalid(`The hints ask for ${cached} tokens in the cache, of a prompt of at most ${bytes + template}.`);
    }
    const counted = (hints.everyByte ? bytes : Math.ceil(bytes / 4)) + template;
    return {
        inputTokens: Math.max(0, counted - cached),
        cacheReadTokens: hints.cacheRead,
        cacheWrite5mTokens: hints.cacheWrite5m,
        cacheWrite1hTokens: hints.cacheWrite1h,
    };
}

export function cacheWrites({ cacheWrite5mTokens, cacheWrite1hTokens }: Usage): number {
    return cacheWrite5mTokens + cacheWrite1hTokens;
}
