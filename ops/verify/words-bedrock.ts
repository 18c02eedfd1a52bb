import { failureInWords, type Answer } from "../aws/outcome";

/** What Bedrock's errors mean, by their name and message: the first that fits. */
const meanings: readonly (readonly [name: RegExp, message: RegExp, words: string])[] = [
    [/^AccessDeniedException$/, /explicit deny/, "403: a policy denies it; a shut-off may be in force"],
    [/^AccessDeniedException$/, /not authorized to perform/, "403: no policy allows it"],
    [/^AccessDeniedException$/, /access to the model/, "403: the account has no access to this model"],
    [/^AccessDeniedException$/, /^/, "403: denied"],
    [/^ValidationException$/, /on-demand throughput/, "400: not served on demand here, only by an inference profile"],
    [/^ValidationException$/, /model identifier is invalid/, "400: no such model in this region"],
    [/^ResourceNotFoundException$/, /end of its life/, "404: no longer served"],
    [/^ResourceNotFoundException$/, /^/, "404: no such model in this region"],
    [/^(ThrottlingException|ServiceQuotaExceededException)$/, /^/, "429: too many requests"],
];

/** Why a model does not answer, with Bedrock's own sentence beside it. */
export function healthInWords(error: unknown): Answer {
    const { name = "", message = "" } = (error ?? {}) as { name?: string; message?: string };
    const found = meanings.find(([names, messages]) => names.test(name) && messages.test(message));
    return found ? { got: found[2], note: `Bedrock: ${message}` } : { got: failureInWords(error) };
}
