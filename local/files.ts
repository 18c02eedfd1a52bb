import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { stopIfInterrupted } from "../ops/common/interrupt";
import { isAlive, LockHeld, withLock } from "../ops/common/lock";
import { say } from "../ops/common/output";

/**
 * A folder that is there whole or not at all: `make` fills a temporary folder beside it, which then takes its name.
 * What an interrupted run left half-written is removed. Of two runs at once the second waits for the first.
 */
export async function cachedFolder(path: string, make: (folder: string) => Promise<void>): Promise<string> {
    mkdirSync(dirname(path), { recursive: true });
    for (let waiting = false; !existsSync(path); waiting = true) {
        stopIfInterrupted();
        try {
            await withLock(`${path}.lock`, () => makeFolder(path, make));
        } catch (error) {
            if (!(error instanceof LockHeld)) throw error;
            if (!waiting) say(`  process ${error.holder} is making ${path}; waiting for it`);
            await new Promise((resolve) => setTimeout(resolve, 500));
        }
    }
    return path;
}

async function makeFolder(path: string, make: (folder: string) => Promise<void>): Promise<void> {
    if (existsSync(path)) return;
    const parent = dirname(path);
    await removeLeftovers(parent, basename(path));
    const temporary = await mkdtemp(join(parent, `.${basename(path)}-${process.pid}-`));
    try {
        await make(temporary);
        renameSync(temporary, path);
    } finally {
        rmSync(temporary, { recursive: true, force: true });
    }
}

async function removeLeftovers(parent: string, name: string): Promise<void> {
    for (const entry of await readdir(parent)) {
        const owner = new RegExp(`^\\.${name.replace(/[.+]/g, "\\$&")}-(\\d+)-`).exec(entry)?.[1];
        if (owner && !isAlive(Number(owner))) rmSync(join(parent, entry), { recursive: true, force: true });
    }
}
