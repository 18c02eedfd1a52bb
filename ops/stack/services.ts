import { serviceFacts, type ServiceName, type ServiceOutputs, type ServiceSettings } from "../../services";
import { type Settings } from "../../stacks/settings";
import { type CommandContext } from "../cli/command";
import { exitCodes, InfraError } from "../common/errors";

/**
 * The services that are meant, in the order of the stack's settings; all of them where none is named.
 *
 * @throws InfraError for one that the stack does not have
 */
export function chosenServices(
    stack: string,
    ofStack: readonly ServiceName[],
    named: readonly string[],
): readonly ServiceName[] {
    requireService(stack, ofStack, named);
    return named.length === 0 ? ofStack : ofStack.filter((name) => named.includes(name));
}

/** @throws InfraError when the stack does not have all of these */
export function requireService(stack: string, ofStack: readonly ServiceName[], named: readonly string[]): void {
    const strange = named.filter((name) => !(ofStack as readonly string[]).includes(name));
    if (strange.length === 0) return;
    throw new InfraError(
        exitCodes.usage,
        `Stack ${stack} has no ${strange.join(", no ")}: its settings do not list it.`,
        `The services of this stack are ${ofStack.join(", ")}.`,
    );
}

/** @throws InfraError when the stack exports nothing for one of these */
export function requireDeployed(
    { stack, host }: Pick<CommandContext, "stack" | "host">,
    services: readonly ServiceName[],
    outputs: Readonly<Partial<ServiceOutputs>>,
): void {
    const missing = services.filter((name) => !outputs[name]);
    if (missing.length === 0) return;
    throw new InfraError(
        exitCodes.failed,
        `Stack ${stack} exports nothing for ${missing.join(", ")}: not deployed yet.`,
        `Deploy it: ${host.upCommand(stack)}`,
    );
}

/** Whether any of a stack's services is deployed to Kubernetes and Vault, too. */
export const needsCluster = (settings: Settings) => settings.services.some((name) => isInCluster(name, settings));

function isInCluster<Name extends ServiceName>(name: Name, settings: Partial<ServiceSettings>): boolean {
    const section = settings[name];
    return section !== undefined && (serviceFacts[name].needsCluster?.(section) ?? false);
}
