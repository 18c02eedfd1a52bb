import { ListFoundationModelsCommand } from "@aws-sdk/client-bedrock";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { type KeyProbe } from "../../services/access-keys";
import { allowed } from "../../services/checks";
import { type Clients, clientsFor, closeClients, type Connection } from "../aws/clients";
import { accessOf } from "../aws/outcome";
import { type Keys } from "../verify/target";

/** Tries a key once; undefined where it works, else why not. */
export type TryKey = () => Promise<string | undefined>;

/** What tries a key at the service's own endpoint, each time over a new connection. */
export function tryKey(keys: Keys, probe: KeyProbe, connection: Connection): TryKey {
    return async () => {
        const clients = clientsFor(keys, connection);
        try {
            const { got } = await accessOf(() => call(probe, clients));
            return got === allowed ? undefined : got;
        } finally {
            closeClients(clients);
        }
    };
}

function call(probe: KeyProbe, { s3, bedrock, sts }: Clients): Promise<unknown> {
    switch (probe.kind) {
        case "s3":
            return s3.send(new ListObjectsV2Command({ Bucket: probe.bucket, Prefix: probe.under, MaxKeys: 1 }));
        case "bedrock":
            return bedrock.send(new ListFoundationModelsCommand({}));
        case "account":
            return sts.send(new GetCallerIdentityCommand({}));
    }
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
