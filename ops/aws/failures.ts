/** What of an SDK's error tells its kind. */
interface Failure {
    readonly name?: string;
    readonly code?: string;
    readonly message?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
}

/** How the services name a denial: S3, IAM and STS; Bedrock; SNS. */
const denials = ["AccessDenied", "AccessDeniedException", "AuthorizationErrorException"];

/** Bedrock's answer too where the account has no access to a model: only the message tells that from a denial by IAM. */
const ambiguous = "AccessDeniedException";

/**
 * Says what an error means. Only an answer of the authorisation itself is a denial: keys or signatures that are refused
 * come with 403 too, and say as little about the policy as a 404 or a broken connection.
 */
export function failureInWords(error: unknown): string {
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

/** Whether an error bears one of these names. */
export function isNamed(error: unknown, ...names: string[]): boolean {
    return names.includes((error as Failure | undefined)?.name ?? "");
}
