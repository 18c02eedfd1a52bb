import { type CommandContext, lineOn } from "../../cli/command";
import { stackOutputs } from "../../stack/outputs";
import { type ExitCode, exitCodes, InfraError } from "../../cli/errors";
import { say } from "../../cli/output";
import { type CheckResult, verify, type VerifyTarget } from "../../verify";
import { type Format, reportOf } from "../../verify/report";
import { countsInWords, countsOf, toJson } from "../../verify/table";
import { connectionOf, deployerOf, type DeployerOptions, operatorOf, type OperatorOptions } from "../people";
import { checking } from "./checking";
import { chosenServices, requireDeployed } from "./services";
import { recordingRemovals, recordingShutOffs } from "./recording";

export interface VerifyOptions extends OperatorOptions, DeployerOptions, Told {
    readonly tryShutOff?: boolean;
}

/** How results are told. */
export interface Told {
    readonly format: Format;
    readonly failedOnly?: boolean;
}

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
    requireDeployed(context, services, outputs);
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
                removing: recordingRemovals(stack),
                ...(options.tryShutOff ? { whileShutOff: recordingShutOffs(stack) } : {}),
            },
            progress,
        ),
    );
    if (json) process.stdout.write(`${toJson(results)}\n`);
    else {
        tell(results, options, lineOn(host, `infra doctor --stack ${stack}`));
        if (options.format === "summary") say(countsInWords(results));
    }
    return countsOf(results).failed === 0 ? exitCodes.held : exitCodes.failed;
}

/** Results belong to standard output, words around them to standard error. */
export function tell(results: readonly CheckResult[], { format, failedOnly }: Told, remedy: string): void {
    const { stdout } = process;
    const color = stdout.isTTY && stdout.hasColors();
    const report = reportOf(results, { format, failedOnly, width: stdout.columns, color, remedy });
    if (report !== "") stdout.write(`${report}\n`);
}

/** What opens the cluster; nothing unless both do. */
function clusterOf({ stack, host }: CommandContext): VerifyTarget["cluster"] {
    const operator = host.cluster(stack, "operator");
    const deployer = host.cluster(stack, "deployer");
    return operator && deployer ? { operator, deployer } : undefined;
}
