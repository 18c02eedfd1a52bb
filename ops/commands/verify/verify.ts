import { type ServiceName, type ServiceOutputs } from "../../../services";
import { type CommandContext } from "../../infra/command";
import { stackOutputs } from "../../infra/engine";
import { type ExitCode, exitCodes, InfraError, Interrupted } from "../../infra/errors";
import { say } from "../../infra/output";
import { whileSaying } from "../../infra/progress";
import { countsOf, renderTable, toJson } from "../../verify/table";
import { type CheckResult, type Progress, verify, type VerifyTarget } from "../../verify";
import { Stopped } from "../../verify/restore";
import { connectionOf, deployerOf, type DeployerOptions, operatorOf, type OperatorOptions } from "../people";

export interface VerifyOptions extends OperatorOptions, DeployerOptions {}

/** `infra verify`: exit code 0 if no check failed, 1 if one did. */
export async function verifyServices(
    context: CommandContext,
    options: VerifyOptions,
    named: readonly string[],
): Promise<ExitCode> {
    const { stack, json, host } = context;
    const settings = host.settings(stack);
    const services = chosenServices(stack, settings.services, named);
    const operator = await operatorOf(context, options);
    const deployer = await deployerOf(context, options);
    if (deployer && deployer.accountId !== operator.accountId) {
        throw new InfraError(exitCodes.failed, "Operator and deployer are of two accounts: a stack is in one.");
    }
    if (!deployer) say("deployer: none given, so what needs one is not tried (--deployer-profile)");
    const outputs = await stackOutputs(context);
    requireDeployed(stack, services, outputs);
    const results = await checking(context, (progress) =>
        verify(
            {
                ...connectionOf(host, settings),
                accountId: operator.accountId,
                partition: operator.partition,
                credentials: { operator: operator.keys, deployer: deployer?.keys },
                cluster: clusterOf(context),
                outputs,
                services,
            },
            progress,
        ),
    );
    if (json) process.stdout.write(`${toJson(results)}\n`);
    else say(renderTable(results, process.stderr.columns));
    return countsOf(results).failed === 0 ? exitCodes.held : exitCodes.failed;
}

/** Runs checks with a word of how far they have got, and ends in order at Ctrl-C. */
export async function checking(
    { interrupted }: CommandContext,
    run: (progress: Progress) => Promise<CheckResult[]>,
): Promise<CheckResult[]> {
    if (interrupted.aborted) throw new Interrupted();
    let words = "";
    try {
        return await whileSaying(
            () => words,
            () => run((done, of) => (words = `${done} of ${of} checks done`)),
        );
    } catch (error) {
        if (!(error instanceof Stopped)) throw error;
        throw new Interrupted("Stopped; what the checks had made was removed, but for what a line above names.");
    }
}

/**
 * The services that are meant, in the order of the stack's settings.
 *
 * @throws InfraError for one that the stack does not have
 */
export function chosenServices(
    stack: string,
    ofStack: readonly ServiceName[],
    named: readonly string[],
): readonly ServiceName[] {
    const strange = named.filter((name) => !(ofStack as readonly string[]).includes(name));
    if (strange.length > 0) {
        throw new InfraError(
            exitCodes.usage,
            `Stack ${stack} has no ${strange.join(", no ")}: its settings do not list it.`,
            `The services of this stack are ${ofStack.join(", ")}.`,
        );
    }
    return named.length === 0 ? ofStack : ofStack.filter((name) => named.includes(name));
}

function requireDeployed(
    stack: string,
    services: readonly ServiceName[],
    outputs: Readonly<Partial<ServiceOutputs>>,
): void {
    const missing = services.filter((name) => !outputs[name]);
    if (missing.length === 0) return;
    throw new InfraError(
        exitCodes.failed,
        `Stack ${stack} exports nothing for ${missing.join(", ")}: not deployed yet.`,
        `Deploy it: pulumi up --stack ${stack}`,
    );
}

/** What opens the cluster; nothing unless both do. */
function clusterOf({ stack, host }: CommandContext): VerifyTarget["cluster"] {
    const operator = host.cluster(stack, "operator");
    const deployer = host.cluster(stack, "deployer");
    return operator && deployer ? { operator, deployer } : undefined;
}
