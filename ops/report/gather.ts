import { type CommandContext } from "../cli/command";
import { type DeployerOptions, type OperatorOptions } from "../cli/people";
import { failure } from "../cli/program";
import { exitCodes, Interrupted } from "../common/errors";
import { currentOutputs } from "../rotate/state";
import { stackHistory, stackState } from "../stack/backend";
import { type Spending } from "./budget";
import { type Checks, type ReportInputs } from "./data";

export type People = OperatorOptions & DeployerOptions;

/** What a report is made of: the stack's state and history, and what AWS was asked. */
export async function gather(context: CommandContext, checks: Checks, spending: Spending): Promise<ReportInputs> {
    const { host, stack } = context;
    const [state, history] = await Promise.all([stackState(context), stackHistory(context)]);
    return { stack, settings: host.settings(stack), state, history, checks, spending, now: new Date() };
}

/** The results of the checks that whoever calls can run, or why there are none. */
export function checked(context: CommandContext, people: People): Promise<Checks> {
    return orReason<Checks>(
        async () => {
            await context.host.open?.();
            const { checkServices } = await import("../verify/command");
            return { verified: true, results: await checkServices(context, people) };
        },
        (reason) => ({ verified: false, reason }),
    );
}

/** What is spent of the month's budget, or why nobody says so. */
export function spent(context: CommandContext, people: People): Promise<Spending> {
    return orReason<Spending>(
        async () => {
            const { exported } = await stackState(context);
            const outputs = currentOutputs(exported).outputs["llm-models"];
            if (!outputs) return { known: false, reason: "llm-models is not deployed by this version of the program." };
            await context.host.open?.();
            const [{ asCaller }, { budgetState }] = await Promise.all([
                import("../budget/person"),
                import("../budget/state"),
            ]);
            const state = await asCaller(
                "operator",
                context,
                (clients, { accountId }) => budgetState(clients, accountId, outputs, new Date()),
                people.operatorProfile,
            );
            return { known: true, state };
        },
        (reason) => ({ known: false, reason }),
    );
}

/** A report says what it does not know: only a fault of the tool, and Ctrl-C, keep it from being written. */
async function orReason<Result>(ask: () => Promise<Result>, without: (reason: string) => Result): Promise<Result> {
    try {
        return await ask();
    } catch (error) {
        const { exitCode, reason, fix } = failure(error);
        if (exitCode === exitCodes.fault || error instanceof Interrupted) throw error;
        return without([reason, fix].filter(Boolean).join(" "));
    }
}
