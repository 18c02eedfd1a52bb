import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isAlive } from "../ops/process";
import { LocalError } from "./paths";

/**
 * Runs `work` alone: a second run in the same checkout is refused while the first goes on. The lock is a file with the
 * holder's process id; that of a killed run is taken over. Own code, since the libraries for it tell a dead holder by
 * ten seconds without a sign of life, and whoever starts again after a kill should not have to wait.
 */
export async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, "lock");
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
    if (!isHeld(path)) return;
    throw new LocalError(
        `Another \`npm run local\` is at work here (process ${holderOf(path)}); wait for it to end. ` +
            `If that process is something else, remove ${path}.`,
    );
}
