import { type Case, type Matrix } from "./matrix";
import { type WireRequest, wireRequest } from "./wire";

/** A case of the matrix that can be asked over the wire. */
export interface WireCase extends Case {
    readonly wire: WireRequest;
}

/** What would change the world that is asked about, if it were let through. */
const changing = /^(s3:(PutBucket|DeleteBucket)|iam:(Create|Delete|Put))/;

/**
 * Of the cases that a request can express, the first of each caller, action and way of asking, and of each statement that
 * decides, or of none; in each bucket where the caller may do anything at all, and once beside them. So each statement is
 * met in each way, and each caller is refused each action. What would change the world is asked of those alone who are to
 * be refused.
 */
export function wireCases({ world, cases }: Matrix, ours: (resource: string) => boolean): WireCase[] {
    const users = new Set(world.identities.filter(({ kind }) => kind === "user").map(({ arn }) => arn));
    const place = ({ principal, resource }: Case["request"]) => `${principal} in ${resource.split("/")[0]}`;
    const own = new Set(cases.flatMap(({ request, expected }) => (expected.allowed ? place(request) : [])));
    const chosen = new Map<string, WireCase>();
    for (const { request, expected } of cases) {
        const { principal, action, resource, context } = request;
        if (!(users.has(principal) || principal === "anonymous") || !ours(resource)) continue;
        if (expected.allowed && changing.test(action)) continue;
        const where = own.has(place(request)) ? place(request) : principal;
        const key = JSON.stringify([where, action, context, expected.by]);
        const wire = chosen.has(key) ? undefined : wireRequest(request);
        if (wire) chosen.set(key, { request, expected, wire });
    }
    return [...chosen.values()];
}
