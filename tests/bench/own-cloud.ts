import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stopServer } from "../../local/aws/server";
import { type LocalCloud, startCloud } from "../../local/cloud";
import { localDirectory } from "../../local/paths";
import { say } from "../../ops/common/output";
import { freePorts } from "../support/test-cloud";
import { removeAtOnce } from "./at-once";

/** Measures with a local cloud of its own, which is gone afterwards. */
export async function inOwnCloud<Measured>(
    measure: (cloud: LocalCloud, folder: string) => Promise<Measured>,
): Promise<Measured> {
    const folder = mkdtempSync(join(tmpdir(), "platform-bench-"));
    process.on("exit", () => removeAtOnce(folder, localDirectory({ PLATFORM_LOCAL_DIR: folder })));
    try {
        process.env.PLATFORM_LOCAL_DIR = folder;
        process.env.PLATFORM_LOCAL_PORT = String(await freePorts(2));
        say("Local cloud of the benchmark");
        return await measure(await startCloud(), folder);
    } finally {
        await stopServer(localDirectory({ PLATFORM_LOCAL_DIR: folder }));
    }
}
