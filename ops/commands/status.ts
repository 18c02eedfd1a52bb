import { type Command } from "commander";

import { serviceFacts, type ServiceName, type ServiceOutputs } from "../../services";
import { type ShutOffFacts } from "../../services/service";
import { addStackCommand, type CommandContext } from "../cli/command";
import { type Host } from "../cli/host";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printJson, say } from "../common/output";
import { type StackState } from "../stack/backend";

/** Adds `infra status`: a stack at a glance. */
export function registerStatus(program: Command, host: Host): void {
    addStackCommand(program, host, {
        name: "status",
        description:
            "show the stack at a glance: its last update and whether one is running, its services, the age of their keys, " +
            "rotations, the shut-off, the local cloud; starts and changes nothing",
        // What does not run is part of the answer.
        settingsOnly: true,
        examples: [
            ["infra status --stack dev", "one screen"],
            ["infra status --stack dev --json | jq '.services[].keys.rotation'", "for programs"],
        ],
        run: showStatus,
    });
}

async function showStatus(context: CommandContext): Promise<ExitCode> {
    const { host, stack, json } = context;
    const settings = host.settings(stack);
    const [{ stackHistory, stackState }, { statusOf }] = await Promise.all([
        import("../stack/backend"),
        import("../status"),
    ]);
    const [state, history, localCloud] = await Promise.all([
        stackState(context),
        stackHistory(context),
        host.localCloud?.(),
    ]);
    const now = new Date();
    const found = statusOf(stack, settings, state, history, now);
    const inForce = localCloud?.running === false ? {} : await shutOffs(context, state);
    const services = found.services.map((one) => ({ ...one, shutOff: inForce[one.service] }));
    const status = { ...found, localCloud, services };
    if (json) printJson(status);
    else say((await import("../status/words")).statusInWords(status, now));
    return exitCodes.held;
}

/** How long AWS is waited for, in milliseconds. */
const patience = 1_500;

/** Whether each service's shut-off is in force, as far as AWS says so within the moment that there is. */
async function shutOffs(context: CommandContext, state: StackState): Promise<Partial<Record<ServiceName, boolean>>> {
    const { currentOutputs } = await import("../rotate/state");
    const { outputs } = currentOutputs(state.exported);
    const asked = (Object.keys(outputs) as ServiceName[]).flatMap((service) => {
        const shutOff = shutOffOf(service, outputs);
        return shutOff ? [{ service, shutOff }] : [];
    });
    if (asked.length === 0) return {};
    const answers = asked.map(async ({ service, shutOff }) => [service, await isInForce(context, shutOff)] as const);
    const silence = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), patience).unref());
    const all = await Promise.race([Promise.all(answers).catch(unlessFault), silence]);
    return Object.fromEntries(all ?? []);
}

function shutOffOf<Name extends ServiceName>(
    service: Name,
    outputs: Partial<ServiceOutputs>,
): ShutOffFacts | undefined {
    return serviceFacts[service].shutOff?.(outputs[service]!);
}

/** What AWS refuses, and that nobody is logged in, is no fault of this tool. */
function unlessFault(error: unknown): undefined {
    if (error instanceof InfraError || (error instanceof Error && "$metadata" in error)) return undefined;
    throw error;
}

async function isInForce({ host, stack }: CommandContext, { userName, policyArns }: ShutOffFacts) {
    await host.open?.();
    const { clientsFor, closeClients } = await import("../aws/clients");
    const { callerOf } = await import("../aws/caller");
    const { ListAttachedUserPoliciesCommand } = await import("@aws-sdk/client-iam");
    const { region, allowedAccountIds } = host.settings(stack);
    const connection = { ...host.aws, region };
    const keys = await host.credentials("operator");
    const { accountId } = await callerOf(keys, connection);
    if (!allowedAccountIds.includes(accountId)) {
        throw new InfraError(exitCodes.failed, `The keys belong to account ${accountId}.`);
    }
    const clients = clientsFor(keys, connection);
    try {
        const attached = await clients.iam.send(new ListAttachedUserPoliciesCommand({ UserName: userName }));
        return (attached.AttachedPolicies ?? []).some(({ PolicyArn = "" }) => policyArns.includes(PolicyArn));
    } finally {
        closeClients(clients);
    }
}
