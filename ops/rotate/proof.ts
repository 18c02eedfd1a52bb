import { type Probe } from "../../services/checks";
import { allowed } from "../../services/checks";
import { bedrockAccess } from "../verify/probes-bedrock";
import { s3Access } from "../verify/probes-s3";
import { clientsFor, closeClients, type Connection } from "../verify/clients";
import { failureInWords } from "../verify/outcome";
import { type Executor, type ProbeRun } from "../verify/run";
import { type Keys } from "../verify/target";

/** A call that a service's key may make. */
export type KeyProbe = Extract<Probe, { kind: "s3" | "bedrock" }>;

/** Tries a key once; undefined where it works, else why not. */
export type TryKey = () => Promise<string | undefined>;

/** What tries a key at the service's own endpoint, each time over a new connection. */
export function tryKey(keys: Keys, probe: KeyProbe, connection: Connection): TryKey {
    return async () => {
        const clients = clientsFor(keys, connection);
        try {
            const execute = (probe.kind === "s3" ? s3Access : bedrockAccess) as Executor<KeyProbe["kind"]>;
            const { got } = await execute(probe, { clients } as ProbeRun);
            return got === allowed ? undefined : got;
        } catch (error) {
            return failureInWords(error);
        } finally {
            closeClients(clients);
        }
    };
}

/** Whether a fault is a lost connection, too many requests or a failure of AWS: that says nothing of the key. */
export const withoutAnswer = (fault: string) => /^could not be reached \((?!4(?!29)\d\d (?!Throttl))/.test(fault);

/** The times of a proof, in seconds. */
export interface ProofTimes {
    readonly validSeconds: number;
    readonly timeoutSeconds: number;
}

/** What passes the time; injected, so that tests need not wait. */
export interface Clock {
    now(): Date;
    /** Returns earlier when `stop` is aborted. */
    sleep(milliseconds: number, stop: AbortSignal): Promise<void>;
}

/** Tries in the time for which a key has to work. */
const tries = 30;

/**
 * Tries a key until every try has succeeded for `validSeconds`: one success proves one server of AWS, and a key may work
 * here and be refused there for as long as AWS spreads it.
 *
 * @returns undefined where the key works, else what it was refused with last
 */
export async function proveKey(
    attempt: TryKey,
    { validSeconds, timeoutSeconds }: ProofTimes,
    clock: Clock,
    stop: AbortSignal,
): Promise<string | undefined> {
    const interval = (validSeconds * 1000) / tries;
    const end = clock.now().getTime() + timeoutSeconds * 1000;
    let since: number | undefined;
    let fault: string | undefined;
    for (;;) {
        const refusal = await attempt();
        const now = clock.now().getTime();
        if (refusal !== undefined) {
            since = undefined;
            fault = refusal;
        } else {
            since ??= now;
            if (now - since >= validSeconds * 1000) return undefined;
        }
        if (stop.aborted) return fault ?? "stopped";
        if (now >= end) return fault ?? `it worked for less than ${validSeconds} s`;
        await clock.sleep(interval, stop);
    }
}
