type OneOrMany = string | readonly string[];

/** A statement of an IAM policy document, as written or as AWS returns it. */
export interface Statement {
    readonly Sid?: string;
    readonly Effect: string;
    readonly Principal?: "*" | Readonly<Record<string, OneOrMany>>;
    readonly NotPrincipal?: "*" | Readonly<Record<string, OneOrMany>>;
    readonly Action?: OneOrMany;
    readonly NotAction?: OneOrMany;
    readonly Resource?: OneOrMany;
    readonly NotResource?: OneOrMany;
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMany>>>>;
}

interface Grant {
    readonly scope: string;
    readonly action: string;
    readonly resource: string;
}

/**
 * Says what statements grant, in one way whatever way they are written: order, Sids and the distribution of actions
 * over statements make no difference; every action, resource, principal and condition does.
 */
export function grantsInWords(statements: readonly Statement[]): string {
    const byResource = groupBy(statements.flatMap(grantsOf), ({ scope, resource }) =>
        JSON.stringify([scope, resource]),
    );
    const rows = [...byResource.values()].map((grants) => ({
        scope: grants[0].scope,
        resource: grants[0].resource,
        actions: unique(grants.map(({ action }) => action)).join(", "),
    }));
    const byActions = groupBy(rows, ({ scope, actions }) => JSON.stringify([scope, actions]));
    const sentences = [...byActions.values()].map((same) => {
        const [effect, principal, condition] = JSON.parse(same[0].scope) as [string, string, string];
        const resources = unique(same.map(({ resource }) => resource)).join(", ");
        return `${effect} ${same[0].actions}${resources && ` on ${resources}`}${principal}${condition}`;
    });
    return sentences.length === 0 ? "nothing" : sentences.sort().join("; ");
}

function grantsOf(statement: Statement): Grant[] {
    const scope = JSON.stringify([statement.Effect, principals(statement), conditions(statement)]);
    const actions = negatable(statement.Action, statement.NotAction);
    const resources = negatable(statement.Resource, statement.NotResource);
    return actions.flatMap((action) =>
        (resources.length === 0 ? [""] : resources).map((resource) => ({ scope, action, resource })),
    );
}

/** A negated list means "everything but all of these" and cannot be taken apart. */
function negatable(positive?: OneOrMany, negative?: OneOrMany): string[] {
    if (negative !== undefined) return [`everything but ${unique(list(negative)).join(" and ")}`];
    return positive === undefined ? [] : [...list(positive)];
}

function principals({ Principal, NotPrincipal }: Statement): string {
    const words = (of: "*" | Readonly<Record<string, OneOrMany>>) =>
        of === "*"
            ? "anyone"
            : Object.entries(of)
                  .map(([type, names]) => `${type} ${unique(list(names)).join(", ")}`)
                  .sort()
                  .join(", ");
    if (NotPrincipal !== undefined) return ` to all but ${words(NotPrincipal)}`;
    return Principal === undefined ? "" : ` to ${words(Principal)}`;
}

function conditions({ Condition = {} }: Statement): string {
    const words = Object.entries(Condition).flatMap(([operator, keys]) =>
        Object.entries(keys).map(([key, values]) => `${operator} ${key} = ${unique(list(values)).join(" | ")}`),
    );
    return words.length === 0 ? "" : ` if ${words.sort().join(" and ")}`;
}

function list(value: OneOrMany): readonly string[] {
    return typeof value === "string" ? [value] : value;
}

function unique(values: readonly string[]): string[] {
    return [...new Set(values.map(String))].sort();
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
    const groups = new Map<string, T[]>();
    for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
    return groups;
}
