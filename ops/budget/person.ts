import { type LlmModelsOutputs } from "../../services/llm-models";
import { type Caller, callerOfStack } from "../aws/caller";
import { type Clients, clientsFor, closeClients } from "../aws/clients";
import { failureInWords } from "../aws/failures";
import { type CommandContext } from "../cli/command";
import { exitCodes, InfraError } from "../common/errors";
import { serviceOutputs } from "../stack/outputs";

/** Does something with the clients of one of the stack's people. */
export async function asPerson<Result>(
    who: "operator" | "deployer",
    context: CommandContext,
    work: (clients: Clients, outputs: LlmModelsOutputs, caller: Caller) => Promise<Result>,
): Promise<Result> {
    const outputs = await serviceOutputs(context, "llm-models");
    return asCaller(who, context, (clients, caller) => work(clients, outputs, caller));
}

/** The same where the stack's outputs are not asked for. */
export async function asCaller<Result>(
    who: "operator" | "deployer",
    { host, stack }: Pick<CommandContext, "host" | "stack">,
    work: (clients: Clients, caller: Caller) => Promise<Result>,
    profile?: string,
): Promise<Result> {
    const { region, allowedAccountIds } = host.settings(stack);
    const connection = { ...host.aws, region };
    const caller = await callerOfStack(who, await host.credentials(who, profile), connection, allowedAccountIds);
    const clients = clientsFor(caller.keys, connection);
    try {
        return await work(clients, caller);
    } catch (error) {
        if (!(error instanceof Error && "$metadata" in error)) throw error;
        throw new InfraError(
            exitCodes.unreachable,
            `AWS did not answer the ${who}: ${failureInWords(error)}.`,
            error.message,
        );
    } finally {
        closeClients(clients);
    }
}
