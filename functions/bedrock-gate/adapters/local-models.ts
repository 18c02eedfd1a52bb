import { Refused } from "../call";

/** Models on a server of somebody's own, by the names that callers use, and what that server calls them. */
export type LocalNames = Readonly<Record<string, string>>;

/** Milliseconds for the whole answer: a model on a laptop is slow. */
const patience = 300_000;

/** A server that speaks OpenAI's API, such as Ollama: the tier of models that cost nothing (E7). */
export class LocalModels {
    constructor(
        /** Such as `http://localhost:11434`. */
        private readonly url: string,
        private readonly models: LocalNames,
    ) {}

    get names(): readonly string[] {
        return Object.keys(this.models);
    }

    /**
     * Answers a request for a chat completion as the server does.
     *
     * @throws Refused where it does not answer: nothing else is asked in its place
     */
    async chat(model: string, body: Readonly<Record<string, unknown>>): Promise<Response> {
        try {
            return await fetch(new URL("/v1/chat/completions", this.url), {
                method: "POST",
                headers: { "content-type": "application/json" },
                body: JSON.stringify({ ...body, model: this.models[model] }),
                redirect: "manual",
                signal: AbortSignal.timeout(patience),
            });
        } catch (error) {
            const { message } = ((error as Error).cause ?? error) as Error;
            throw new Refused({
                status: 503,
                code: "model_unavailable",
                message: `The server of local models at ${this.url} does not answer (${message}). No other model is asked in place of ${model}`,
                retryAfter: 5,
            });
        }
    }
}
