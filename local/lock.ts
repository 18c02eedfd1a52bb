import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isAlive } from "./files";
import { LocalError } from "./paths";

/** Runs `work` alone: a second run in the same checkout is refused while the first goes on. */
export async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, "lock");
    const holder = existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;
    if (holder && holder !== process.pid && isAlive(holder)) {
        throw new LocalError(`Another \`npm run local\` is at work here (process ${holder}); wait for it to end.`);
    }
    rmSync(path, { force: true });
    try {
        // `wx`: of two runs that start at once, one makes the file and the other is told so.
        writeFileSync(path, String(process.pid), { flag: "wx", mode: 0o600 });
    } catch {
        throw new LocalError("Another `npm run local` has just started here; wait for it to end.");
    }
    try {
        return await work();
    } finally {
        rmSync(path, { force: true });
    }
}
