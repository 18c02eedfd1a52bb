import { rmSync } from "node:fs";
import { join } from "node:path";

import { stopIfInterrupted } from "../ops/common/interrupt";
import { say } from "../ops/common/output";
import { accessKeysIn, type ExportedState, type StateResource } from "../ops/recover/state";
import { localCertificate } from "./aws/certificate";
import { emptyBuckets, leftovers, removeStrangeKeys } from "./aws/leftovers";
import { findServer, stopServer } from "./aws/server";
import { hasCloud, homeOf, localRegion, startCloud, usesOtherCluster } from "./cloud";
import { stopCluster } from "./cluster/stop";
import { alone } from "./lock";
import { endOrphanedPlugins } from "./orphaned-plugins";
import { localDirectory, LocalError } from "./paths";
import { step } from "./progress";
import { type Pulumi } from "./pulumi";
import { recoverIfInterrupted } from "./recover";

/**
 * Destroys what stack `local` deployed, makes sure that nothing of it is left, stops the local AWS, removes its state.
 *
 * @param discard destroys nothing: all that the emulator has is in its memory and ends with it
 */
export async function down({ discard }: { discard: boolean }): Promise<void> {
    if (!hasCloud()) return say("There is no local cloud in this checkout: nothing to take down.");
    const folder = localDirectory();
    const destroyed = await alone(folder, async () => {
        const certificate = await localCertificate(join(folder, "tls"));
        // An emulator that does not run has nothing in it: what is left is this checkout's folder.
        const destroys = !discard && (await findServer(folder, certificate)) !== undefined;
        if (destroys) await destroy();
        await endOrphanedPlugins(homeOf(folder));
        await stopCluster(folder);
        await stopServer(folder);
        rmSync(folder, { recursive: true, force: true });
        return destroys;
    });
    if (!destroyed && usesOtherCluster()) {
        say("What was deployed to the cluster and the Vault that the stack file names is still there.");
    }
    const resources = destroyed ? "resources destroyed" : "resources not destroyed one by one, but gone with it";
    say(`The local cloud is gone: ${resources}, local AWS stopped, state and keys removed.`);
}

async function destroy(): Promise<void> {
    const cloud = await startCloud();
    await recoverIfInterrupted(cloud);
    const state = JSON.parse(await cloud.pulumi.run(["stack", "export"])) as ExportedState;
    await releaseAdopted(cloud.pulumi, state);
    const root = { ...cloud.server, region: localRegion };
    // The deployer may not delete objects; whoever owns the account may, and these are this machine's only.
    const removed = await step("objects", () => emptyBuckets(root));
    if (removed > 0) say(`  removed ${removed} objects that were left in the buckets`);
    const keys = await removeStrangeKeys(root, accessKeysIn(state));
    if (keys > 0) say(`  removed ${keys} access keys that the stack did not make`);
    try {
        await cloud.pulumi.show(["destroy", "--yes", "--skip-preview"]);
    } catch (error) {
        stopIfInterrupted();
        const way =
            "Remove by hand what is in the way, or drop the local cloud as it is: npm run local -- down --discard";
        throw error instanceof LocalError ? new LocalError(`${error.message}\n${way}`) : error;
    }
    const left = await leftovers(root);
    if (left.length === 0) return;
    throw new LocalError(
        `Destroyed, but this is left in the local AWS, and the stack did not make it: ${left.join(", ")}.\n` +
            "Drop it with the local AWS: npm run local -- down --discard",
    );
}

/**
 * What was adopted is protected from being destroyed and outlives its stack; in the local cloud it is as much this
 * machine's as all else, and whoever takes that down wants it gone.
 */
async function releaseAdopted(pulumi: Pulumi, state: ExportedState): Promise<void> {
    const resources: (StateResource & Protection)[] = [...(state.deployment.resources ?? [])];
    const adopted = resources.filter((resource) => resource.protect);
    if (adopted.length === 0) return;
    for (const resource of adopted) Object.assign(resource, { protect: false, retainOnDelete: false });
    await pulumi.run(["stack", "import"], JSON.stringify(state));
    say(`  released ${adopted.length} adopted resources, which were protected`);
}

/** What the state says of how a resource is kept. */
interface Protection {
    readonly protect?: boolean;
    readonly retainOnDelete?: boolean;
}
