import { serviceFacts, type ServiceName } from "../../services";
import { type Check, type CheckContext } from "../../services/checks";
import { type VerifyTarget } from "./target";

/** What of a target decides which checks there are; no keys. */
export type PlanTarget = Pick<VerifyTarget, "accountId" | "partition" | "outputs" | "services" | "cluster">;

/** A check of a service, with its place in the result. */
export interface Planned {
    readonly service: ServiceName;
    readonly check: Check;
    readonly index: number;
}

/** The checks of the chosen services of a target, in the order of its result. */
export function plan(target: PlanTarget): Planned[] {
    const context = contextOf(target);
    return target.services
        .flatMap((service) => checksOf(service, target, context).map((check) => ({ service, check })))
        .map((planned, index) => ({ ...planned, index }));
}

function contextOf({ outputs, accountId, partition = "aws", cluster }: PlanTarget): CheckContext {
    const buckets = Object.fromEntries(
        (Object.keys(outputs) as ServiceName[]).map((service) => [service, bucketsOf(service, outputs)]),
    );
    return { partition, accountId, buckets, cluster: cluster !== undefined };
}

/** Names of a service's buckets. */
export function bucketsOf<Name extends ServiceName>(service: Name, outputs: PlanTarget["outputs"]): readonly string[] {
    const own = outputs[service];
    return own === undefined ? [] : serviceFacts[service].buckets(own);
}

function checksOf<Name extends ServiceName>(service: Name, target: PlanTarget, context: CheckContext): Check[] {
    const own = target.outputs[service];
    if (own === undefined)
        throw new Error(`services: got ${service}, expected a service that the stack has outputs of`);
    return serviceFacts[service].checks(own, context);
}
