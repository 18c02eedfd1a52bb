import { serviceFacts } from "../../services";
import { type LocalCloudStatus } from "../cli/host";
import { inTime } from "../common/output";
import { type PastUpdate } from "../stack/backend";
import { type KeyStatus, type ServiceStatus, type Status } from "./index";

/** One screen: first what may be wrong with the stack itself, then a line a service. */
export function statusInWords(status: Status, now: Date): string {
    const { stack, localCloud, resources, lastUpdate, lastRefresh, services } = status;
    const lines: readonly (readonly [string, string])[] = [
        ["stack", `${stack}: ${resources} resources`],
        ...(localCloud ? ([["local cloud", localCloudInWords(localCloud)]] as const) : []),
        ["last update", lastUpdate ? pastInWords(lastUpdate, now) : "none: the stack is not deployed"],
        [
            "drift",
            lastRefresh ? `looked for ${pastInWords(lastRefresh, now)}` : "not looked for by a refresh of its own",
        ],
        ["now", updateInWords(status)],
        ...services.map((service) => [service.service, serviceInWords(service, now)] as const),
    ];
    const width = Math.max(...lines.map(([title]) => title.length));
    return lines.map(([title, words]) => `${title.padEnd(width)}  ${words}`).join("\n");
}

function localCloudInWords({ running, endpoint, cluster }: LocalCloudStatus): string {
    if (!running) return "down; npm run local brings it up";
    const parts = cluster
        ? `; Kubernetes at ${cluster.kubernetes} and Vault at ${cluster.vault}, ${cluster.running ? "up" : "down"}`
        : "; no cluster";
    return `AWS up at ${endpoint}${parts}`;
}

function pastInWords({ kind, result, ended, changes }: PastUpdate, now: Date): string {
    const { same = 0, ...others } = changes;
    const changed = Object.entries(others).map(([operation, count]) => `${operation} ${count}`);
    const what =
        changed.length === 0 ? `nothing changed, ${same} the same` : `${changed.join(", ")}, unchanged ${same}`;
    return `${ago(ended, now)}: ${kind} ${result}, ${what}`;
}

function updateInWords({ update, localCloud }: Status): string {
    if (update.state === "none") return "no update is running";
    const unfinished = update.pending > 0 ? `, ${update.pending} operations not finished` : "";
    if (update.state === "interrupted") {
        const fix = localCloud ? "npm run local -- recover" : "docs/recovery.md";
        return `an update was interrupted${unfinished}: ${fix}`;
    }
    const { lock } = update;
    const who = lock ? `by process ${lock.pid} of ${lock.username} on ${lock.hostname}` : "or was interrupted";
    return `an update is running ${who}${unfinished}`;
}

function serviceInWords({ deployed, outdated, keys, shutOff, service }: ServiceStatus, now: Date): string {
    if (!deployed) return "not deployed";
    if (outdated) return "deployed by another version of the program";
    const parts = [keys ? keyInWords(keys, now) : "no static keys"];
    if (serviceFacts[service].shutOff) {
        parts.push(shutOff === undefined ? "shut-off not known" : `shut-off ${shutOff ? "IN FORCE" : "not in force"}`);
    }
    return parts.join("; ");
}

function keyInWords({ published, created, maximumAgeDays, rotation, retiring, since }: KeyStatus, now: Date): string {
    if (!created) return `key ${published} of the stack file is not in the stack's state`;
    const key = `key ${published}, made ${ago(created, now)}, good for ${maximumAgeDays} days`;
    if (rotation === "due") return `${key}: due to be rotated`;
    if (rotation === "at rest") return key;
    const old = retiring ? `, key ${retiring.generation} ${retiring.inactive ? "is inactive" : "still works"}` : "";
    return `${key}; rotation under way${old}${since ? `, last step ${ago(new Date(since), now)}` : ""}`;
}

function ago(date: Date, now: Date): string {
    const days = Math.floor((now.getTime() - date.getTime()) / 86_400_000);
    return days > 1 ? `${days} days ago` : `${inTime(now.getTime() - date.getTime())} ago`;
}
