import { physicalName } from "../../components/naming";
import { bucketNameFault } from "../../components/secure-bucket/bucket-name";
import { snapshotter } from "../../services/snapshotter";
import { policyTestCases, widerPolicyTestCases } from "../../services/snapshotter/checks";
import { type Settings } from "../../stacks/settings";
import { clientsFor, closeClients } from "../aws/clients";
import { type CommandContext, lineOn } from "../cli/command";
import { connectionOf, deployerOf, type DeployerOptions } from "../cli/people";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printJson, say } from "../common/output";
import { type CallerIdentity, vouchedIdentity } from "../creds/identity";
import { credentialsIn, noCredentials, projectFolder, replaceOthers } from "../creds/project";
import { type FoundCredentials } from "../creds/resolve";
import { serviceOutputs } from "../stack/outputs";
import { requireService } from "../stack/services";
import { checking, recordingRemovals, tell } from "./command";
import { countsOf } from "./table";
import { runChecks } from ".";

export interface PolicyTestOptions extends DeployerOptions {
    readonly bucket?: string;
    readonly prefix?: string;
    readonly all?: boolean;
    readonly directory: string;
}

const sources = snapshotter.credentials;

/** `infra policy-test`: exit code 0 if every case ended as expected, 1 if one did not. */
export async function policyTest(context: CommandContext, options: PolicyTestOptions): Promise<ExitCode> {
    const { stack, json, host } = context;
    const settings = host.settings(stack);
    requireService(stack, settings.services, [snapshotter.name]);
    const faults = placeFaults(options);
    if (faults.length > 0) throw new InfraError(exitCodes.usage, faults.join("\n"));
    const folder = projectFolder(options.directory);
    const resolution = credentialsIn(folder, sources, settings.region);
    const { credentials } = resolution;
    if (!credentials) throw noCredentials(context, snapshotter.name, sources, folder, resolution);
    say(`keys ${credentials.keys.accessKeyId} of ${credentials.place}`);
    const agent = await vouch(context, settings, credentials, folder);
    const deployer = await deployerOf(context, options);
    const place = await placeOf(context, options);
    const cases = [...policyTestCases(place), ...(options.all ? widerPolicyTestCases(place) : [])];
    const results = await checking(context, (progress) =>
        runChecks(
            cases.map((check, index) => ({ service: snapshotter.name, check, index })),
            {
                ...connectionOf(host, settings),
                accountId: agent.account,
                partition: agent.arn.split(":")[1],
                credentials: { deployer: deployer?.keys },
                serviceKeys: { [snapshotter.name]: credentials.keys },
                removing: recordingRemovals(stack),
                outputs: {},
                services: [snapshotter.name],
            },
            progress,
        ),
    );
    const counts = countsOf(results);
    if (json) {
        printJson({ stack, bucket: place.bucketName, prefix: place.prefix, cases: results, ...counts });
    } else {
        say(`s3://${place.bucketName}/${place.prefix}`);
        tell(results, { format: "table" }, lineOn(host, `infra doctor --stack ${stack}`));
    }
    return counts.failed === 0 ? exitCodes.held : exitCodes.failed;
}

/** Whose the keys are: nothing else is asked with another's. */
async function vouch(
    context: CommandContext,
    settings: Settings,
    found: FoundCredentials,
    folder: string,
): Promise<CallerIdentity> {
    const clients = clientsFor(found.keys, connectionOf(context.host, settings));
    try {
        const agent = await vouchedIdentity(clients, found.keys, {
            accountIds: settings.allowedAccountIds,
            user: physicalName(sources.user, settings.environment),
            fix: replaceOthers(context, snapshotter.name, found, folder),
        });
        say(`agent: ${agent.arn}`);
        return agent;
    } finally {
        closeClients(clients);
    }
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
