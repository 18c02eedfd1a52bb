import { hostname } from "node:os";

import { isAlive } from "../common/lock";

/** How long what a run makes in an account can do anything, in seconds; a run takes a few minutes. */
export const lifetimeSeconds = 1800;

/**
 * Who is at work, and until when at most: a tag of what a run makes or changes in an account, by which a later run knows
 * what a killed one has left.
 */
export function ownMark(until: Date): string {
    return `${until.toISOString()} ${hostname()} ${process.pid}`;
}

/** Whether the run is over: its time is up, or it ran on this machine and does not any more. */
export function isOver(mark: string | undefined, now: Date): boolean {
    const [until = "", host, pid] = (mark ?? "").split(" ");
    // What has no date is of no run that is at work.
    if (!(new Date(until) > now)) return true;
    return host === hostname() && !isAlive(Number(pid));
}
