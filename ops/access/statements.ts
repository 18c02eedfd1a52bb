import { type Statement } from "../../services/grants";
import { conditionTest, type Context, type Test } from "./conditions";
import { NotModelled } from "./not-modelled";
import { accountOf, pattern } from "./patterns";
import { type AccessRequest, type DecidingStatement, type NamedPolicy, type PolicyDocument } from "./world";

/** A request, and its context made ready once a condition asks for it. */
export class Call {
    readonly principal: string;
    readonly action: string;
    readonly resource: string;
    private ready?: Context;

    constructor(private readonly request: AccessRequest) {
        this.principal = request.principal;
        this.action = request.action;
        this.resource = request.resource;
    }

    get context(): Context {
        const entries = Object.entries(this.request.context ?? {});
        return (this.ready ??= new Map(entries.map(([key, value]) => [key.toLowerCase(), [value].flat()])));
    }
}

/**
 * How a statement of a resource's policy names a caller: itself, or only the account that the caller belongs to, which
 * leaves it to that account whom of its identities it lets in.
 */
export type Naming = "itself" | "account";

/** A statement that is ready to be compared. */
export interface ReadyStatement {
    readonly effect: "Allow" | "Deny";
    readonly is: DecidingStatement;
    readonly action: (action: string) => boolean;
    readonly resource: (resource: string) => boolean;
    readonly condition?: Test;
    /** Undefined in a policy of an identity, which names nobody. */
    readonly naming?: (principal: string) => Naming | undefined;
}

interface ReadyPolicy {
    readonly statements: readonly ReadyStatement[];
    /** Those that speak of an action: few do, and the same actions are asked for again and again. */
    readonly byAction: Map<string, readonly ReadyStatement[]>;
}

/** Each document is read once. */
const ready = new WeakMap<PolicyDocument, ReadyPolicy>();

/** The statements of a policy that speak of an action. */
export function statementsOn(action: string, { name, document }: NamedPolicy): readonly ReadyStatement[] {
    let policy = ready.get(document);
    if (!policy) {
        const statements = [document.Statement].flat() as Statement[];
        policy = {
            statements: statements.map((statement, index) => readStatement(name, statement, index + 1)),
            byAction: new Map(),
        };
        ready.set(document, policy);
    }
    let found = policy.byAction.get(action);
    if (!found) {
        found = policy.statements.filter((statement) => statement.action(action));
        policy.byAction.set(action, found);
    }
    return found;
}

/** Whether a statement on a call's action speaks of the call, whoever makes it. */
export function speaksOf({ resource, condition }: ReadyStatement, call: Call): boolean {
    return resource(call.resource) && (condition === undefined || condition(call.context));
}

function readStatement(policy: string, statement: Statement, place: number): ReadyStatement {
    const { Sid: sid, Effect: effect, Principal, Action = [], Resource } = statement;
    for (const element of ["NotPrincipal", "NotAction", "NotResource"] as const) {
        if (statement[element] !== undefined) throw new NotModelled(`${policy}: ${element} is not modelled`);
    }
    if (effect !== "Allow" && effect !== "Deny") throw new NotModelled(`${policy}: no effect ${effect}`);
    return {
        effect,
        is: { policy, statement: place, ...(sid === undefined ? {} : { sid }), effect },
        action: anyOf([Action].flat(), true),
        // A role's trust names no resource: it is the role.
        resource: Resource === undefined ? () => true : anyOf([Resource].flat(), false),
        ...(statement.Condition === undefined ? {} : { condition: conditionTest(statement.Condition) }),
        ...(Principal === undefined ? {} : { naming: namingOf(policy, Principal) }),
    };
}

/** Actions are compared without case, resources with it; in both, a wildcard reaches across `:` and `/`. */
function anyOf(patterns: readonly string[], ignoreCase: boolean): (text: string) => boolean {
    const expressions = patterns.map((one) => pattern(one, { ignoreCase }));
    return (text) => expressions.some((expression) => expression.test(text));
}

function namingOf(policy: string, principal: NonNullable<Statement["Principal"]>): ReadyStatement["naming"] {
    const anyone = () => "itself" as const;
    if (principal === "*") return anyone;
    const namings = Object.entries(principal).flatMap(([type, names]) =>
        [names].flat().map((name: string): NonNullable<ReadyStatement["naming"]> => {
            if (type === "AWS" && name === "*") return anyone;
            if (!["AWS", "Service", "Federated"].includes(type) || /[*?]|\$\{/.test(name)) {
                throw new NotModelled(`${policy}: principal ${type} ${name} is not modelled`);
            }
            const account = type === "AWS" ? /^(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?$/.exec(name)?.[1] : undefined;
            if (account) return (caller) => (accountOf(caller) === account ? "account" : undefined);
            return (caller) => (caller === name ? "itself" : undefined);
        }),
    );
    return (caller) => {
        const found = namings.map((naming) => naming(caller));
        return found.find((naming) => naming === "itself") ?? found.find((naming) => naming !== undefined);
    };
}
