import { type Statement } from "../../services/grants";
import { conditionTest, type Context, type Test } from "./conditions";
import { accountOf, pattern } from "./patterns";
import { type AccessRequest, type DecidingStatement, type NamedPolicy, type PolicyDocument } from "./world";

/** A request with its context ready to be compared. */
export interface Call {
    readonly principal: string;
    readonly action: string;
    readonly resource: string;
    readonly context: Context;
}

export function callOf({ principal, action, resource, context = {} }: AccessRequest): Call {
    const entries = Object.entries(context).map(([key, value]) => [key.toLowerCase(), [value].flat()] as const);
    return { principal, action, resource, context: new Map(entries) };
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
    readonly condition: Test;
    /** Undefined in a policy of an identity, which names nobody. */
    readonly naming?: (principal: string) => Naming | undefined;
}

const ready = new WeakMap<PolicyDocument, readonly ReadyStatement[]>();

/** The statements of a policy; read once for each document. */
export function statementsOf(policy: NamedPolicy): readonly ReadyStatement[] {
    const known = ready.get(policy.document);
    if (known) return known;
    const statements = [policy.document.Statement].flat() as Statement[];
    const read = statements.map((statement, index) => readStatement(policy.name, statement, index + 1));
    ready.set(policy.document, read);
    return read;
}

/** Whether a statement speaks of a call, whoever makes it. */
export function speaksOf({ action, resource, condition }: ReadyStatement, call: Call): boolean {
    return action(call.action) && resource(call.resource) && condition(call.context);
}

function readStatement(policy: string, statement: Statement, place: number): ReadyStatement {
    const { Sid: sid, Effect: effect, Principal, Action = [], Resource } = statement;
    for (const element of ["NotPrincipal", "NotAction", "NotResource"] as const) {
        if (statement[element] !== undefined) throw new Error(`${policy}: ${element} is not modelled`);
    }
    if (effect !== "Allow" && effect !== "Deny") throw new Error(`${policy}: no effect ${effect}`);
    return {
        effect,
        is: { policy, statement: place, ...(sid === undefined ? {} : { sid }), effect },
        action: anyOf([Action].flat(), true),
        // A role's trust names no resource: it is the role.
        resource: Resource === undefined ? () => true : anyOf([Resource].flat(), false),
        condition: conditionTest(statement.Condition),
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
                throw new Error(`${policy}: principal ${type} ${name} is not modelled`);
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
