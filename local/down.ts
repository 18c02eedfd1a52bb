import { rmSync } from "node:fs";
import { join } from "node:path";

import { emptyBuckets, leftovers } from "./aws/leftovers";
import { localCertificate } from "./aws/certificate";
import { findServer, stopServer } from "./aws/server";
import { stopCluster } from "./cluster/stop";
import { hasCloud, homeOf, localRegion, startCloud } from "./cloud";
import { stopIfInterrupted } from "./interrupt";
import { alone } from "./lock";
import { endOrphanedPlugins } from "./orphaned-plugins";
import { localDirectory, LocalError } from "./paths";
import { say, step } from "./progress";
import { recoverIfInterrupted } from "./recover";

/**
 * Destroys what stack `local` deployed, makes sure that nothing of it is left, stops the local AWS, removes its state.
 *
 * @param discard destroys nothing: all that the emulator has is in its memory and ends with it
 */
export async function down({ discard }: { discard: boolean }): Promise<void> {
    if (!hasCloud()) return say("There is no local cloud in this checkout: nothing to take down.");
    const folder = localDirectory();
    await alone(folder, async () => {
        const certificate = await localCertificate(join(folder, "tls"));
        // An emulator that does not run has nothing in it: what is left is this checkout's folder.
        if (!discard && (await findServer(folder, certificate))) await destroy();
        await endOrphanedPlugins(homeOf(folder));
        await stopCluster(folder);
        await stopServer(folder);
        rmSync(folder, { recursive: true, force: true });
    });
    say("The local cloud is gone: resources destroyed, local AWS stopped, state and keys removed.");
}

async function destroy(): Promise<void> {
    const cloud = await startCloud();
    await recoverIfInterrupted(cloud);
    const root = { ...cloud.server, region: localRegion };
    // The deployer may not delete objects; whoever owns the account may, and these are this machine's only.
    const removed = await step("objects", () => emptyBuckets(root));
    if (removed > 0) say(`  removed ${removed} objects that were left in the buckets`);
    try {
        await cloud.pulumi.show(["destroy", "--yes", "--skip-preview"]);
    } catch (error) {
        stopIfInterrupted();
        const way =
            "Remove by hand what is in the way, or drop the local cloud as it is: npm run local -- down --discard";
        throw error instanceof LocalError ? new LocalError(`${error.message}\n${way}`) : error;
    }
    const left = await leftovers(root);
    if (left.length > 0) throw new LocalError(`Destroyed, but this is left in the local AWS: ${left.join(", ")}`);
}
