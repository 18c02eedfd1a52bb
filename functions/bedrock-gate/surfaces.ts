import { BadRequest } from "./core/ask";
import { type GateError } from "./core/refusal";
import { Refused } from "./call";

/** How a surface writes an error. */
export type ErrorWriter = (error: GateError) => { readonly headers: Record<string, string>; readonly body: object };

/** The exception of Bedrock's runtime API that its clients know for each status. */
const exceptions: Readonly<Record<number, string>> = {
    400: "ValidationException",
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    409: "ConflictException",
    413: "ValidationException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
};

/** Seconds for which a client may be asked to wait before it tries again by itself. */
const longestWait = 60;

/** AWS's SDKs sleep for as long as `Retry-After` says, some of them up to the end of a day: a long wait is an error. */
export const bedrockError: ErrorWriter = ({ status, code, message, retryAfter = Infinity }) => ({
    headers: {
        "x-amzn-errortype":
            code === "model_timeout" ? "ModelTimeoutException" : (exceptions[status] ?? "InternalServerException"),
        ...(retryAfter <= longestWait ? { "retry-after": String(retryAfter) } : {}),
    },
    body: { message },
});

/** The kinds of errors that OpenAI's clients know. */
const types: Readonly<Record<number, string>> = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
};

/** OpenAI's clients try 409 and 429 again within seconds, unless they are told that it is in vain. */
export const openaiError: ErrorWriter = ({ status, code, message, retryAfter }) => ({
    headers: {
        ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
        ...(status === 409 || (retryAfter ?? 0) > longestWait ? { "x-should-retry": "false" } : {}),
    },
    body: { error: { message, type: types[status] ?? "server_error", param: null, code } },
});

/** What went wrong, as an answer of the gate's own. */
export function gateError(error: unknown): GateError {
    if (error instanceof Refused) return error.error;
    if (error instanceof BadRequest) return { status: 400, code: "invalid_request", message: error.message };
    return { status: 500, code: "internal", message: "The gate failed; its log says why" };
}
