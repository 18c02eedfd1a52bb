import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { writeAtomically } from "../files/write";

/** Does something with a stack file that is tried; the stack's own stays as it is, whatever happens. */
export async function trial<T>(text: string, work: (file: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), "infra-trial-"));
    try {
        const file = join(folder, "stack.yaml");
        writeAtomically(file, text);
        return await work(file);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
