import { type ServiceName } from "../../services";
import { type Settings } from "../../stacks/settings";
import { type PastUpdate, type StackState } from "../stack/backend";
import { type KeyStatus, statusOf, type UpdateStatus } from "../status";
import { type CheckResult } from "../verify/target";
import { currentOutputs } from "../rotate/state";
import { type Access, accessOf } from "./access";
import { budgetOf, type ReportBudget, type Spending } from "./budget";
import { type ReportResource, resourcesOf } from "./resources";

/** What a report says; `infra report --json` prints it. Dates are in ISO 8601, in UTC. */
export interface Report {
    readonly stack: string;
    readonly environment: string;
    readonly region: string;
    /** The accounts that the stack may be in. */
    readonly accounts: readonly string[];
    readonly writtenAt: string;
    readonly lastUpdate?: PastUpdate;
    readonly update: UpdateStatus["state"];
    readonly services: readonly ServiceName[];
    readonly resources: readonly ReportResource[];
    readonly access: Access;
    readonly checks: Checks;
    /** Of the services with static keys. */
    readonly keys: readonly ReportKey[];
    /** Absent where the stack has none. */
    readonly budget?: ReportBudget;
}

/** The results of `infra verify`, or why there are none. */
export type Checks =
    | { readonly verified: true; readonly results: readonly CheckResult[] }
    | { readonly verified: false; readonly reason: string };

export interface ReportKey {
    readonly service: ServiceName;
    /** The generation that is published. */
    readonly generation: number;
    /** Absent where the state does not have that key. */
    readonly created?: string;
    /** Whole days. */
    readonly ageDays?: number;
    readonly maximumAgeDays: number;
    readonly rotation: KeyStatus["rotation"];
    /** The generation on its way out, and whether AWS refuses it already. */
    readonly retiring?: KeyStatus["retiring"];
    /** When the last step of the rotation was taken. */
    readonly since?: string;
}

export interface ReportInputs {
    readonly stack: string;
    readonly settings: Settings;
    readonly state: StackState;
    /** The newest first. */
    readonly history: readonly PastUpdate[];
    readonly checks: Checks;
    readonly spending: Spending;
    readonly now: Date;
}

/** Puts a report together; nothing is asked or read. */
export function reportOf({ stack, settings, state, history, checks, spending, now }: ReportInputs): Report {
    const { lastUpdate, update, services } = statusOf(stack, settings, state, history, now);
    const { exported } = state;
    const budget = budgetOf(exported, spending);
    const resources = resourcesOf(exported);
    const { outputs } = currentOutputs(exported);
    return {
        stack,
        environment: settings.environment,
        region: settings.region,
        accounts: settings.allowedAccountIds,
        writtenAt: now.toISOString(),
        ...(lastUpdate ? { lastUpdate } : {}),
        update: update.state,
        services: settings.services,
        resources,
        access: accessOf({ exported, settings, resources, outputs }),
        checks,
        keys: services.flatMap(({ service, keys }) => (keys ? [keyOf(service, keys, now)] : [])),
        ...(budget ? { budget } : {}),
    };
}

function keyOf(service: ServiceName, keys: KeyStatus, now: Date): ReportKey {
    const { published, created, maximumAgeDays, rotation, retiring, since } = keys;
    return {
        service,
        generation: published,
        ...(created
            ? {
                  created: created.toISOString(),
                  ageDays: Math.floor((now.getTime() - created.getTime()) / 86_400_000),
              }
            : {}),
        maximumAgeDays,
        rotation,
        ...(retiring ? { retiring } : {}),
        ...(since ? { since } : {}),
    };
}
