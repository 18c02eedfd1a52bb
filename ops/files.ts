import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a file so that a reader, or a crash, never sees half of it; readable by its owner only unless told. */
export function writeAtomically(path: string, content: string, mode = 0o600): void {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${process.pid}.tmp`;
    const file = openSync(temporary, "w", mode);
    try {
        writeSync(file, content);
        fsyncSync(file);
    } finally {
        closeSync(file);
    }
    renameSync(temporary, path);
}
