import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { isAlive } from "../ops/process";

export { writeAtomically } from "../ops/files";

/**
 * A folder that is there whole or not at all: `make` fills a temporary folder beside it, which then takes its name.
 * What an interrupted run left half-written is removed. Two runs at once do no harm: the first to finish wins.
 */
export async function cachedFolder(path: string, make: (folder: string) => Promise<void>): Promise<string> {
    if (existsSync(path)) return path;
    const parent = dirname(path);
    mkdirSync(parent, { recursive: true });
    await removeLeftovers(parent, basename(path));
    const temporary = await mkdtemp(join(parent, `.${basename(path)}-${process.pid}-`));
    try {
        await make(temporary);
        try {
            renameSync(temporary, path);
        } catch (error) {
            if (!existsSync(path)) throw error;
        }
        return path;
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
