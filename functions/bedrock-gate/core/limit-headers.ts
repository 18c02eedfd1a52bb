import { secondsUntil } from "./time";

/** How many requests a caller has had of those that it may have, in an hour or a day. */
export interface Window {
    readonly limit: bigint;
    readonly used: bigint;
    readonly endsAt: Date;
}

/** The field's usual headers for a limit, of the window that has least left. */
export function limitHeaders(window: Window, now: Date): Record<string, string> {
    return {
        "x-ratelimit-limit-requests": String(window.limit),
        "x-ratelimit-remaining-requests": String(left(window)),
        "x-ratelimit-reset-requests": `${secondsUntil(now, window.endsAt)}s`,
    };
}

/** The one of two windows that ends a caller's requests first. */
export const tighter = (one: Window, other: Window) => (left(other) < left(one) ? other : one);

const left = ({ limit, used }: Window) => (limit > used ? limit - used : 0n);
