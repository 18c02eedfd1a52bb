import { bucketNameFault } from "../../../components/secure-bucket/bucket-name";
import { physicalName } from "../../../components/naming";
import { policyTestCases, snapshotter, widerPolicyTestCases } from "../../../services/snapshotter";
import { type Caller, callerOfStack } from "../../infra/caller";
import { type CommandContext } from "../../infra/command";
import { serviceOutputs } from "../../infra/engine";
import { type ExitCode, exitCodes, InfraError } from "../../infra/errors";
import { printJson, say } from "../../infra/output";
import { runChecks } from "../../verify";
import { countsOf, renderTable } from "../../verify/table";
import { connectionOf, deployerOf, type DeployerOptions } from "../people";
import { checking } from "../verify/checking";
import { requireService } from "../verify/services";
import { keysFrom } from "./keys";

export interface PolicyTestOptions extends DeployerOptions {
    readonly bucket?: string;
    readonly prefix?: string;
    readonly all?: boolean;
    readonly directory: string;
}

/** `infra policy-test`: exit code 0 if every case ended as expected, 1 if one did not. */
export async function policyTest(context: CommandContext, options: PolicyTestOptions): Promise<ExitCode> {
    const { stack, json, host } = context;
    const settings = host.settings(stack);
    requireService(stack, settings.services, [snapshotter.name]);
    const faults = placeFaults(options);
    if (faults.length > 0) throw new InfraError(exitCodes.usage, faults.join("\n"));
    const { keys, source } = keysFrom(process.env, options.directory);
    say(`keys from ${source}`);
    const agent = await callerOfStack("agent", keys, connectionOf(host, settings), settings.allowedAccountIds);
    requireAgent(agent, physicalName(snapshotter.agentUser, settings.environment));
    const deployer = await deployerOf(context, options);
    const place = await placeOf(context, options);
    const cases = [...policyTestCases(place), ...(options.all ? widerPolicyTestCases(place) : [])];
    const results = await checking(context, (progress) =>
        runChecks(
            cases.map((check, index) => ({ service: snapshotter.name, check, index })),
            {
                ...connectionOf(host, settings),
                accountId: agent.accountId,
                partition: agent.partition,
                credentials: { deployer: deployer?.keys },
                serviceKeys: { [snapshotter.name]: keys },
                outputs: {},
                services: [snapshotter.name],
            },
            progress,
        ),
    );
    const counts = countsOf(results);
    if (json) printJson({ stack, bucket: place.bucketName, prefix: place.prefix, cases: results, ...counts });
    else say(`s3://${place.bucketName}/${place.prefix}\n${renderTable(results, process.stderr.columns)}`);
    return counts.failed === 0 ? exitCodes.held : exitCodes.failed;
}

interface Place {
    readonly bucketName: string;
    readonly prefix: string;
}

/** What is wrong with where the command line points. */
export function placeFaults({ bucket, prefix }: Pick<PolicyTestOptions, "bucket" | "prefix">): string[] {
    const fault = bucket === undefined ? undefined : bucketNameFault(bucket);
    return [
        ...(fault ? [`--bucket ${JSON.stringify(bucket)}: expected ${fault}`] : []),
        ...(prefix === undefined || /^[^/]/.test(prefix)
            ? []
            : [`--prefix ${JSON.stringify(prefix)}: expected the beginning of a key, without a slash before it`]),
    ];
}

/** The stack is asked only for what is not given. */
async function placeOf(context: CommandContext, { bucket, prefix }: PolicyTestOptions): Promise<Place> {
    const { bucketName, prefix: usual } =
        bucket !== undefined && prefix !== undefined
            ? { bucketName: bucket, prefix }
            : await serviceOutputs(context, snapshotter.name);
    return { bucketName: bucket ?? bucketName, prefix: (prefix ?? usual).replace(/\/*$/, "/") };
}

function requireAgent({ arn }: Caller, userName: string): void {
    if (new RegExp(`:user/(.+/)?${userName.replace(/[.+]/g, "\\$&")}$`).test(arn)) return;
    throw new InfraError(
        exitCodes.failed,
        `These keys are those of ${arn}, not of user ${userName}.`,
        "Nothing else was asked with them. Set the keys of the agent.",
    );
}
