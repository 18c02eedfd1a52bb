import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { exitCodes, InfraError } from "./errors";

/**
 * Does work that no second run of this repository, or on this local cloud, may do at the same time.
 *
 * @throws InfraError while another run is at it
 */
export async function alone<T>(
    { locks: folder }: { readonly locks: string },
    name: string,
    work: () => Promise<T>,
): Promise<T> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${name}.lock`);
    try {
        return await withLock(path, work);
    } catch (error) {
        if (!(error instanceof LockHeld)) throw error;
        throw new InfraError(
            exitCodes.unreachable,
            `Another run is in progress here (process ${error.holder}); nothing was changed.`,
            `Wait for it to end. If that process is something else, remove ${path}.`,
        );
    }
}

/** Another process holds the lock. */
export class LockHeld extends Error {
    constructor(readonly holder: number) {
        super(`held by process ${holder}`);
    }
}

/**
 * Runs `work` while it holds a lock: a file with the holder's process id; that of a killed run is taken over. Own code,
 * since the libraries for it tell a dead holder by ten seconds without a sign of life, and whoever starts again after a
 * kill should not have to wait.
 *
 * @throws LockHeld while another process holds it
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
    take(path);
    try {
        return await work();
    } finally {
        rmSync(path, { force: true });
    }
}

function take(path: string): void {
    const own = `${path}.${process.pid}`;
    const stale = `${own}.stale`;
    writeFileSync(own, String(process.pid), { mode: 0o600 });
    try {
        // A link is made with its content or not at all, by one process only.
        while (!tryLink(own, path)) {
            refuseIfHeld(path);
            try {
                renameSync(path, stale);
            } catch {
                continue; // Somebody else has taken the stale lock away: look again.
            }
            // Between the look and the renaming another run may have made it its own: then it gets it back.
            if (isHeld(stale)) tryLink(stale, path);
        }
    } finally {
        rmSync(own, { force: true });
        rmSync(stale, { force: true });
    }
}

function tryLink(from: string, to: string): boolean {
    try {
        linkSync(from, to);
        return true;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        return false;
    }
}

function holderOf(path: string): number | undefined {
    try {
        return Number(readFileSync(path, "utf8")) || undefined;
    } catch {
        return undefined;
    }
}

function isHeld(path: string): boolean {
    const holder = holderOf(path);
    return holder !== undefined && isAlive(holder);
}

function refuseIfHeld(path: string): void {
    const holder = holderOf(path);
    if (holder !== undefined && isAlive(holder)) throw new LockHeld(holder);
}

/** Whether a process of this machine still runs; one of another user's does too, though it may not be signalled. */
export function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return !isZombie(pid);
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}

/** One that has ended and waits for its parent to ask: in a container where process 1 never does, for good. */
function isZombie(pid: number): boolean {
    try {
        // The state follows the program's name, which is in parentheses and may have some of its own.
        return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
        // Not Linux, or gone meanwhile.
        return false;
    }
}
