import { homedir } from "node:os";
import { resolve } from "node:path";

/** The repository: the stack files and the record of changes are here, from wherever the tool is called. */
export const repository = resolve(__dirname, "..", "..");

/** A path of a stack's settings, where the engine's plugins look for it: `~/` is the home, others begin at the repository. */
export function settingsPath(path: string, folder = repository): string {
    return resolve(folder, path.replace(/^~(?=\/|$)/, homedir()));
}
