import { type Made } from "../api";
import { divide } from "../generate";
import { optionalLimit, optionalObject, requiredText } from "../json";
import { type NativeFormat, promptOfText } from "./format";

/** Amazon's Titan Text. */
export const titan: NativeFormat = {
    prompt: (body) => {
        const limit = optionalLimit(optionalObject(body, "textGenerationConfig") ?? {}, "maxTokenCount");
        return promptOfText(requiredText(body, "inputText"), limit ?? 512);
    },
    answer: (made) => ({
        inputTextTokenCount: made.ownCounts?.inputTokens ?? null,
        results: [
            {
                tokenCount: made.ownCounts?.outputTokens ?? null,
                outputText: made.text,
                completionReason: completionReason(made),
            },
        ],
    }),
    chunks: (made) => {
        const unknown = { totalOutputTextTokenCount: null, completionReason: null, inputTextTokenCount: null };
        const pieces = divide(made.text, made.usage.outputTokens, made.chunks).map(({ text, tokens }) => ({
            payload: { outputText: text, index: 0, ...unknown },
            tokens,
        }));
        const last = {
            outputText: "",
            index: 0,
            totalOutputTextTokenCount: made.ownCounts?.outputTokens ?? null,
            completionReason: completionReason(made),
            inputTextTokenCount: made.ownCounts?.inputTokens ?? null,
        };
        return [...pieces, { payload: last }];
    },
};

function completionReason({ stopReason }: Made): string {
    return stopReason === "max_tokens" ? "LENGTH" : "FINISH";
}
