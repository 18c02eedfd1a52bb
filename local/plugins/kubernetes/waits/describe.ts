// What an object says of itself: its conditions, and for workloads what its pods wait for. Never its data.

import { isRecord, type Properties, type Value } from "../../wire";
import type { Cluster } from "../cluster";
import { at, textAt, type Identity } from "../identity";
import { conditionsOf } from "./wait-for";

const MOST_PODS = 3;

/** Sentences to follow an error, with a space before them; none if there is nothing to tell. */
export async function describe(cluster: Cluster, identity: Identity, object: Properties): Promise<string> {
    const own = conditionsOf(object).map(sayCondition);
    // Only to tell more: what cannot be read is left out.
    const pods = await podsOf(cluster, identity, object).catch(() => []);
    const unready = pods.filter((pod) => !isReady(pod)).slice(0, MOST_PODS);
    return [own.join("; "), ...unready.map(sayPod)]
        .filter((sentence) => sentence !== "")
        .map((sentence) => ` ${sentence}.`)
        .join("");
}

function sayCondition(condition: Properties): string {
    const reason = textAt(condition, "reason");
    const message = textAt(condition, "message");
    const why = [reason === undefined ? "" : ` (${reason})`, message === undefined ? "" : `: ${trimEnd(message)}`];
    return `${textAt(condition, "type")}=${textAt(condition, "status")}${why.join("")}`;
}

async function podsOf(cluster: Cluster, identity: Identity, object: Properties): Promise<Properties[]> {
    if (identity.kind === "Pod") {
        return [object];
    }
    const service = identity.kind === "Service" ? at(object, "spec", "selector") : undefined;
    const labels = service ?? at(object, "spec", "selector", "matchLabels");
    if (!isRecord(labels) || identity.namespace === undefined) {
        return [];
    }
    const selector = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
    return cluster.list({ apiVersion: "v1", kind: "Pod" }, identity.namespace, selector.join(","));
}

function isReady(pod: Properties): boolean {
    return conditionsOf(pod).some(({ type, status }) => type === "Ready" && status === "True");
}

function sayPod(pod: Properties): string {
    const waiting = ["initContainerStatuses", "containerStatuses"].flatMap((key) =>
        recordsOf(at(pod, "status", key)).flatMap(sayContainer),
    );
    const bad = conditionsOf(pod).filter((one) => one["status"] !== "True" && one["message"] !== undefined);
    const said = waiting.length > 0 ? waiting : bad.map(sayCondition);
    const name = textAt(pod, "metadata", "name") ?? "";
    return `Pod ${name} is ${textAt(pod, "status", "phase") ?? "not started"}${said.length === 0 ? "" : `: ${said.join("; ")}`}`;
}

function sayContainer(container: Properties): string[] {
    const state = at(container, "state", "waiting") ?? at(container, "state", "terminated");
    const reason = textAt(state, "reason");
    const message = textAt(state, "message");
    return reason === undefined
        ? []
        : [`container ${String(container["name"])}: ${reason}${message === undefined ? "" : `: ${trimEnd(message)}`}`];
}

function recordsOf(value: Value | undefined): Properties[] {
    return Array.isArray(value) ? value.filter(isRecord) : [];
}

function trimEnd(message: string): string {
    return message.trim().replace(/\.$/, "");
}
