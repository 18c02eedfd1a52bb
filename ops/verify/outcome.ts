import { allowed } from "../../services/checks";
import { failureInWords } from "../aws/failures";
import { ClusterFailure } from "../kubernetes/access";

/** What a probe found out, in words that are compared with the expected ones. */
export interface Answer {
    readonly got: string;
    readonly note?: string;
    /** Nobody gave what the question needs: neither held nor failed. */
    readonly notTried?: true;
    /** The caller's keys were refused. */
    readonly refused?: true;
}

/** A call that was not made, because what it needs was refused or could not be prepared. */
export class NotTried extends Error {}

/** The same because the caller's keys were refused: everything that it should ask has that one cause. */
export class IdentityRefused extends NotTried {}

/** The same because whoever verifies has not given what it needs: that is no fault of what is verified. */
export class NotGiven extends NotTried {}

/** Says what kept a probe from its answer. */
export function outcomeInWords(error: unknown): string {
    if (error instanceof NotTried) return `not tried: ${error.message}`;
    return error instanceof ClusterFailure ? error.words : failureInWords(error);
}

/** The answer of a call that failed. */
export function failureAnswer(error: unknown): Answer {
    const got = outcomeInWords(error);
    if (error instanceof IdentityRefused) return { got: error.message, refused: true };
    return error instanceof NotGiven ? { got, notTried: true } : { got };
}

/** "allowed" if the calls go through, else why not. */
export async function accessOf(call: () => Promise<unknown>): Promise<Answer> {
    try {
        await call();
        return { got: allowed };
    } catch (error) {
        return failureAnswer(error);
    }
}

/** Asks again until the answer is the expected one or the time is over, for changes that reach AWS late; once if stopped. */
export async function settle(
    ask: () => Promise<Answer>,
    expected: string,
    milliseconds: number,
    stop?: AbortSignal,
): Promise<Answer> {
    const until = Date.now() + milliseconds;
    for (;;) {
        const answer = await ask();
        if (answer.got === expected || answer.notTried || answer.refused || Date.now() >= until || stop?.aborted) {
            return answer;
        }
        await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, milliseconds)));
    }
}
