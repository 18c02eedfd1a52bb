import { ListFoundationModelsCommand } from "@aws-sdk/client-bedrock";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { type V1Deployment, type V1Secret } from "@kubernetes/client-node";

import { type KeyProbe } from "../../services/access-keys";
import { allowed } from "../../services/checks";
import { clinicalAi } from "../../services/clinical-ai";
import { objects } from "../../services/clinical-ai/workload-checks";
import { type Clients, clientsFor, closeClients, type Connection, type Keys } from "../aws/clients";
import { type ClusterAccess } from "../kubernetes/access";
import { Kubernetes } from "../kubernetes/client";
import { accessOf } from "../verify/outcome";
import { type PodsSeen } from "./evidence";

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

/** Phases in which a pod's containers have ended. */
const ended = ["Succeeded", "Failed"];

/**
 * Looks at the Secret and at every pod of the worker; one that is ending still has its keys.
 *
 * @throws ClusterFailure when the API does not answer
 */
export async function lookAtPods(access: Pick<ClusterAccess, "kubeconfig" | "context">): Promise<PodsSeen> {
    const kubernetes = Kubernetes.connect(access);
    const [secret, deployment] = (await Promise.all([
        kubernetes.read({ apiVersion: "v1", kind: "Secret", namespace: clinicalAi.namespace, name: clinicalAi.secret }),
        kubernetes.read(objects.deployment),
    ])) as [V1Secret | undefined, V1Deployment | undefined];
    const all = await kubernetes.pods(clinicalAi.namespace, deployment?.spec?.selector.matchLabels ?? {});
    const pods = all.filter(({ status }) => !ended.includes(status?.phase ?? ""));
    const annotations = secret?.metadata?.annotations;
    const isOld = (own: Readonly<Record<string, string>> | undefined) =>
        own?.[clinicalAi.versionAnnotations.pod] !== annotations?.[clinicalAi.versionAnnotations.secret] ||
        own?.[clinicalAi.writtenAnnotations.pod] !== annotations?.[clinicalAi.writtenAnnotations.secret];
    const encoded = secret?.data?.[clinicalAi.secretKeys.accessKeyId];
    return {
        ...(encoded === undefined ? {} : { keyInSecret: Buffer.from(encoded, "base64").toString("utf8") }),
        oldPods: pods
            .filter(({ metadata }) => isOld(metadata?.annotations))
            .map(({ metadata }) => metadata?.name ?? ""),
        pods: pods.length,
    };
}
