import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

import { isAlive } from "./process";

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
