// Waiting until an object is as its resource wants it, or until it is gone.

import { Refusal } from "../../errors";
import type { Properties } from "../../wire";
import type { Cluster } from "../cluster";
import { annotation, at, spell, textAt, type Identity } from "../identity";
import { builtInFor } from "./built-in";
import { describe } from "./describe";
import { parseWaitFor, WAIT_FOR } from "./wait-for";

export const SKIP_AWAIT = "pulumi.com/skipAwait";
export const TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds";
const DEFAULT_SECONDS = 600;
const POLL_MS = 500;
/** Kinds whose deletion the official provider does not wait for either when told to skip. */
const DELETED_UNSEEN = ["Namespace", "Pod", "ReplicationController", "DaemonSet", "Deployment", "StatefulSet", "Job"];

interface Awaited {
    /** Ends the sentence "waited for …". */
    text: string;
    timeoutSeconds: number;
    lacks(object: Properties): Promise<string | undefined> | string | undefined;
    failed?(object: Properties): string | undefined;
}

/** What an object is awaited for; its own wish goes before what its kind is always awaited for. */
export function awaited(declared: Properties, identity: Identity, cluster: Cluster): Awaited | undefined {
    if (annotation(declared, SKIP_AWAIT) === "true") {
        return undefined;
    }
    const wish = annotation(declared, WAIT_FOR);
    if (wish === undefined) {
        const builtIn = builtInFor(identity);
        return builtIn && { ...builtIn, lacks: (object) => builtIn.lacks(object, cluster) };
    }
    const parsed = parseWaitFor(wish);
    if ("fault" in parsed) {
        throw new Refusal(`The annotation ${WAIT_FOR} cannot be used: ${parsed.fault}`);
    }
    return {
        text: parsed.map(({ text }) => text).join(" and "),
        timeoutSeconds: DEFAULT_SECONDS,
        lacks: (object) => parsed.map((one) => one.lacks(object)).find((lack) => lack !== undefined),
    };
}

/** The object once it is as expected. */
export async function waitUntilReady(
    cluster: Cluster,
    identity: Identity,
    declared: Properties,
    live: Properties,
    timeoutSeconds: number | undefined,
): Promise<Properties> {
    const wait = awaited(declared, identity, cluster);
    if (wait === undefined) {
        return live;
    }
    const start = Date.now();
    const seconds = timeoutSeconds ?? secondsIn(declared) ?? wait.timeoutSeconds;
    for (let object = live; ;) {
        const failed = wait.failed?.(object);
        const lack = failed ?? (await wait.lacks(object));
        if (lack === undefined) {
            return object;
        }
        if (failed !== undefined || Date.now() - start >= seconds * 1000) {
            throw new Refusal(await notReady(cluster, identity, object, wait.text, lack, Date.now() - start));
        }
        await cluster.client.pause(POLL_MS);
        const next = await cluster.get(identity);
        if (next === undefined) {
            throw new Refusal(`${spell(identity)} was deleted while ${wait.text} was waited for.`);
        }
        object = next;
    }
}

/** What a look at the object tells; waits that need more than the object count as met. */
export async function lackOf(
    cluster: Cluster,
    identity: Identity,
    declared: Properties,
    live: Properties,
): Promise<string | undefined> {
    const wait = awaited(declared, identity, cluster);
    const lack = wait?.failed?.(live) ?? (await wait?.lacks(live));
    return wait === undefined || lack === undefined
        ? undefined
        : notReady(cluster, identity, live, wait.text, lack, undefined);
}

export async function waitUntilGone(
    cluster: Cluster,
    identity: Identity,
    known: Properties,
    timeoutSeconds: number | undefined,
): Promise<void> {
    if (annotation(known, SKIP_AWAIT) === "true" && DELETED_UNSEEN.includes(identity.kind)) {
        return;
    }
    const start = Date.now();
    const seconds = timeoutSeconds ?? secondsIn(known) ?? DEFAULT_SECONDS;
    let uid: string | undefined;
    for (;;) {
        const object = await cluster.get(identity);
        const present = textAt(object, "metadata", "uid");
        uid ??= present;
        // Another object of that name is not the one that was deleted.
        if (object === undefined || present !== uid) {
            return;
        }
        if (Date.now() - start >= seconds * 1000) {
            const finalizers = at(object, "metadata", "finalizers");
            const held = Array.isArray(finalizers) ? ` It is held by the finalizers ${finalizers.join(", ")}.` : "";
            const said = await describe(cluster, identity, object);
            throw new Refusal(`${spell(identity)} is still there ${seconds} s after it was deleted.${held}${said}`);
        }
        await cluster.client.pause(POLL_MS);
    }
}

async function notReady(
    cluster: Cluster,
    identity: Identity,
    object: Properties,
    text: string,
    lack: string,
    waitedMs: number | undefined,
): Promise<string> {
    const waited =
        waitedMs === undefined ? `is not ready: expected ${text}` : `waited ${inSeconds(waitedMs)} for ${text}`;
    return `${spell(identity)}: ${waited}, but ${lack}.${await describe(cluster, identity, object)}`;
}

function inSeconds(milliseconds: number): string {
    return `${Math.round(milliseconds / 1000)} s`;
}

function secondsIn(declared: Properties): number | undefined {
    const seconds = Number(annotation(declared, TIMEOUT_SECONDS) ?? NaN);
    return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}
