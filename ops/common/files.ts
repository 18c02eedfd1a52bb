import {
    closeSync,
    fsyncSync,
    lstatSync,
    mkdirSync,
    openSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    type Stats,
    statSync,
    writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { exitCodes, InfraError } from "./errors";
import { isAlive } from "./lock";

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

/**
 * What stands at a path where a file may be read or written; undefined where nothing does.
 *
 * @throws InfraError for what is no file of this user: a folder, a link, a device, a file of somebody else
 */
export function fileAt(path: string): Stats | undefined {
    if (!statsOf(dirname(path), statSync)?.isDirectory()) {
        throw unfit(`There is no folder ${dirname(path)}.`, "Make it, or name a file elsewhere.");
    }
    const found = statsOf(path, lstatSync);
    if (found === undefined) return undefined;
    // Written atomically, the link would become a file; followed, it would lead what is written to wherever it points.
    if (found.isSymbolicLink()) throw unfit(`${path} is a symbolic link.`, "Name the file that it leads to.");
    if (!found.isFile()) throw unfit(`${path} is no file.`, "Name a file; it need not exist.");
    if (found.uid !== process.getuid?.()) {
        throw unfit(`${path} belongs to another user.`, "Run this as its owner, or name another file.");
    }
    return found;
}

/**
 * What is in a file, with its permission bits; undefined where there is none.
 *
 * @throws InfraError as {@link fileAt}, and for a file that cannot be read
 */
export function contentAt(path: string): { readonly content: Buffer; readonly mode: number } | undefined {
    const found = fileAt(path);
    return found && { content: usable(path, () => readFileSync(path)), mode: found.mode & 0o777 };
}

/**
 * Writes a file whole or not at all.
 *
 * @throws InfraError as {@link fileAt}, and where it cannot be written; then nothing was changed
 */
export function writeFile(path: string, content: string, mode: number): void {
    fileAt(path);
    usable(path, () => writeAtomically(path, content, mode));
}

/** @throws InfraError for what is no place for what is to be written */
export function unfit(reason: string, fix: string): InfraError {
    return new InfraError(exitCodes.usage, reason, fix);
}

function statsOf(path: string, read: (path: string) => Stats): Stats | undefined {
    return usable(path, () => {
        try {
            return read(path);
        } catch (error) {
            if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
            throw error;
        }
    });
}

function usable<T>(path: string, use: () => T): T {
    try {
        return use();
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === undefined) throw error;
        throw new InfraError(
            exitCodes.unreachable,
            `${path} could not be used (${code}); nothing was changed.`,
            "Correct the permissions of the file and its folder, or name a file elsewhere.",
        );
    }
}
