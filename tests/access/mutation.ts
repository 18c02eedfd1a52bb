import { type NamedPolicy, type World } from "../../ops/access/world";
import { type Equivalent, equivalents } from "./equivalents";
import { type Case, failureOf, type Matrix } from "./matrix";
import { type Mutant, mutantsOf } from "./mutants";
import { isOpened } from "./opened";
import { stranger } from "./places";
import { type Stack } from "./stacks";

export interface Verdict {
    readonly stack: string;
    readonly policy: string;
    readonly change: string;
    /** The case that fails with the mutant; undefined where none does. */
    readonly killedBy?: string;
    /** Why no case can. */
    readonly equivalent?: string;
}

/** Tries mutants of the policies of stacks, each of them once: in other environments, its policy differs in names only. */
export class Mutation {
    readonly verdicts: Verdict[] = [];
    private readonly seen = new Set<string>();

    /** Mutants of the policies in a matrix, each against the cases in which its policy is asked. */
    try({ world, cases }: Matrix, { name: stack, environment }: Stack): void {
        const casesOf = groups(world, cases);
        for (const { policy, replaced, asked } of [...policiesIn(world), ...sessionsIn(world, cases)]) {
            const relevant = asked.flatMap((key) => casesOf.get(key) ?? []);
            if (relevant.length === 0) continue;
            for (const mutant of mutantsOf(policy.document)) {
                // Attached to several identities, a policy is one all the same; each of them is asked.
                if (this.isNew(policy, mutant, environment)) {
                    this.verdicts.push({
                        stack,
                        policy: policy.name,
                        change: mutant.change,
                        ...verdict(policy, mutant, replaced, relevant),
                    });
                }
            }
        }
    }

    private isNew({ name, document }: NamedPolicy, { change }: Mutant, environment: string): boolean {
        const text = JSON.stringify([name, document, change]).replaceAll(`-${environment}`, "");
        if (this.seen.has(text)) return false;
        this.seen.add(text);
        return true;
    }
}

function verdict(policy: NamedPolicy, mutant: Mutant, replaced: Place["replaced"], relevant: readonly Case[]) {
    const { world, asking = (one) => one } = replaced({ ...policy, document: mutant.document });
    for (const one of relevant) {
        const failure = failureOf(asking(one), world);
        if (failure !== undefined) return { killedBy: failure };
    }
    const known = equivalents.find((one) => standsFor(one, policy.name, mutant.change));
    return known ? { equivalent: known.because } : {};
}

function standsFor({ policy, change }: Equivalent, name: string, changed: string): boolean {
    return policy.test(name) && change.test(changed);
}

/** What is wrong with the list of equivalents: a reason that a case disproves, or one that no mutant needs. */
export function faultsOfEquivalents(verdicts: readonly Verdict[]): string[] {
    return equivalents.flatMap((one) => {
        const meant = verdicts.filter(({ policy, change }) => standsFor(one, policy, change));
        const disproved = meant.filter(({ killedBy }) => killedBy !== undefined);
        if (meant.length === disproved.length) return [`no mutant survives of which it is said: ${one.because}`];
        return disproved.map((mutant) => `${nameOf(mutant)}: killed, though it is said: ${one.because}`);
    });
}

export function nameOf({ stack, policy, change }: Verdict): string {
    return `${stack}: ${policy}: ${change}`;
}

/** A world, or what is asked in it, with another policy in the place of one. */
interface Replaced {
    readonly world: World;
    /** @default as it is */
    readonly asking?: (one: Case) => Case;
}

interface Place {
    readonly policy: NamedPolicy;
    readonly replaced: (by: NamedPolicy) => Replaced;
    /** Keys of the groups of cases in which the policy has a say. */
    readonly asked: readonly string[];
}

/** Every policy in a world, each once, with what a world looks like in which it is another. */
function policiesIn(world: World): Place[] {
    const places = new Map<object, Place>();
    const add = (policy: NamedPolicy, asked: string) => {
        const known = places.get(policy.document);
        places.set(policy.document, {
            policy,
            replaced: (by) => ({ world: replacedIn(world, policy, by) }),
            asked: [...(known?.asked ?? []), asked],
        });
    };
    // What another account gives is none of the program's policies.
    for (const { arn, policies, trust } of world.identities.filter(({ arn }) => arn !== stranger)) {
        for (const policy of policies) add(policy, `by ${arn}`);
        if (trust) add(trust, `of ${arn}`);
    }
    for (const { arn, policy } of world.resources) if (!isOpened(arn)) add(policy, `on ${arn}`);
    return [...places.values()];
}

/** The policies that sessions are narrowed by: they come with a request. */
function sessionsIn(world: World, cases: readonly Case[]): Place[] {
    const policies = new Set(cases.flatMap(({ request }) => request.session ?? []));
    return [...policies].map((policy) => ({
        policy,
        replaced: (by) => ({
            world,
            asking: ({ request, expected }) => ({ request: { ...request, session: [by] }, expected }),
        }),
        asked: [`in ${policy.name}`],
    }));
}

function replacedIn(world: World, policy: NamedPolicy, by: NamedPolicy): World {
    const other = (one: NamedPolicy) => (one.document === policy.document ? by : one);
    return {
        identities: world.identities.map((identity) => ({
            ...identity,
            policies: identity.policies.map(other),
            ...(identity.trust ? { trust: other(identity.trust) } : {}),
        })),
        resources: world.resources.map((resource) => ({ ...resource, policy: other(resource.policy) })),
    };
}

/** Cases by who asks, by what narrows a session, by the role whose trust is asked, and by what the resource's policy belongs to. */
function groups({ resources }: World, cases: readonly Case[]): ReadonlyMap<string, readonly Case[]> {
    const withPolicies = new Set(resources.map(({ arn }) => arn));
    const found = new Map<string, Case[]>();
    const add = (key: string, one: Case) => {
        const group = found.get(key);
        if (group) group.push(one);
        else found.set(key, [one]);
    };
    for (const one of cases) {
        const { principal, action, resource } = one.request;
        add(`by ${principal}`, one);
        for (const { name } of one.request.session ?? []) add(`in ${name}`, one);
        if (action.startsWith("sts:")) add(`of ${resource}`, one);
        const owner = withPolicies.has(resource) ? resource : resource.split("/")[0];
        if (withPolicies.has(owner)) add(`on ${owner}`, one);
    }
    return found;
}
