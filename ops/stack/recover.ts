import { partitionOf } from "../../components/arn";
import { clientsFor } from "../aws/clients";
import { type Host } from "../cli/host";
import { exitCodes, InfraError } from "../common/errors";
import { say } from "../common/output";
import { recover } from "../recover";
import { removeBrokenAttributes } from "../recover/attributes";
import { readLocks } from "../recover/lock";
import { type ExportedState } from "../recover/state";

/**
 * Finishes a killed update of a stack whose backend is a folder. Of any other backend the locks cannot be read: an
 * unfinished operation there may be one that somebody is at right now, and is left to people.
 *
 * @returns false where none was killed
 * @throws InfraError where somebody has to decide
 */
export async function recoverStack(host: Host, stack: string): Promise<boolean> {
    const pulumi = async (args: readonly string[], input?: string) => {
        const { exitCode, stdout, stderr } = await host.pulumi(stack, args, { input });
        if (exitCode === 0) return stdout;
        throw new InfraError(exitCodes.unreachable, `pulumi ${args.join(" ")} failed: ${stderr.trim()}`);
    };
    const { region, allowedAccountIds } = host.settings(stack);
    const { url } = JSON.parse(await pulumi(["whoami", "--json"])) as { url: string };
    removeBrokenAttributes(url);
    const locks = readLocks(url, "platform", stack);
    if (!locks) {
        refusePending(JSON.parse(await pulumi(["stack", "export"])) as ExportedState, stack);
        return false;
    }
    return recover({
        pulumi,
        iam: clientsFor(await host.credentials("deployer"), { ...host.aws, region }).iam,
        account: { partition: partitionOf(region), accountId: allowedAccountIds[0] },
        locks,
        say,
    });
}

function refusePending({ deployment }: ExportedState, stack: string): void {
    const { length } = deployment.pending_operations ?? [];
    if (length === 0) return;
    throw new InfraError(
        exitCodes.unreachable,
        `Stack ${stack} has ${length} unfinished operations: an update is running, or was killed.`,
        "Wait for it. If it was killed, docs/recovery.md says how to continue.",
    );
}
