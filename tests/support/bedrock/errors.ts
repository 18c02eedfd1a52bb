/** Bedrock's errors, by their names in the API, and the HTTP status of each. */
const statuses = {
    ValidationException: 400,
    ServiceQuotaExceededException: 400,
    AccessDeniedException: 403,
    ResourceNotFoundException: 404,
    UnknownOperationException: 404,
    ModelTimeoutException: 408,
    ModelErrorException: 424,
    ModelStreamErrorException: 424,
    ThrottlingException: 429,
    ModelNotReadyException: 429,
    InternalServerException: 500,
    ServiceUnavailableException: 503,
} as const;

export type ErrorName = keyof typeof statuses;

/** An error as Bedrock answers with it. */
export class BedrockError extends Error {
    constructor(
        override readonly name: ErrorName,
        message: string,
    ) {
        super(message);
    }

    get status(): number {
        return statuses[this.name];
    }
}

export function invalid(message: string): BedrockError {
    return new BedrockError("ValidationException", message);
}

/** What AWS says where a model is unknown. */
export function unknownModel(): BedrockError {
    return invalid("The provided model identifier is invalid.");
}
