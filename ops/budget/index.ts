import { ExecuteBudgetActionCommand } from "@aws-sdk/client-budgets";

import { endOf } from "../../functions/bedrock-gate/core/time";
import { type LlmModelsOutputs } from "../../services/llm-models";
import { type Caller } from "../aws/caller";
import { type Clients } from "../aws/clients";
import { type CommandContext } from "../cli/command";
import { confirm, requireConsent } from "../cli/confirm";
import { type ExitCode, exitCodes, InfraError } from "../common/errors";
import { printJson, say, whileSaying } from "../common/output";
import { recorded } from "../stack/audit";
import { askKeeper } from "./keeper";
import { asPerson } from "./person";
import { actionOf, budgetState } from "./state";
import { isShutOff, stateInWords } from "./words";

export interface RestoreOptions {
    readonly reason: string;
    /** When the shut-off's level counts again. */
    readonly until?: Date;
}

/** `infra budget status`: where the month's budget stands. Exit code 1 while a shut-off is in force. */
export async function status(context: CommandContext): Promise<ExitCode> {
    const state = await look(context);
    if (context.json) printJson({ stack: context.stack, ...state });
    else say(stateInWords(state));
    return isShutOff(state) ? exitCodes.failed : exitCodes.held;
}

/** Whoever restores is not asked to be able to read the ledger. */
const look = (context: CommandContext) =>
    asPerson("operator", context, (clients, outputs, { accountId }) =>
        budgetState(clients, accountId, outputs, new Date()),
    );

/** `infra budget restore`: invocations may begin again, by every brake. */
export async function restore(context: CommandContext, { reason, until }: RestoreOptions): Promise<ExitCode> {
    requireConsent(context);
    const now = new Date();
    if (until && (until <= now || until > endOf("month", now))) {
        throw new InfraError(
            exitCodes.usage,
            `--until is ${until.toISOString()}, expected a time from now to the end of the month.`,
            `A month restores the budget as it begins: ${endOf("month", now).toISOString()}.`,
        );
    }
    const before = await look(context);
    say(stateInWords(before));
    const { json, stack, dryRun } = context;
    const restored = isShutOff(before) && !dryRun;
    if (restored) {
        await confirm("Let invocations begin again?", context);
        await restoreAs(context, { reason, until });
    }
    const after = restored ? await look(context) : before;
    if (json) printJson({ stack, dryRun, restored, ...after });
    if (restored && isShutOff(after)) {
        say(`${stateInWords(after)}\nWhat is still attached was attached by somebody else: detach it by hand.`);
        return exitCodes.failed;
    }
    if (restored) say("Restored: invocations may begin again.");
    else say(isShutOff(before) ? "Nothing was changed." : "No shut-off is in force: there is nothing to restore.");
    return exitCodes.held;
}

function restoreAs(context: CommandContext, { reason, until }: RestoreOptions): Promise<void> {
    return asPerson("deployer", context, (clients, outputs, caller) =>
        recorded(
            {
                command: "budget restore",
                stack: context.stack,
                target: `${outputs.budgetName} as ${caller.arn}`,
                changes: [{ reason, ...(until ? { until: until.toISOString() } : {}) }],
            },
            () => restoreAll(clients, outputs, caller, { reason, until }),
        ),
    );
}

async function restoreAll(
    clients: Clients,
    outputs: LlmModelsOutputs,
    { arn: by, accountId }: Caller,
    { reason, until }: RestoreOptions,
): Promise<void> {
    const task = { task: "restore", reason, by, until: until?.toISOString() } as const;
    await askKeeper(clients.lambda, outputs, task);
    if (outputs.budgetAction) await reverseAction(clients, accountId, outputs.budgetName);
}

/** Takes back what AWS Budgets did, and arms it again: after a reversal it would not act a second time in the month. */
async function reverseAction(clients: Clients, AccountId: string, BudgetName: string): Promise<void> {
    const action = await actionOf(clients.budgets, AccountId, BudgetName);
    if (action?.status !== "EXECUTION_SUCCESS") return;
    const step = async (ExecutionType: "REVERSE_BUDGET_ACTION" | "RESET_BUDGET_ACTION", ended: string) => {
        await clients.budgets.send(
            new ExecuteBudgetActionCommand({ AccountId, BudgetName, ActionId: action.id, ExecutionType }),
        );
        await whileSaying(
            () => `AWS Budgets: ${ExecutionType.toLowerCase().replaceAll("_", " ")}`,
            () => until(clients, AccountId, BudgetName, ended),
        );
    };
    await step("REVERSE_BUDGET_ACTION", "REVERSE_SUCCESS");
    await step("RESET_BUDGET_ACTION", "STANDBY");
}

/** How long AWS Budgets is waited for, and between two looks, in milliseconds. */
const patience = 300_000;
const pause = 2_000;

async function until(clients: Clients, accountId: string, budget: string, ended: string): Promise<void> {
    const deadline = Date.now() + patience;
    for (;;) {
        const action = await actionOf(clients.budgets, accountId, budget);
        if (action?.status === ended) return;
        if (Date.now() > deadline || action?.status.endsWith("_FAILURE")) {
            throw new InfraError(
                exitCodes.failed,
                `The action of budget ${budget} is ${action?.status ?? "gone"}, expected ${ended}.`,
                "Look at it in the Budgets console; run the command again once it is at rest.",
            );
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
    }
}
