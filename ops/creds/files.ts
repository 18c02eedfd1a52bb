import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { byteOrderMark } from "../env-file";

/** What is where a file with variables may be. */
export type FileState =
    | { readonly kind: "missing" }
    | { readonly kind: "text"; readonly text: string }
    /** It is there and no variable can be read from it; `why` goes on the sentence "it is there, but …". */
    | { readonly kind: "unreadable"; readonly why: string };

/** Looks at files below a folder, by their path in it. */
export function readFiles(folder: string, paths: readonly string[]): Record<string, FileState> {
    return Object.fromEntries(paths.map((path) => [path, readState(join(folder, path))]));
}

/** Looks at one file. */
export function readState(path: string): FileState {
    try {
        const stat = statSync(path);
        if (stat.isDirectory()) return { kind: "unreadable", why: "is a folder" };
        // To read a pipe or a device would wait for somebody, or never end.
        if (!stat.isFile()) return { kind: "unreadable", why: "is no plain file" };
        const text = readFileSync(path, "utf8");
        if (text.startsWith("\uFEFF")) return { kind: "unreadable", why: `begins with ${byteOrderMark}` };
        if (text.includes("\0") || text.includes("\uFFFD")) return { kind: "unreadable", why: "is no text in UTF-8" };
        return { kind: "text", text };
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // A link that leads nowhere, and a file where a folder should be, are no file either.
        if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
        return { kind: "unreadable", why: `cannot be read (${code})` };
    }
}
