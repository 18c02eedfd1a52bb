import { formatUsd } from "./money";
import { type Limits, type Refusal, retryAfter } from "./ledger";
import { limitHeaders } from "./limit-headers";

/** An answer of the gate's own, which each surface writes in its own error format. */
export interface GateError {
    readonly status: number;
    /** What a program tells reasons apart by. */
    readonly code: string;
    readonly message: string;
    /** Seconds after which a second try can succeed. */
    readonly retryAfter?: number;
    readonly headers?: Readonly<Record<string, string>>;
}

/** Why a request was not admitted, and what its caller can do. */
export function refusalError(refusal: Refusal, limits: Limits, now: Date): GateError {
    const { code } = refusal;
    const wait = retryAfter(refusal, now);
    const about = { code, ...(wait === undefined ? {} : { retryAfter: wait }) };
    switch (refusal.code) {
        case "budget_exceeded": {
            const budget = `${formatUsd(refusal.spent)} of this month's ${formatUsd(limits.microUsdPerMonth)} are spent`;
            const shutOff = refusal.shutOffAt ? `, and it was shut off at ${refusal.shutOffAt}` : "";
            return {
                ...about,
                status: 403,
                message:
                    `${budget}${shutOff}. Invocations are possible again at ${refusal.until.toISOString()}, ` +
                    "or when an operator of the platform restores the budget",
            };
        }
        case "budget_busy":
            return {
                ...about,
                status: 429,
                message:
                    `${formatUsd(refusal.left)} of this month's budget are neither spent nor reserved by requests under way: ` +
                    "too little for this one. Try again shortly, or ask for a shorter answer",
            };
        case "hour_limit":
        case "day_limit": {
            const hour = refusal.code === "hour_limit";
            const limit = hour ? limits.requestsPerHour : limits.requestsPerDay;
            return {
                ...about,
                status: 429,
                headers: limitHeaders({ limit, used: limit, endsAt: refusal.until }, now),
                message: `The limit of ${limit} requests ${hour ? "an hour" : "a day"} is reached. It is lifted at ${refusal.until.toISOString()}`,
            };
        }
        case "replayed":
            return {
                ...about,
                status: 409,
                message: "A request with this Idempotency-Key was sent within the last 24 hours: it is not sent again",
            };
    }
}

/** Nothing is sent while it cannot be counted. */
export const cannotCount: GateError = {
    status: 503,
    code: "budget_unavailable",
    message: "What is spent cannot be counted at the moment, so nothing is sent. Try again shortly",
    retryAfter: 5,
};
