import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { exitCodes, InfraError } from "../cli/errors";
import { type Host } from "../cli/host";
import { LockHeld, withLock } from "./lock";

/**
 * Does work that no second run of this repository, or on this local cloud, may do at the same time.
 *
 * @throws InfraError while another run is at it
 */
export async function alone<T>({ locks: folder }: Host, name: string, work: () => Promise<T>): Promise<T> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${name}.lock`);
    try {
        return await withLock(path, work);
    } catch (error) {
        if (!(error instanceof LockHeld)) throw error;
        throw new InfraError(
            exitCodes.unreachable,
            `Another run is at it here (process ${error.holder}); nothing was changed.`,
            `Wait for it to end. If that process is something else, remove ${path}.`,
        );
    }
}
