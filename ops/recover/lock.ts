import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { isAlive } from "../common/lock";

/** The lock that an update holds in a self-managed backend. */
export interface UpdateLock {
    readonly pid: number;
    readonly username: string;
    readonly hostname: string;
    /** When the update began. */
    readonly began: Date;
}

/**
 * The locks of a stack in a backend of files.
 *
 * @returns undefined when the backend is of another kind, whose locks cannot be read here
 */
export function readLocks(backendUrl: string, project: string, stack: string): UpdateLock[] | undefined {
    if (!backendUrl.startsWith("file://")) return undefined;
    const folder = join(backendFolder(backendUrl), ".pulumi", "locks", "organization", project, stack);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .flatMap((name) => {
            const text = readIfThere(join(folder, name));
            if (text === undefined) return [];
            const lock = JSON.parse(text) as Omit<UpdateLock, "began"> & { timestamp: string };
            return [{ ...lock, began: new Date(lock.timestamp) }];
        });
}

/** Its update may end at any moment. */
function readIfThere(path: string): string | undefined {
    try {
        return readFileSync(path, "utf8");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    }
}

/** `file://~` and relative paths are forms that the engine takes too. */
export function backendFolder(url: string): string {
    const path = url.slice("file://".length);
    if (path.startsWith("~")) return join(process.env.HOME ?? "", path.slice(1));
    return path.startsWith("/") ? fileURLToPath(url) : path;
}

/** Whether the update that holds a lock is still at work; true also when that cannot be known, on another machine. */
export function mayBeAlive(lock: UpdateLock): boolean {
    return lock.hostname !== hostname() || isAlive(lock.pid);
}
