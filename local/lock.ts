import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { LockHeld, withLock } from "../ops/common/lock";
import { LocalError } from "./paths";

/**
 * Runs `work` alone: a second run in the same checkout is refused while the first goes on.
 *
 * @throws LocalError while another run is at work
 */
export async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
    try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw new LocalError(`${folder} cannot be made (${code}): name another place in PLATFORM_LOCAL_DIR.`);
    }
    const path = join(folder, "lock");
    try {
        return await withLock(path, work);
    } catch (error) {
        if (!(error instanceof LockHeld)) throw error;
        throw new LocalError(
            `Another \`npm run local\` is at work here (process ${error.holder}); wait for it to end. ` +
                `If that process is something else, remove ${path}.`,
        );
    }
}
