import { randomBytes } from "node:crypto";

import Table from "cli-table3";

import { gateKeyItem, gateKeyPrefix } from "../../functions/bedrock-gate/core/callers";
import { type Task } from "../../functions/bedrock-gate/control";
import { type GateKey } from "../../functions/bedrock-gate/keys";
import { type LlmModelsOutputs } from "../../services/llm-models";
import { type GateOutputs } from "../../services/llm-models/gate";
import { functionUrlAt } from "../aws/gate";
import { askKeeper } from "../budget/keeper";
import { asPerson } from "../budget/person";
import { type CommandContext } from "../cli/command";
import { confirm, requireConsent } from "../cli/confirm";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printJson, say } from "../common/output";
import { recorded } from "../stack/audit";
import { requireModels } from "./models";

export interface CreateOptions {
    readonly perHour?: number;
    readonly perDay?: number;
    /** Ids of the models that it may call. @default all of the stack's */
    readonly model?: readonly string[];
    /** Seconds for which it is valid. @default until it is revoked */
    readonly expires?: number;
}

/** `infra gate keys create`: the secret is shown once, and nobody can show it again. */
export async function create(
    context: CommandContext,
    { perHour, perDay, model: models, expires: validSeconds }: CreateOptions,
    name: string,
): Promise<ExitCode> {
    return withGate(context, async ({ ask, gate, outputs, by }) => {
        if (models) requireModels(models, outputs, context.stack);
        const secret = gateKeyPrefix + randomBytes(32).toString("base64url");
        const { sort: hash } = gateKeyItem(secret);
        const limits = { requestsPerHour: perHour, requestsPerDay: perDay, models };
        const change = { create: name, ...limits, validSeconds };
        const create = () => ask({ task: "createKey", name, hash, by, ...limits, validSeconds }) as Promise<GateKey>;
        const { stack, json, dryRun } = context;
        const created = dryRun ? undefined : await record(context, by, change, create);
        const { validUntil } = created ?? {};
        const url = functionUrlAt(context.host.aws.endpoint, gate.keysUrl);
        if (json) {
            printJson({ stack, dryRun, name, key: created ? secret : null, url, ...limits, validUntil });
        } else if (dryRun) {
            say(`A key ${name} would be created.`);
        } else {
            say(`Key ${name}, shown once: keep it where secrets are kept.`);
            process.stdout.write(`${secret}\n`);
            if (validUntil !== undefined) say(`It is valid until ${validUntil}.`);
            say(`It calls ${url}: docs/bedrock-gate.md has the lines for each client.`);
        }
        return exitCodes.held;
    });
}

/** `infra gate keys list`: names, ages and limits. */
export async function list(context: CommandContext): Promise<ExitCode> {
    return withGate(context, async ({ ask, gate }) => {
        const keys = (await ask({ task: "listKeys" })) as GateKey[];
        if (context.json) printJson({ stack: context.stack, keys });
        else if (keys.length === 0) say("There are no gate keys.");
        else say(inTable(keys, gate));
        return exitCodes.held;
    });
}

/** `infra gate keys revoke`: the gate refuses it from the next request on. */
export async function revoke(context: CommandContext, name: string): Promise<ExitCode> {
    requireConsent(context);
    return withGate(context, async ({ ask, by }) => {
        const { stack, json, dryRun } = context;
        if (!dryRun) {
            await confirm(`Revoke key ${name}? Whoever uses it is refused from now on.`, context);
            await record(context, by, { revoke: name }, () => ask({ task: "revokeKey", name }));
        }
        if (json) printJson({ stack, dryRun, name, revoked: !dryRun });
        else say(dryRun ? `Key ${name} would be revoked.` : `Key ${name} is revoked.`);
        return exitCodes.held;
    });
}

const record = <Result>(context: CommandContext, by: string, change: object, work: () => Promise<Result>) =>
    recorded({ command: "gate keys", stack: context.stack, target: `gate keys as ${by}`, changes: [change] }, work);

/** A gate that takes keys, and who asks its keeper. */
interface Gate {
    readonly gate: GateOutputs & { readonly keysUrl: string };
    readonly outputs: LlmModelsOutputs;
    readonly by: string;
    ask(task: Task): Promise<unknown>;
}

/** Does something with a gate that takes keys. */
async function withGate(context: CommandContext, work: (gate: Gate) => Promise<ExitCode>): Promise<ExitCode> {
    return asPerson("deployer", context, ({ lambda }, outputs, { arn: by }) => {
        const { gate } = outputs;
        if (gate?.keysUrl === undefined) {
            throw new InfraError(
                exitCodes.usage,
                `Stack ${context.stack} has no gate that takes keys: its callers sign their requests with AWS keys.`,
                "Set gate.keys: true in platform:llm-models, and deploy.",
            );
        }
        const ask = (task: Task) => askKeeper(lambda, outputs, task);
        return work({ gate: { ...gate, keysUrl: gate.keysUrl }, outputs, by, ask });
    });
}

function inTable(keys: readonly GateKey[], gate: GateOutputs): string {
    const table = new Table({
        head: ["key", "created", "by", "an hour", "a day", "models", "state"],
        style: { head: [], border: [] },
    });
    for (const key of keys) {
        table.push([
            key.name,
            key.createdAt.slice(0, 16),
            key.createdBy.replace(/^.*\//, ""),
            key.requestsPerHour ?? gate.requestsPerHour,
            key.requestsPerDay ?? gate.requestsPerDay,
            key.models?.join("\n") ?? "all",
            stateInWords(key, new Date()),
        ]);
    }
    return table.toString();
}

function stateInWords({ revokedAt, validUntil }: GateKey, now: Date): string {
    if (revokedAt !== undefined) return `revoked ${revokedAt.slice(0, 16)}`;
    if (validUntil === undefined) return "in force";
    return `${Date.parse(validUntil) > now.getTime() ? "in force until" : "expired"} ${validUntil.slice(0, 16)}`;
}
