import { decide } from "../../access/decide";
import { type AccessRequest, type Decision, type Identity, type NamedPolicy, type World } from "../../access/world";
import { type ServiceName } from "../../../services";
import { type Request } from "./requests";

/** Who may do what: a row a call, a column a caller. */
export interface AccessMatrix {
    readonly principals: readonly Principal[];
    readonly rows: readonly AccessRow[];
    /** What is decided, each once. */
    readonly decisions: readonly ReportDecision[];
    /** The statements that decide, each once. */
    readonly statements: readonly DecidingStatement[];
}

/** Somebody who calls AWS. */
export interface Principal {
    readonly name: string;
    /** An ARN, a service of AWS, or `anonymous`. */
    readonly id: string;
    readonly kind: "user" | "role" | "deployer" | "operator" | "AWS service" | "another account" | "anonymous";
    readonly service?: ServiceName;
}

export interface AccessRow extends Request {
    /** For each principal the index of its decision. */
    readonly decisions: readonly number[];
}

export interface ReportDecision {
    readonly outcome: "allowed" | "denied" | "refused";
    readonly why: string;
    /** Index of the statement that decides; absent where none does: what nobody allows is refused. */
    readonly statement?: number;
}

export interface DecidingStatement {
    /** The name of its policy. */
    readonly policy: string;
    /** Its place in the policy, from 1. */
    readonly place: number;
    readonly statement: unknown;
}

/** Decides every call for every principal. */
export function matrixOf(world: World, principals: readonly Principal[], requests: readonly Request[]): AccessMatrix {
    const byArn = new Map(world.identities.map((identity) => [identity.arn, identity]));
    const decisions = new Register<ReportDecision>();
    const statements = new Register<DecidingStatement>();
    const decided = (principal: Principal, { action, resource, context }: Request): number => {
        const request: AccessRequest = { principal: principal.id, action, resource, context: { ...context } };
        const decision = decide(world, request);
        const found = decision.by && statementOf(decision, policiesFor(byArn.get(principal.id), world, resource));
        return decisions.indexOf({
            outcome: decision.allowed ? "allowed" : decision.by ? "denied" : "refused",
            why: decision.why,
            ...(found ? { statement: statements.indexOf(found) } : {}),
        });
    };
    const rows = requests.map((request) => {
        return { ...request, decisions: principals.map((principal) => decided(principal, request)) };
    });
    return { principals, rows, decisions: decisions.all, statements: statements.all };
}

/** The policies that a decision may be by: the caller's own first, since names of inline policies repeat. */
function policiesFor(caller: Identity | undefined, { identities, resources }: World, resource: string): NamedPolicy[] {
    const trust = identities.find(({ arn }) => arn === resource)?.trust;
    return [
        ...(caller?.policies ?? []),
        ...(caller?.boundary ? [caller.boundary] : []),
        ...resources.flatMap(({ arn, policy }) => (resource === arn || resource.startsWith(`${arn}/`) ? [policy] : [])),
        ...(trust ? [trust] : []),
    ];
}

function statementOf({ by }: Decision, policies: readonly NamedPolicy[]): DecidingStatement | undefined {
    const { policy, statement: place } = by!;
    const found = policies.find(({ name }) => name === policy);
    return found && { policy, place, statement: [found.document.Statement].flat()[place - 1] };
}

/** Values, each once, known by their places. */
class Register<Value> {
    readonly all: Value[] = [];
    private readonly places = new Map<string, number>();

    indexOf(value: Value): number {
        const key = JSON.stringify(value);
        const known = this.places.get(key);
        if (known !== undefined) return known;
        this.places.set(key, this.all.length);
        return this.all.push(value) - 1;
    }
}
