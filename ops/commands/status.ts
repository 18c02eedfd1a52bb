import { type Command } from "commander";

import { addStackCommand, type CommandContext } from "../infra/command";
import { type ExitCode, exitCodes } from "../infra/errors";
import { type Host } from "../infra/host";
import { printJson, say } from "../infra/output";

/** Adds `infra status`: a stack at a glance. */
export function registerStatus(program: Command, host: Host): void {
    addStackCommand(program, host, {
        name: "status",
        description:
            "the stack at a glance: its last update and whether one is running, its services, the ages of their keys and " +
            "where a rotation stands, the shut-off, the local cloud; starts and changes nothing",
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
        import("../infra/backend"),
        import("../status"),
    ]);
    const [state, history, localCloud] = await Promise.all([
        stackState(context),
        stackHistory(context),
        host.localCloud?.(),
    ]);
    const now = new Date();
    const found = statusOf(stack, settings, state, history, now);
    const asked = localCloud?.running === false ? undefined : await shutOffOf(context, state);
    const services = found.services.map((service) =>
        service.service === "llm-models" && service.deployed ? { ...service, shutOff: asked } : service,
    );
    const status = { ...found, localCloud, services };
    if (json) printJson(status);
    else say((await import("../status/words")).statusInWords(status, now));
    return exitCodes.held;
}

/** Whether the shut-off's policy is attached; undefined where AWS does not say so within the moment that there is. */
async function shutOffOf(context: CommandContext, state: Parameters<typeof shutOffInForce>[1]) {
    return shutOffInForce(context, state).catch(() => undefined);
}

async function shutOffInForce({ host, stack }: CommandContext, { exported }: import("../infra/backend").StackState) {
    const { outputsInState } = await import("../rotate/state");
    const own = outputsInState(exported)["llm-models"];
    if (!own) return undefined;
    await host.open?.();
    const { clientsFor, closeClients } = await import("../verify/clients");
    const { ListAttachedUserPoliciesCommand } = await import("@aws-sdk/client-iam");
    const { region } = host.settings(stack);
    const clients = clientsFor(await host.credentials("operator"), { ...host.aws, region });
    try {
        const { AttachedPolicies = [] } = await clients.iam.send(
            new ListAttachedUserPoliciesCommand({ UserName: own.userName }),
            { abortSignal: AbortSignal.timeout(1_500) },
        );
        return AttachedPolicies.some(({ PolicyArn }) => PolicyArn === own.denyPolicyArn);
    } finally {
        closeClients(clients);
    }
}
