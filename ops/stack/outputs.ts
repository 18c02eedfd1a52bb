import { type ServiceName, type ServiceOutputs } from "../../services";
import { parseOutputs } from "../../services/outputs";
import { type Settings } from "../../stacks/settings";
import { type CommandContext } from "../cli/command";
import { exitCodes, InfraError, Interrupted } from "../common/errors";

type OfStack = Pick<CommandContext, "stack" | "host">;
type Deployed = OfStack & Pick<CommandContext, "interrupted">;

/**
 * What a stack exports, its secrets in plain text.
 *
 * @param services of which. @default all
 * @throws InfraError when the engine does not give it: no such stack, not logged in, the state cannot be decrypted;
 * OutdatedOutputs where another version of the program was deployed
 */
export async function stackOutputs(
    { stack, host, interrupted }: Deployed,
    services?: readonly ServiceName[],
): Promise<Partial<ServiceOutputs>> {
    const { exitCode, stdout, stderr } = await host.pulumi(stack, ["stack", "output", "--json", "--show-secrets"]);
    if (exitCode === 0) return parseOutputs(parsed(stdout), services);
    // The engine hears Ctrl-C too, and says nothing then.
    if (interrupted.aborted) throw new Interrupted();
    throw new InfraError(
        exitCodes.unreachable,
        `The outputs of stack ${stack} could not be read: ${lastLine(stderr)}`,
        "Log in with `pulumi login` to where the stack's state is, with access to what encrypts its secrets.",
    );
}

/**
 * A stack's settings, if they have the service.
 *
 * @throws InfraError when they have not, or have faults
 */
export function settingsWith({ stack, host }: OfStack, service: ServiceName): Settings {
    const settings = host.settings(stack);
    if (settings.services.includes(service)) return settings;
    throw new InfraError(exitCodes.usage, `Stack ${stack} has no ${service}: its settings do not list it.`);
}

/**
 * What a stack exports for one service.
 *
 * @throws InfraError when the stack has no such service, or it is not deployed yet
 */
export async function serviceOutputs<Name extends ServiceName>(
    context: Deployed,
    service: Name,
): Promise<ServiceOutputs[Name]> {
    const { stack, host } = context;
    settingsWith(context, service);
    const outputs = (await stackOutputs(context, [service]))[service];
    if (outputs) return outputs;
    throw new InfraError(
        exitCodes.failed,
        `Stack ${stack} exports nothing for ${service}: it is not deployed yet.`,
        `Deploy it: ${host.upCommand(stack)}`,
    );
}

/** What the engine printed as JSON; the error of what is none would quote it, secrets and all. */
export function parsed<Value>(text: string): Value {
    try {
        return JSON.parse(text) as Value;
    } catch {
        throw new InfraError(exitCodes.unreachable, "The engine's answer is no JSON.");
    }
}

function lastLine(text: string): string {
    return text.trim().split("\n").at(-1) || "it said nothing";
}
