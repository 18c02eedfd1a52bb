import { InvalidArgumentError, Option } from "commander";

import { type Settings } from "../../stacks/settings";
import { type Caller } from "../aws/caller";
import { type Connection } from "../aws/clients";
import { exitCodes, InfraError } from "../common/errors";
import { type CommandContext } from "./command";
import { type Host } from "./host";

export interface DeployerOptions {
    readonly deployerProfile?: string;
}

export interface OperatorOptions {
    readonly operatorProfile?: string;
}

export function deployerProfile(without: string): Option {
    return new Option("--deployer-profile <name>", `the deployer's AWS profile; ${without}`).argParser(profileName);
}

export function operatorProfile(): Option {
    return new Option(
        "--operator-profile <name>",
        "the read-only operator's AWS profile; default: your AWS login",
    ).argParser(profileName);
}

/** As of a variable that is not set: the SDK would take the default profile. */
function profileName(text: string): string {
    if (text === "") throw new InvalidArgumentError("It names no profile.");
    return text;
}

/** Where a stack's AWS answers. */
export function connectionOf(host: Host, settings: Settings): Connection {
    return { ...host.aws, region: settings.region };
}

/**
 * The read-only operator of a stack.
 *
 * @throws InfraError when there is none, or he is of another account
 */
export async function operatorOf(context: CommandContext, { operatorProfile: profile }: OperatorOptions) {
    return person("operator", context, profile);
}

/**
 * The deployer of a stack; undefined where nobody is named: whoever is logged in need not be one. The local cloud has
 * one of its own.
 *
 * @throws InfraError when there are no such credentials, or they are of another account
 */
export async function deployerOf(
    context: CommandContext,
    { deployerProfile: profile }: DeployerOptions,
): Promise<Caller | undefined> {
    if (profile === undefined && !isLocal(context.host)) return undefined;
    return person("deployer", context, profile);
}

async function person(who: "operator" | "deployer", context: CommandContext, profile?: string): Promise<Caller> {
    const { host, stack } = context;
    const settings = host.settings(stack);
    refuseProfile(host, profile);
    // AWS's clients take a tenth of a second to load: --help has no use for them.
    const { callerOfStack } = await import("../aws/caller");
    const keys = await host.credentials(who, profile);
    return callerOfStack(who, keys, connectionOf(host, settings), settings.allowedAccountIds);
}

/** @throws InfraError in the local cloud, whose people have no profiles */
export function refuseProfile(host: Host, profile: string | undefined): void {
    if (profile === undefined || !isLocal(host)) return;
    throw new InfraError(exitCodes.usage, "The local cloud's operator and deployer are its own: name no profile.");
}

/** Whether this is the local cloud, with people of its own. */
export function isLocal({ onlyStack }: Host): boolean {
    return onlyStack !== undefined;
}
