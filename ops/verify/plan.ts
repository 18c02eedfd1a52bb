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
    return target.services
        .flatMap((service) => checksOf(service, target).map((check) => ({ service, check })))
        .map((planned, index) => ({ ...planned, index }));
}

function contextOf(service: ServiceName, { outputs, accountId, partition = "aws", cluster }: PlanTarget): CheckContext {
    const foreignBucket = foreignBucketOf(service, outputs);
    return { partition, accountId, foreignBucket, cluster: cluster !== undefined };
}

/** A bucket of the next service that has one, so that each bucket is tried by another service. */
function foreignBucketOf(service: ServiceName, outputs: PlanTarget["outputs"]): string | undefined {
    const owners = Object.keys(outputs) as ServiceName[];
    const own = owners.indexOf(service);
    return [...owners.slice(own + 1), ...owners.slice(0, Math.max(own, 0))].flatMap((owner) =>
        bucketsOf(owner, outputs),
    )[0];
}

/** Names of a service's buckets. */
export function bucketsOf<Name extends ServiceName>(service: Name, outputs: PlanTarget["outputs"]): readonly string[] {
    const own = outputs[service];
    return own === undefined ? [] : serviceFacts[service].buckets(own);
}

function checksOf<Name extends ServiceName>(service: Name, target: PlanTarget): Check[] {
    const own = target.outputs[service];
    if (own === undefined) {
        throw new Error(`services: got ${service}, expected a service that the stack has outputs of`);
    }
    return serviceFacts[service].checks(own, contextOf(service, target));
}
