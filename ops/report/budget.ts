import { llmModels } from "../../services/llm-models";
import { type BudgetState } from "../budget/state";
import { type ExportedState } from "../recover/state";

/** The month's budget of a stack: its levels by the stack's state, and what is spent by AWS. */
export interface ReportBudget {
    readonly name: string;
    readonly limitUsd: number;
    /** Which costs it counts. */
    readonly counts: readonly string[];
    /** In the order of their percentages. */
    readonly levels: readonly BudgetLevel[];
    /** What is spent, reserved and saved; or why nobody was asked. */
    readonly spending: Spending;
}

export interface BudgetLevel {
    /** Of the limit. */
    readonly percent: number;
    /** `forecast`: an alert when the month's end is expected above it. `shut-off`: invocations end. */
    readonly kind: "alert" | "forecast" | "shut-off";
}

export type Spending =
    { readonly known: true; readonly state: BudgetState } | { readonly known: false; readonly reason: string };

interface BudgetInputs {
    readonly name?: string;
    readonly limitAmount?: string;
    readonly costFilters?: readonly { readonly name: string; readonly values: readonly string[] }[];
    readonly notifications?: readonly { readonly threshold: number; readonly notificationType: string }[];
}

/** Undefined where the stack has no budget. */
export function budgetOf({ deployment }: ExportedState, spending: Spending): ReportBudget | undefined {
    const found = deployment.resources?.find(({ type }) => type === "aws:budgets/budget:Budget");
    if (!found) return undefined;
    const { name = "", limitAmount, costFilters = [], notifications = [] } = found.inputs as BudgetInputs;
    const alerts = notifications.map(({ threshold, notificationType }) => ({
        percent: threshold,
        kind: notificationType === "FORECASTED" ? ("forecast" as const) : ("alert" as const),
    }));
    const levels = [...alerts, { percent: llmModels.shutOffPercent, kind: "shut-off" as const }];
    return {
        name,
        limitUsd: Number(limitAmount),
        counts: costFilters.flatMap(({ values }) => values),
        levels: levels.sort((one, other) => one.percent - other.percent),
        spending,
    };
}
