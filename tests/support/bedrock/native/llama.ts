import { type Made } from "../api";
import { divide } from "../generate";
import { optionalLimit, requiredText } from "../json";
import { type NativeFormat, promptOfText } from "./format";

/** Meta's Llama. */
export const llama: NativeFormat = {
    prompt: (body) => promptOfText(requiredText(body, "prompt"), optionalLimit(body, "max_gen_len") ?? 512),
    answer: (made) => ({
        generation: made.text,
        ...(made.ownCounts
            ? {
                  prompt_token_count: made.ownCounts.inputTokens,
                  generation_token_count: made.ownCounts.outputTokens,
              }
            : {}),
        stop_reason: stopReason(made),
    }),
    chunks: (made) => {
        let generated = 0;
        const count = (tokens: number) => (made.ownCounts ? tokens : null);
        const pieces = divide(made.text, made.usage.outputTokens, made.chunks).map(({ text, tokens }, index) => {
            generated += tokens;
            const payload = {
                generation: text,
                // Only the first has it.
                prompt_token_count: index === 0 ? (made.ownCounts?.inputTokens ?? null) : null,
                generation_token_count: count(generated),
                stop_reason: null,
            };
            return { payload, tokens };
        });
        const last = {
            generation: "",
            prompt_token_count: null,
            generation_token_count: count(generated),
            stop_reason: stopReason(made),
        };
        return [...pieces, { payload: last }];
    },
};

function stopReason(made: Made): string {
    return made.stopReason === "max_tokens" ? "length" : "stop";
}
