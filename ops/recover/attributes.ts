import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { backendFolder } from "./lock";

/**
 * Removes the attribute files that a killed engine left half-written in a backend of files. Beside each of its files the
 * engine keeps `<file>.attrs` with its content type; the file itself appears whole or not at all, its attributes do not,
 * and while they cannot be read the engine refuses the state with `failed to load checkpoint: EOF`. They are optional.
 *
 * @returns the files that were removed
 */
export function removeBrokenAttributes(backendUrl: string): string[] {
    if (!backendUrl.startsWith("file://")) return [];
    const folder = join(backendFolder(backendUrl), ".pulumi");
    if (!existsSync(folder)) return [];
    const broken = readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".attrs"))
        .map((name) => join(folder, name))
        .filter((path) => !isJson(readFileSync(path, "utf8")));
    for (const path of broken) rmSync(path);
    return broken;
}

function isJson(text: string): boolean {
    try {
        JSON.parse(text);
        return true;
    } catch {
        return false;
    }
}
