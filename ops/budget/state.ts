import { type BudgetsClient, DescribeBudgetActionsForBudgetCommand, type ActionStatus } from "@aws-sdk/client-budgets";
import { paginateListEntitiesForPolicy, type IAMClient } from "@aws-sdk/client-iam";

import { DynamoStore } from "../../functions/bedrock-gate/adapters/dynamodb-store";
import { savingsKey, totalsKey } from "../../functions/bedrock-gate/core/ledger";
import { counter, type Item, text } from "../../functions/bedrock-gate/core/store";
import { endOf, nameOf } from "../../functions/bedrock-gate/core/time";
import { type LlmModelsOutputs } from "../../services/llm-models";
import { type Clients } from "../aws/clients";

/** Where a month's budget stands. Amounts are in micro-dollars. */
export interface BudgetState {
    readonly month: string;
    readonly endsAt: string;
    readonly limitMicroUsd: string;
    /** What the gate has counted or, where there is none, the keeper estimated. */
    readonly meter: {
        readonly spentMicroUsd: string;
        readonly shutOff?: ShutOffState;
        readonly restored?: RestoredState;
        /** Who has the keeper's deny. */
        readonly deniedTo: readonly string[];
    };
    /** What only a gate counts; undefined where there is none. */
    readonly gate?: {
        /** Set aside for requests that are under way. */
        readonly reservedMicroUsd: string;
        /** What answers from the cache would have cost. */
        readonly savedMicroUsd: string;
        readonly calls: number;
        readonly cacheHits: number;
    };
    /** Who has the deny of AWS Budgets, and how its action stands; undefined where it has none. */
    readonly awsBudgets: { readonly deniedTo: readonly string[]; readonly action?: ActionStatus };
}

export interface ShutOffState {
    readonly at: string;
    readonly by: string;
    /** Until AWS denied an invocation. */
    readonly deniedAfterMs?: number;
}

export interface RestoredState {
    readonly at: string;
    readonly by: string;
    readonly reason: string;
    readonly until: string;
}

/** Asks AWS where the budget of a stack stands. */
export async function budgetState(
    clients: Clients,
    accountId: string,
    outputs: LlmModelsOutputs,
    now: Date,
): Promise<BudgetState> {
    const { keeper, gate, denyPolicyArn, monthlyLimitUsd } = outputs;
    const month = nameOf("month", now);
    const store = new DynamoStore(clients.dynamodb, keeper.tableName);
    const [totals, savings, brake, deny, action] = await Promise.all([
        store.get(totalsKey(month)),
        store.get(savingsKey(month)),
        whoHas(clients.iam, keeper.brakePolicyArn),
        whoHas(clients.iam, denyPolicyArn),
        outputs.budgetAction ? actionOf(clients.budgets, accountId, outputs.budgetName) : undefined,
    ]);
    return {
        month,
        endsAt: endOf("month", now).toISOString(),
        limitMicroUsd: String(Math.round(monthlyLimitUsd * 1_000_000)),
        meter: { ...meterOf(totals), deniedTo: brake },
        ...(gate ? { gate: countsOf(totals, savings) } : {}),
        awsBudgets: { deniedTo: deny, ...(action ? { action: action.status } : {}) },
    };
}

function countsOf(totals: Item | undefined, savings: Item | undefined) {
    return {
        reservedMicroUsd: String(counter(totals, "held") - counter(totals, "spent")),
        savedMicroUsd: String(counter(savings, "saved")),
        calls: Number(counter(totals, "calls")),
        cacheHits: Number(counter(savings, "hits")),
    };
}

function meterOf(totals: Item | undefined) {
    const shutOffAt = text(totals, "shutOffAt");
    const restoredAt = text(totals, "restoredAt");
    const deniedAfter = counter(totals, "deniedAfterMs");
    return {
        spentMicroUsd: String(counter(totals, "spent")),
        ...(shutOffAt === undefined
            ? {}
            : {
                  shutOff: {
                      at: shutOffAt,
                      by: text(totals, "shutOffBy") ?? "",
                      ...(deniedAfter > 0n ? { deniedAfterMs: Number(deniedAfter) } : {}),
                  },
              }),
        ...(restoredAt === undefined
            ? {}
            : {
                  restored: {
                      at: restoredAt,
                      by: text(totals, "restoredBy") ?? "",
                      reason: text(totals, "restoredReason") ?? "",
                      until: text(totals, "restoredUntil") ?? restoredAt,
                  },
              }),
    };
}

async function whoHas(iam: IAMClient, PolicyArn: string): Promise<string[]> {
    const found: string[] = [];
    for await (const page of paginateListEntitiesForPolicy({ client: iam }, { PolicyArn })) {
        found.push(
            ...(page.PolicyUsers ?? []).map(({ UserName }) => `user ${UserName}`),
            ...(page.PolicyRoles ?? []).map(({ RoleName }) => `role ${RoleName}`),
        );
    }
    return found.sort();
}

/** The action of a budget: it has one. */
export async function actionOf(
    budgets: BudgetsClient,
    AccountId: string,
    BudgetName: string,
): Promise<{ readonly id: string; readonly status: ActionStatus } | undefined> {
    const { Actions = [] } = await budgets.send(new DescribeBudgetActionsForBudgetCommand({ AccountId, BudgetName }));
    const [action] = Actions;
    return action && { id: action.ActionId!, status: action.Status! };
}
