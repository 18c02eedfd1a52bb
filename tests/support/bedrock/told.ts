import { type FaultsOfCall } from "./faults";
import { cacheWrites, type Usage } from "./tokens";

/** What a caller is told that its call used, by Bedrock and by the model's own format; undefined for nothing. */
export interface Told {
    readonly counts: Usage | undefined;
    readonly ownCounts: Usage | undefined;
}

export function toldOf(usage: Usage, { missingUsage, wrongUsage }: FaultsOfCall): Told {
    const told = wrongUsage ? countedTwice(usage, wrongUsage.how ?? "inInput") : usage;
    return {
        counts: missingUsage ? undefined : told,
        ownCounts: missingUsage?.everywhere ? undefined : told,
    };
}

function countedTwice(usage: Usage, how: "inInput" | "doubled"): Usage {
    if (how === "inInput") {
        return { ...usage, inputTokens: usage.inputTokens + cacheWrites(usage) };
    }
    return {
        ...usage,
        cacheWrite5mTokens: usage.cacheWrite5mTokens * 2,
        cacheWrite1hTokens: usage.cacheWrite1hTokens * 2,
    };
}
