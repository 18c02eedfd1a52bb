import { clientsFor } from "../ops/aws/clients";
import { say } from "../ops/common/output";
import { recover, RecoveryStopped } from "../ops/recover";
import { removeBrokenAttributes } from "../ops/recover/attributes";
import { readLocks } from "../ops/recover/lock";
import { localAccount } from "./aws/server";
import { localRegion, startCloud, type LocalCloud } from "./cloud";
import { alone } from "./lock";
import { endOrphanedPlugins } from "./orphaned-plugins";
import { localDirectory, LocalError } from "./paths";
import { localStack } from "./pulumi";

/** Finishes an update of stack `local` that was killed; does nothing where none was. */
export async function recoverIfInterrupted({
    pulumi,
    identities,
    server,
}: Pick<LocalCloud, "pulumi" | "identities" | "server">): Promise<boolean> {
    await endOrphanedPlugins(pulumi.env.PULUMI_HOME);
    const backend = pulumi.env.PULUMI_BACKEND_URL;
    const broken = removeBrokenAttributes(backend);
    if (broken.length > 0) say(`  removed ${broken.length} half-written attribute files of the state`);
    try {
        return await recover({
            pulumi: (args, input) => pulumi.run(args, input),
            iam: clientsFor(identities.deployer, { ...server, region: localRegion }).iam,
            account: { partition: "aws", accountId: localAccount },
            locks: readLocks(backend, "platform", localStack),
            say,
        });
    } catch (error) {
        // A failure of this command, as every other one.
        throw error instanceof RecoveryStopped ? new LocalError(error.message) : error;
    }
}

/** The command `npm run local -- recover`. */
export async function recoverLocal(): Promise<void> {
    await alone(localDirectory(), async () => {
        if (!(await recoverIfInterrupted(await startCloud()))) say("No update was interrupted: nothing to recover.");
    });
}
