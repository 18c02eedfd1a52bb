// What Vault or the network said, judged: worth another try, or an error that says what to do. Pure.

import { isRecord } from "../wire";

/** Refused by Vault. Its text holds neither a token nor a value that was written. */
export class VaultFailure extends Error {
    /** An earlier attempt failed in a way that leaves open whether Vault did what it was asked. */
    repeated = false;

    constructor(
        readonly operation: string,
        message: string,
        /** Undefined if Vault gave no answer at all. */
        readonly status: number | undefined,
        /** It may be over in a moment. */
        readonly passing: boolean,
    ) {
        super(message);
    }
}

/** A connection that may stand in a moment. */
const PASSING_CODES = ["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EAI_AGAIN"];

/** What is known of a call that failed. */
export interface Call {
    verb: string;
    path: string;
    address: string;
    /** Values that no message may hold. */
    hidden: readonly string[];
}

export function judge(error: unknown, call: Call): VaultFailure {
    const { response, code, message } = asClientError(error);
    const operation = `${call.verb} ${call.path}`;
    if (response === undefined) {
        const reason = [code, message].filter((part) => part !== undefined && part !== "").join(": ");
        const text = `no answer from Vault at ${call.address}: ${hide(reason || "unknown reason", call.hidden)}`;
        const untrusted = code !== undefined && /CERT|UNABLE_TO_VERIFY/.test(code);
        const advice = untrusted ? ". Set VAULT_CACERT (or vault:caCertFile) to a file with its authority" : "";
        return new VaultFailure(
            operation,
            text + advice,
            undefined,
            code !== undefined && PASSING_CODES.includes(code),
        );
    }
    const { status, said } = response;
    if (status === 503 && /sealed/i.test(said)) {
        return new VaultFailure(operation, `Vault at ${call.address} is sealed: unseal it`, status, false);
    }
    return new VaultFailure(operation, withAdvice(hide(said, call.hidden), status, call), status, isPassing());

    function isPassing(): boolean {
        return (
            status === 429 ||
            (status >= 500 && status !== 501) ||
            (status === 400 && /upgrading from non-versioned/i.test(said))
        );
    }
}

function withAdvice(said: string, status: number, call: Call): string {
    if (status !== 403) {
        return said;
    }
    if (/invalid token|bad token/i.test(said)) {
        return (
            `Vault at ${call.address} refuses the token: it is expired, revoked or of another Vault. ` +
            "Put a valid one into VAULT_TOKEN (or the provider setting vault:token)"
        );
    }
    if (call.path === CHILD_TOKEN_PATH) {
        return (
            "permission denied: the token in VAULT_TOKEN may not make the short-lived token that the provider works " +
            "with, or has expired. Allow `update` on auth/token/create in its policy, or set the provider setting " +
            "vault:skipChildToken"
        );
    }
    return `${said}: the policies of the token in VAULT_TOKEN do not allow this, or it has expired`;
}

/** Where the provider asks for its short-lived token. */
export const CHILD_TOKEN_PATH = "auth/token/create";

interface ClientError {
    response?: { status: number; said: string };
    code?: string;
    message?: string;
}

/** node-vault's error for an answer, axios's for no answer. */
function asClientError(error: unknown): ClientError {
    if (!(error instanceof Error)) {
        return { message: String(error) };
    }
    const { response, code } = error as { response?: { statusCode?: unknown; body?: unknown }; code?: unknown };
    if (typeof response?.statusCode === "number") {
        return { response: { status: response.statusCode, said: saidBy(response.body) ?? error.message } };
    }
    return { ...(typeof code === "string" ? { code } : {}), message: error.message };
}

function saidBy(body: unknown): string | undefined {
    const errors = isRecord(body) && Array.isArray(body["errors"]) ? body["errors"].map(String) : [];
    // Several errors come as a list of their own, with line breaks and stars.
    const lines = errors.flatMap((one) => one.split(/\s*\n\s*\*?\s*/)).filter((line) => line !== "");
    return lines.length === 0 ? undefined : lines.filter((line) => !/^\d+ errors? occurred:$/.test(line)).join("; ");
}

function hide(text: string, hidden: readonly string[]): string {
    return [...hidden]
        .filter((value) => value !== "")
        .sort((left, right) => right.length - left.length)
        .reduce((clean, value) => clean.replaceAll(value, "[secret]"), text);
}

/** Repeats what may pass, for as long as this. */
export const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;

export interface Clock {
    now(): number;
    sleep(milliseconds: number): Promise<void>;
}

const realClock: Clock = {
    now: Date.now,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

export async function persistently<T>(attempt: () => Promise<T>, clock: Clock = realClock): Promise<T> {
    const end = clock.now() + PATIENCE_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
        try {
            return await attempt();
        } catch (error) {
            if (error instanceof VaultFailure) {
                error.repeated = pause !== FIRST_PAUSE_MS;
            }
            if (!(error instanceof VaultFailure) || !error.passing || clock.now() + pause > end) {
                throw error;
            }
            await clock.sleep(pause);
        }
    }
}
