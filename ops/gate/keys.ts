import { randomBytes } from "node:crypto";

import Table from "cli-table3";

import { gateKeyItem, gateKeyPrefix } from "../../functions/bedrock-gate/core/callers";
import { type Task } from "../../functions/bedrock-gate/control";
import { type GateKey } from "../../functions/bedrock-gate/keys";
import { type GateOutputs } from "../../services/llm-models/gate";
import { type Clients } from "../aws/clients";
import { functionUrlAt } from "../aws/gate";
import { askControl, ControlFailed } from "../aws/gate-control";
import { asPerson } from "../budget/person";
import { type CommandContext } from "../cli/command";
import { confirm, requireConsent } from "../cli/confirm";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printJson, say } from "../common/output";
import { recorded } from "../stack/audit";

export interface CreateOptions {
    readonly perHour?: number;
    readonly perDay?: number;
}

/** `infra gate keys create`: the secret is shown once, and nobody can show it again. */
export async function create(
    context: CommandContext,
    { perHour, perDay }: CreateOptions,
    name: string,
): Promise<ExitCode> {
    return withGate(context, async (clients, gate, by) => {
        const secret = gateKeyPrefix + randomBytes(32).toString("base64url");
        const { sort: hash } = gateKeyItem(secret);
        const limits = { requestsPerHour: perHour, requestsPerDay: perDay };
        if (!context.dryRun) {
            const change = { create: name, ...limits };
            await record(context, by, change, () =>
                ask(clients, gate, { task: "createKey", name, hash, by, ...limits }),
            );
        }
        const { stack, json, dryRun } = context;
        const key = dryRun ? undefined : secret;
        const url = functionUrlAt(context.host.aws.endpoint, gate.keysUrl);
        if (json) {
            printJson({ stack, dryRun, name, key: key ?? null, url, ...limits });
        } else if (dryRun) {
            say(`A key ${name} would be created.`);
        } else {
            say(`Key ${name}, shown once: keep it where secrets are kept.`);
            process.stdout.write(`${secret}\n`);
            say(`It calls ${url}: docs/bedrock-gate.md has the lines for each client.`);
        }
        return exitCodes.held;
    });
}

/** `infra gate keys list`: names, ages and limits. */
export async function list(context: CommandContext): Promise<ExitCode> {
    return withGate(context, async (clients, gate) => {
        const keys = (await ask(clients, gate, { task: "listKeys" })) as GateKey[];
        if (context.json) printJson({ stack: context.stack, keys });
        else if (keys.length === 0) say("There are no gate keys.");
        else say(inTable(keys, gate));
        return exitCodes.held;
    });
}

/** `infra gate keys revoke`: the gate refuses it from the next request on. */
export async function revoke(context: CommandContext, name: string): Promise<ExitCode> {
    requireConsent(context);
    return withGate(context, async (clients, gate, by) => {
        const { stack, json, dryRun } = context;
        if (!dryRun) {
            await confirm(`Revoke key ${name}? Whoever uses it is refused from now on.`, context);
            await record(context, by, { revoke: name }, () => ask(clients, gate, { task: "revokeKey", name }));
        }
        if (json) printJson({ stack, dryRun, name, revoked: !dryRun });
        else say(dryRun ? `Key ${name} would be revoked.` : `Key ${name} is revoked.`);
        return exitCodes.held;
    });
}

const record = (context: CommandContext, by: string, change: object, work: () => Promise<unknown>) =>
    recorded({ command: "gate keys", stack: context.stack, target: `gate keys as ${by}`, changes: [change] }, work);

type GateWithKeys = GateOutputs & { readonly keysUrl: string };

/** Does something with a gate that takes keys. */
async function withGate(
    context: CommandContext,
    work: (clients: Clients, gate: GateWithKeys, by: string) => Promise<ExitCode>,
): Promise<ExitCode> {
    return asPerson("deployer", context, (clients, { gate }, { arn }) => {
        if (gate?.keysUrl === undefined) {
            throw new InfraError(
                exitCodes.usage,
                `Stack ${context.stack} has no gate that takes keys: its callers sign their requests with AWS keys.`,
                "Set gate.keys: true in platform:llm-models, and deploy.",
            );
        }
        return work(clients, { ...gate, keysUrl: gate.keysUrl }, arn);
    });
}

async function ask({ lambda }: Clients, { controlName }: GateOutputs, task: Task): Promise<unknown> {
    return askControl(lambda, controlName, task).catch((error: unknown) => {
        if (!(error instanceof ControlFailed)) throw error;
        throw new InfraError(exitCodes.failed, `${error.message}.`);
    });
}

function inTable(keys: readonly GateKey[], gate: GateOutputs): string {
    const table = new Table({
        head: ["key", "created", "by", "an hour", "a day", "state"],
        style: { head: [], border: [] },
    });
    for (const { name, createdAt, createdBy, revokedAt, requestsPerHour, requestsPerDay } of keys) {
        table.push([
            name,
            createdAt.slice(0, 16),
            createdBy.replace(/^.*\//, ""),
            requestsPerHour ?? gate.requestsPerHour,
            requestsPerDay ?? gate.requestsPerDay,
            revokedAt === undefined ? "in force" : `revoked ${revokedAt.slice(0, 16)}`,
        ]);
    }
    return table.toString();
}
