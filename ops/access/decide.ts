import { NotModelled } from "./not-modelled";
import { accountOf } from "./patterns";
import { Call, type Naming, type ReadyStatement, speaksOf, statementsOn } from "./statements";
import { type AccessRequest, type Decision, type Identity, type NamedPolicy, type World } from "./world";

/**
 * Decides a request as AWS does, by the policies of identities and of resources, boundaries, session policies and trust;
 * after the page "Policy evaluation logic" of IAM's user guide:
 *
 * | caller                            | allowed if no statement denies it, and                                         |
 * | --------------------------------- | ------------------------------------------------------------------------------ |
 * | identity of the resource's account | the resource's policy names the identity, or the identity's policies allow it |
 * | the same, for a role or a KMS key | its policy names the identity; or the account, and the identity's policies allow it |
 * | identity of another account       | the resource's policy names the identity or its account, and its own policies allow it |
 * | a service, anonymous, a provider  | the resource's policy names it                                                 |
 *
 * An identity's policies allow what a statement of theirs, its boundary and its session's policies all allow. What is
 * no policy of these kinds is not looked at: the public-access block and an organization's policies only take away.
 *
 * @throws NotModelled for what is not modelled: it never guesses
 * @throws Error where the world has no such identity
 */
export function decide(world: World, request: AccessRequest): Decision {
    const call = new Call(request);
    const index = indexOf(world);
    const caller = callerOf(index, request.principal);
    const resource = resourcePolicyOf(index, call);
    const bounds = caller ? [...(caller.boundary ? [caller.boundary] : []), ...(request.session ?? [])] : [];
    const policies = [...(caller?.policies ?? []), ...bounds];

    const denial = first(policies, call, "Deny") ?? named(resource?.policies ?? [], call, "Deny")?.statement;
    if (denial) return decided(false, denial, "denies it");

    const grant = named(resource?.policies ?? [], call, "Allow");
    if (!caller) {
        if (grant?.naming === "itself") return decided(true, grant.statement, "allows it");
        return refused(`no policy of the resource lets ${request.principal} do this`);
    }
    const own = first(caller.policies, call, "Allow");
    if (!own && !grant) return refused(nearest(caller.policies, call) ?? "no statement allows it");
    const bound = bounds.find((policy) => !first([policy], call, "Allow"));
    const foreign = isForeign(caller, call, resource?.account);

    if (grant?.naming === "itself" && !foreign) {
        // It depends on whether the policy names a user, a role or a session.
        if (bound) throw new NotModelled(`${bound.name}: how a boundary limits what a resource grants is not modelled`);
        return decided(true, grant.statement, "allows it");
    }
    if (!own) return refused(nearest(caller.policies, call) ?? "its own policies have to allow it as well, and do not");
    if (bound) return refused(`${inWords(own)} allows it, but ${bound.name} bounds that and does not`);
    if (!foreign && !resource?.decidesAlone) return decided(true, own, "allows it");
    if (!grant) return refused(`${inWords(own)} allows it, but the resource's own policy has to as well, and does not`);
    return decided(true, grant.statement, `allows it, and so does ${inWords(own)}`);
}

interface Index {
    readonly identities: ReadonlyMap<string, Identity>;
    readonly resources: ReadonlyMap<string, { readonly account?: string; readonly policies: readonly NamedPolicy[] }>;
}

const indices = new WeakMap<World, Index>();

function indexOf(world: World): Index {
    const known = indices.get(world);
    if (known) return known;
    const resources = new Map<string, { account?: string; policies: NamedPolicy[] }>();
    for (const { arn, account, policy } of world.resources) {
        const policies = [...(resources.get(arn)?.policies ?? []), policy];
        resources.set(arn, { account: account ?? accountOf(arn), policies });
    }
    const index = { identities: new Map(world.identities.map((identity) => [identity.arn, identity])), resources };
    indices.set(world, index);
    return index;
}

/** Undefined for whoever has no policies of its own. */
function callerOf({ identities }: Index, principal: string): Identity | undefined {
    if (principal === "anonymous" || /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(principal)) return undefined;
    if (/^arn:[\w-]+:iam::\d{12}:(oidc|saml)-provider\//.test(principal)) return undefined;
    const identity = identities.get(principal);
    if (!identity) throw new Error(`no identity ${principal} in this world`);
    return identity;
}

/** Actions of STS on a role that its trust decides. */
const trustActions = /^sts:(AssumeRole(WithSAML|WithWebIdentity)?|TagSession|SetSourceIdentity)$/i;

function resourcePolicyOf({ identities, resources }: Index, { action, resource }: Call) {
    const role = trustActions.test(action) ? identities.get(resource) : undefined;
    if (role) return { account: accountOf(role.arn), policies: role.trust ? [role.trust] : [], decidesAlone: true };
    // An object has no policy here but its bucket's.
    const found = resources.get(resource) ?? resources.get(resource.split("/", 1)[0]);
    const decidesAlone = trustActions.test(action) || /^kms:/i.test(action);
    return found ? { ...found, decidesAlone } : decidesAlone ? { policies: [], decidesAlone } : undefined;
}

/**
 * Whose a resource is says its ARN, or the world; one of which neither says it is taken for the caller's own, and so is
 * what AWS has for every account, such as its own policies.
 */
function isForeign(caller: Identity, { resource }: Call, account = accountOf(resource)): boolean {
    return account !== undefined && account !== "aws" && account !== accountOf(caller.arn);
}

function first(policies: readonly NamedPolicy[], call: Call, effect: "Allow" | "Deny"): ReadyStatement | undefined {
    for (const policy of policies) {
        for (const statement of statementsOn(call.action, policy)) {
            if (statement.effect === effect && speaksOf(statement, call)) return statement;
        }
    }
    return undefined;
}

/** The statement of a resource's policies that names the caller; one that names itself before one that names its account. */
function named(policies: readonly NamedPolicy[], call: Call, effect: "Allow" | "Deny") {
    let byAccount: { statement: ReadyStatement; naming: Naming } | undefined;
    for (const policy of policies) {
        for (const statement of statementsOn(call.action, policy)) {
            if (statement.effect !== effect) continue;
            if (!statement.naming) {
                throw new NotModelled(`${policy.name} is a resource's policy and names no principal`);
            }
            const naming = statement.naming(call.principal);
            if (naming === undefined || !speaksOf(statement, call)) continue;
            if (naming === "itself") return { statement, naming };
            byAccount ??= { statement, naming };
        }
    }
    return byAccount;
}

function decided(allowed: boolean, statement: ReadyStatement, verb: string): Decision {
    return { allowed, by: statement.is, why: `${inWords(statement)} ${verb}` };
}

function refused(why: string): Decision {
    return { allowed: false, why };
}

function inWords({ is: { policy, statement, sid } }: ReadyStatement): string {
    return `statement ${statement}${sid === undefined ? "" : ` (${sid})`} of ${policy}`;
}

/** The statement that would come closest to allowing a call, and what it lacks. */
function nearest(policies: readonly NamedPolicy[], call: Call): string | undefined {
    const same = policies.flatMap((one) => statementsOn(call.action, one)).filter(({ effect }) => effect === "Allow");
    const there = same.find(({ resource }) => resource(call.resource));
    if (there) return `${inWords(there)} allows it only under a condition that is not met`;
    return same[0] && `${inWords(same[0])} allows it, but not on this resource`;
}
