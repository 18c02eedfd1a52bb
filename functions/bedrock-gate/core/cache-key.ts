import canonicalize from "canonicalize";
import { createHash } from "node:crypto";

/** Everything that shapes an answer. */
export interface Question {
    /** Answers are not shared between callers. */
    readonly caller: string;
    readonly operation: string;
    readonly model: string;
    readonly body: unknown;
    /** Headers that Bedrock reads. */
    readonly headers: Readonly<Record<string, string>>;
}

/** One name for equal questions: the hash of their canonical form (RFC 8785), in which no order of keys matters. */
export function cacheKey(question: Question): string {
    return createHash("sha256").update(canonicalize(question)!).digest("hex");
}
