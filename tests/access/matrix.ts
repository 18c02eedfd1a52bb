import { decide } from "../../ops/access/decide";
import { worldOf } from "../../ops/access/world-of";
import { type AccessRequest, type Decision, type World } from "../../ops/access/world";
import { type Ask, type Expected, expectedOf, type Intent, intentFor } from "./intent";
import { peopleRights } from "./people";
import { openedResources } from "./opened";
import { invokersOf, oidcProvider, otherAccount, placesOf, stranger, vaultUser, type Places } from "./places";
import { asksAt } from "./requests";
import { narrowed, servicesIntent, type ShutOff } from "./services";
import { scope, type Stack } from "./stacks";

/** A stack in a situation, with all that is asked there and the answers that are intended. */
export interface Matrix {
    readonly name: string;
    readonly world: World;
    readonly cases: readonly Case[];
}

export interface Case {
    readonly request: AccessRequest;
    readonly expected: Expected;
}

/** Who asks, by the name that the intent has for it. */
interface Caller extends Pick<AccessRequest, "principal" | "session"> {
    readonly name: string;
}

/** Those who ask and have no policies: anonymous callers, an identity provider, and services of AWS, one of which has no part in it. */
const others = [
    "anonymous",
    oidcProvider,
    ...["budgets", "cloudwatch", "ec2", "ecs-tasks", "lambda", "pods.eks", "scheduler"].map(
        (service) => `${service}.amazonaws.com`,
    ),
];

/** A stack as it is, and shut off by each of its two brakes. */
export async function matricesOf(stack: Stack): Promise<Matrix[]> {
    const places = placesOf(stack);
    const asks = await asksAt(places);
    const opened = openedResources(asks.map(({ resource }) => resource));
    const worldWhen = (shutOff: ShutOff): World => {
        const { identities, resources } = worldIn(stack, places, shutOff);
        return { identities, resources: [...resources, ...opened] };
    };
    const open = worldWhen("none");
    const everyone: Caller[] = [
        ...[...open.identities.map(({ arn }) => arn), ...others].map((name) => ({ name, principal: name })),
        ...(stack.narrowing
            ? [{ name: narrowed(places), principal: places.sessionRole, session: [stack.narrowing] }]
            : []),
    ];
    return (["none", "brake", "deny"] as const).map((shutOff) => ({
        name:
            shutOff === "none"
                ? stack.name
                : `${stack.name}, shut off by the ${shutOff === "brake" ? "gate" : "budget"}`,
        world: shutOff === "none" ? open : worldWhen(shutOff),
        // A shut-off changes what those two may do.
        cases: casesOf(
            asks,
            shutOff === "none" ? everyone : everyone.filter(({ principal }) => invokersOf(places).includes(principal)),
            intentOf(places, shutOff),
            places,
        ),
    }));
}

function intentOf(places: Places, shutOff: ShutOff): Intent {
    const services = servicesIntent(places, shutOff);
    return { ...services, rights: [...services.rights, ...peopleRights(places)] };
}

function casesOf(asks: readonly Ask[], who: readonly Caller[], intent: Intent, places: Places): Case[] {
    return who.flatMap(({ name, ...caller }) => {
        const { principal } = caller;
        const own = intentFor(intent, name);
        return asks
            .filter(({ resource }) => principal !== stranger || isOurs(resource, places))
            .map((ask) => ({
                request: { ...caller, ...ask },
                expected: expectedOf(own, ask),
            }));
    });
}

/** What another account's user may do with what is its own is not asked. */
function isOurs(resource: string, { buckets }: Places): boolean {
    return resource.includes(`:${scope.accountId}:`) || Object.values(buckets).includes(resource.split("/")[0]);
}

function worldIn({ resources, people }: Stack, places: Places, shutOff: ShutOff): World {
    const { brakePolicy, denyPolicy } = places;
    const [llm, role] = invokersOf(places);
    const policyArn = shutOff === "brake" ? brakePolicy : denyPolicy;
    const name = (arn: string) => arn.split("/")[1];
    const attached = [
        { type: "aws:iam/userPolicyAttachment:UserPolicyAttachment", inputs: { user: name(llm), policyArn } },
        { type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", inputs: { role: name(role), policyArn } },
    ];
    const own = worldOf(shutOff === "none" ? resources : [...resources, ...attached], scope);
    const everything = { Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
    const withoutPolicies = { kind: "user" as const, policies: [] };
    return {
        ...own,
        identities: [
            ...own.identities,
            ...people,
            { arn: vaultUser, ...withoutPolicies },
            {
                arn: stranger,
                kind: "user",
                policies: [{ name: `all that ${otherAccount} has to give`, document: everything }],
            },
        ],
    };
}

/** How a decision differs from what is intended; undefined where it does not. */
export function failureOf({ request, expected }: Case, world: World): string | undefined {
    const decision = decide(world, request);
    const by = byOf(decision);
    if (decision.allowed === expected.allowed && by === expected.by) return undefined;
    const told = (allowed: boolean, statement?: string) =>
        `${allowed ? "allowed" : "denied"} by ${statement ?? "no statement"}`;
    return `${JSON.stringify(request)}: ${told(decision.allowed, by)} (${decision.why}), not ${told(expected.allowed, expected.by)}`;
}

/** The statement by its id; that of an operator's generated policy by the part of it that means something. */
function byOf({ by }: Decision): string | undefined {
    return by && (by.sid?.replace(/^Read\d+$/, "Read") ?? by.policy.split(" ")[0]);
}
