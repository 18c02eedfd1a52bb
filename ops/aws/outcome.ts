import { allowed } from "../../services/checks";
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

/** What of an SDK's error tells its kind. */
interface Failure {
    readonly name?: string;
    readonly code?: string;
    readonly message?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
}

/** A call that was not made, because what it needs was refused or could not be prepared. */
export class NotTried extends Error {}

/** The same because the caller's keys were refused: everything that it should ask has that one cause. */
export class IdentityRefused extends NotTried {}

/** The same because whoever verifies has not given what it needs: that is no fault of what is verified. */
export class NotGiven extends NotTried {}

/** How the services name a denial: S3, IAM and STS; Bedrock; SNS. */
const denials = ["AccessDenied", "AccessDeniedException", "AuthorizationErrorException"];

/** Bedrock's answer too where the account has no access to a model: only the message tells that from a denial by IAM. */
const ambiguous = "AccessDeniedException";

/**
 * Says what an error means. Only an answer of the authorisation itself is a denial: keys or signatures that are refused
 * come with 403 too, and say as little about the policy as a 404 or a broken connection.
 */
export function failureInWords(error: unknown): string {
    if (error instanceof NotTried) return `not tried: ${error.message}`;
    if (error instanceof ClusterFailure) return error.words;
    const { name = "unknown error", code, message = "", $metadata } = (error ?? {}) as Failure;
    const status = $metadata?.httpStatusCode;
    if (status === 403 && denials.includes(name)) {
        if (name !== ambiguous || message.includes("not authorized to perform")) return `denied (${name})`;
        return `could not be reached (403 ${name}: ${message})`;
    }
    return `could not be reached (${[status, status === undefined ? (code ?? name) : name].filter(Boolean).join(" ")})`;
}

/** Whether AWS has answered that it does not take the keys; a fault of its own, and too many requests, say nothing. */
export function isRefusal(error: unknown): boolean {
    const { name = "", $metadata } = (error ?? {}) as Failure;
    const status = $metadata?.httpStatusCode ?? 0;
    return status >= 400 && status < 500 && status !== 429 && !name.startsWith("Throttl");
}

/** The answer of a call that failed. */
export function failureAnswer(error: unknown): Answer {
    const got = failureInWords(error);
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

/** Whether an error bears one of these names. */
export function isNamed(error: unknown, ...names: string[]): boolean {
    return names.includes((error as Failure | undefined)?.name ?? "");
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
        if (answer.got === expected || answer.notTried || answer.refused || Date.now() >= until || stop?.aborted)
            return answer;
        await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, milliseconds)));
    }
}
