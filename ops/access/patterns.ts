import { NotModelled } from "./not-modelled";

/** A text with `*` (any characters) and `?` (any one) as an expression for whole texts. */
export function pattern(text: string, options: { readonly ignoreCase?: boolean } = {}): RegExp {
    refuseVariables(text);
    const source = text
        .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
        .replace(/\*/g, ".*")
        .replace(/\?/g, ".");
    return new RegExp(`^${source}$`, options.ignoreCase ? "is" : "s");
}

/**
 * Whether an ARN matches a pattern as `ArnLike` and `ArnEquals` compare: each of the six parts by itself, so that no
 * wildcard reaches from one into the next.
 */
export function arnPattern(text: string): (arn: string) => boolean {
    const patterns = arnParts(text)?.map((part) => pattern(part));
    if (!patterns) throw new NotModelled(`${text} is no ARN of six parts`);
    return (arn) => arnParts(arn)?.every((part, index) => patterns[index].test(part)) ?? false;
}

function arnParts(arn: string): string[] | undefined {
    const parts = arn.split(":");
    return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

/** Account in an ARN, which that of a bucket does not have. */
export function accountOf(arn: string): string | undefined {
    return arn.split(":")[4] || undefined;
}

/** None of the program's policies has any, and what they stand for is not modelled. */
export function refuseVariables(text: string): void {
    if (text.includes("${")) throw new NotModelled(`policy variables are not modelled: ${text}`);
}
