import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { isAlive } from "./process";

/** Writes a file so that a reader, or a crash, never sees half of it; readable by its owner only unless told. */
export function writeAtomically(path: string, content: string, mode = 0o600): void {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    removeLeftovers(path);
    const temporary = `${path}.${process.pid}.tmp`;
    try {
        // Made here and now: a file that was there already may have another mode, or be a link to somewhere else.
        const file = openSync(temporary, "wx", mode);
        try {
            writeFileSync(file, content);
            fsyncSync(file);
        } finally {
            closeSync(file);
        }
        renameSync(temporary, path);
    } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
    }
}

/** What a killed writer left may hold a secret. */
function removeLeftovers(path: string): void {
    const start = `${basename(path)}.`;
    for (const entry of readdirSync(dirname(path))) {
        if (!entry.startsWith(start)) continue;
        const pid = Number(/^(\d+)\.tmp$/.exec(entry.slice(start.length))?.[1]);
        if (pid === process.pid || (pid && !isAlive(pid))) rmSync(join(dirname(path), entry), { force: true });
    }
}
