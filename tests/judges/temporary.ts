import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is gone when `work` is done. */
export async function temporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), "judges-"));
    try {
        return await work(folder);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
