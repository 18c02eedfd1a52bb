import { type CommandContext, lineOn } from "../cli/command";
import { connectionOf, deployerOf, type DeployerOptions, operatorOf, type OperatorOptions } from "../cli/people";
import { type ExitCode, exitCodes, InfraError, Interrupted } from "../common/errors";
import { say, whileSaying } from "../common/output";
import { type AuditEntry, type AuditRecord, openAudit, recorded } from "../stack/audit";
import { stackOutputs } from "../stack/outputs";
import { chosenServices, requireDeployed } from "../stack/services";
import { NotTried, outcomeInWords } from "./outcome";
import { type Format, reportOf } from "./report";
import { Stopped } from "./restore";
import { countsInWords, countsOf, toJson } from "./table";
import { type VerifyTarget, type WhileShutOff } from "./target";
import { type CheckResult, type Progress, verify } from ".";

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
    const results = await checkServices(context, options, named);
    if (json) {
        process.stdout.write(`${toJson(results)}\n`);
    } else {
        tell(results, options, lineOn(host, `infra doctor --stack ${stack}`));
        if (options.format === "summary") say(countsInWords(results));
    }
    return countsOf(results).failed === 0 ? exitCodes.held : exitCodes.failed;
}

/**
 * Proves by live calls what must hold for services of a stack.
 *
 * @param named which. @default all of the stack's
 * @throws InfraError where nothing can be tried: no operator, keys of another account, a service that is not deployed
 */
export async function checkServices(
    context: CommandContext,
    options: OperatorOptions & DeployerOptions & Pick<VerifyOptions, "tryShutOff">,
    named: readonly string[] = [],
): Promise<CheckResult[]> {
    const { stack, host } = context;
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
    return checking(context, (progress) =>
        verify(
            {
                ...connectionOf(host, settings),
                accountId: operator.accountId,
                partition: operator.partition,
                credentials: { operator: operator.keys, deployer: deployer?.keys },
                cluster: clusterOf(context),
                outputs,
                services,
                gaps: host.gaps,
                removing: recordingRemovals(stack),
                ...(options.tryShutOff ? { whileShutOff: recordingShutOffs(stack) } : {}),
            },
            progress,
        ),
    );
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

/**
 * Runs checks, says how far they have got, and ends in order at Ctrl-C.
 *
 * @throws Interrupted then
 */
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

/** Records the trial of a shut-off; where that is not possible, nothing is tried. */
export function recordingShutOffs(stack: string, open = openAudit): WhileShutOff {
    return async ({ user, policyArn }, trial) => {
        const audit = opened(open);
        const append = (became: Pick<AuditEntry, "outcome" | "reason">) =>
            audit.append({
                command: "verify",
                stack,
                target: user,
                changes: [{ policy: policyArn, change: "attached, detached" }],
                ...became,
            });
        try {
            const result = await trial();
            append({ outcome: "done" });
            return result;
        } catch (error) {
            append(
                error instanceof Stopped
                    ? { outcome: "interrupted" }
                    : { outcome: "failed", reason: outcomeInWords(error) },
            );
            throw error;
        }
    };
}

/** @throws NotTried when the record cannot be written */
function opened(open: typeof openAudit): AuditRecord {
    try {
        return open();
    } catch (error) {
        throw error instanceof InfraError ? new NotTried(error.reason) : error;
    }
}

/** Says and records what is removed of what runs that were killed have left. */
export function recordingRemovals(stack: string): NonNullable<VerifyTarget["removing"]> {
    return async (target, what, work) => {
        await recorded({ command: "verify", stack, target, changes: [{ change: what }] }, work);
        say(`${target}: ${what}.`);
    };
}
