import { type PolicyDocument } from "../../ops/access/world";
import { type Statement } from "../../services/grants";

/** A policy with one thing taken out of it or widened. */
export interface Mutant {
    /** What was changed: the statement's id and the change, in which a stack's own names are left as they are. */
    readonly change: string;
    readonly document: PolicyDocument;
}

/** Every policy that differs from this one in one thing. */
export function mutantsOf({ Statement, ...rest }: PolicyDocument): Mutant[] {
    const statements = [Statement].flat() as Statement[];
    return statements.flatMap((statement, index) => {
        const id = statement.Sid ?? `statement ${index + 1}`;
        const without = { change: `${id}: without it`, statement: undefined };
        return [without, ...changesOf(statement).map((one) => ({ ...one, change: `${id}: ${one.change}` }))].map(
            ({ change, statement: changed }) => ({
                change,
                document: {
                    ...rest,
                    Statement: statements.flatMap((one, place) => (place !== index ? one : changed ? [changed] : [])),
                },
            }),
        );
    });
}

interface Change {
    readonly change: string;
    readonly statement: Statement;
}

function changesOf(statement: Statement): Change[] {
    return [
        { change: "effect", statement: { ...statement, Effect: statement.Effect === "Allow" ? "Deny" : "Allow" } },
        ...ofList("Action", statement, wideActions),
        ...ofList("Resource", statement, wideResources),
        ...ofPrincipal(statement),
        ...ofCondition(statement),
    ];
}

/** Each value left out, where it is not the only one, and each in its wider forms. */
function ofList(key: "Action" | "Resource", statement: Statement, wider: (value: string) => string[]): Change[] {
    return changedLists([statement[key] ?? []].flat(), wider).map(({ change, values }) => ({
        change: `${key} ${change}`,
        statement: { ...statement, [key]: values },
    }));
}

function changedLists(values: readonly string[], wider: (value: string) => string[]) {
    return values.flatMap((value, index) => {
        const replaced = (by: readonly string[]) => values.flatMap((one, place) => (place === index ? by : [one]));
        return [
            ...(values.length > 1 ? [{ change: `without ${value}`, values: replaced([]) }] : []),
            ...wider(value)
                .filter((wide) => wide !== value)
                .map((wide) => ({ change: `${value} → ${wide}`, values: replaced([wide]) })),
        ];
    });
}

function wideActions(action: string): string[] {
    return [`${action.split(":")[0]}:*`];
}

/** Everything; what is one level higher; what begins alike; and the same in any region and in any account. */
function wideResources(resource: string): string[] {
    const parts = resource.split(":");
    if (parts.length < 6) return ["*"];
    const inPart = (place: number) =>
        parts.map((part, index) => (index === place && part !== "" ? "*" : part)).join(":");
    const higher = resource.replace(/[^/:]+\/?\*?$/, "*");
    const alike = resource.endsWith("/*")
        ? `${resource.slice(0, -2)}*`
        : resource.endsWith("*")
          ? resource
          : `${resource}*`;
    return [...new Set(["*", higher, alike, inPart(3), inPart(4)])];
}

function ofPrincipal(statement: Statement): Change[] {
    const { Principal } = statement;
    if (Principal === undefined || Principal === "*") return [];
    return [
        { change: "Principal → *", statement: { ...statement, Principal: "*" as const } },
        ...Object.entries(Principal).flatMap(([type, names]) =>
            changedLists([names].flat(), (name) => (type === "AWS" ? [name.split(":")[4]] : [])).map(
                ({ change, values }) => ({
                    change: `Principal ${change}`,
                    statement: { ...statement, Principal: { ...Principal, [type]: values } },
                }),
            ),
        ),
    ];
}

type Condition = NonNullable<Statement["Condition"]>;

function ofCondition(statement: Statement): Change[] {
    const { Condition, ...bare } = statement;
    if (Condition === undefined) return [];
    const several = Object.values(Condition).flatMap((keys) => Object.keys(keys)).length > 1;
    const conditions = Object.entries(Condition).flatMap(([operator, keys]) =>
        Object.entries(keys).flatMap(([key, value]) => {
            const rest = without(Condition, operator, key);
            return [
                ...(several ? [{ change: `without ${operator} ${key}`, condition: rest }] : []),
                ...widerConditions(operator, [value].flat()).map(({ change, operator: wide, values }) => ({
                    change: `${operator} ${key} ${change}`,
                    condition: { ...rest, [wide]: { ...rest[wide], [key]: values } },
                })),
            ];
        }),
    );
    return [
        { change: "without its condition", statement: bare },
        ...conditions.map(({ change, condition }) => ({ change, statement: { ...statement, Condition: condition } })),
    ];
}

function without(condition: Condition, operator: string, key: string): Condition {
    const { [operator]: keys, ...rest } = condition;
    const others = Object.entries(keys).filter(([other]) => other !== key);
    return others.length > 0 ? { ...rest, [operator]: Object.fromEntries(others) } : rest;
}

/** Values left out, turned round or widened, and the key made optional. */
function widerConditions(operator: string, values: readonly string[]) {
    const same = (change: string, changed: readonly string[]) => ({ change, operator, values: changed });
    const fewer = changedLists(values, () => []).map(({ change, values: left }) => same(change, left));
    switch (operator) {
        case "Bool":
        case "Null":
            return [
                same(
                    "turned round",
                    values.map((value) => (value === "true" ? "false" : "true")),
                ),
            ];
        case "NumericLessThan":
            return [1, -1].map((step) => {
                const changed = values.map((value) => (Number(value) + step / 10).toFixed(1));
                return same(`→ ${changed.join()}`, changed);
            });
        case "StringNotEquals":
            return [...fewer, { change: "→ StringEquals", operator: "StringEquals", values }];
        case "StringEquals":
            return [
                ...fewer,
                { change: "→ any value", operator: "StringLike", values: ["*"] },
                { change: "→ what begins alike", operator: "StringLike", values: values.map((value) => `${value}*`) },
                { change: "if it exists", operator: "StringEqualsIfExists", values },
            ];
        case "StringLike":
            return [
                ...changedLists(values, (value) => [
                    "*",
                    value.replace(/[^/]+\/\*$/, "*"),
                    value.replace(/\/\*$/, "*"),
                ]).map(({ change, values: changed }) => same(change, changed)),
                { change: "if it exists", operator: "StringLikeIfExists", values },
            ];
        case "ArnLike":
        case "ArnEquals":
            return [
                ...changedLists(values, (value) => [
                    "arn:*:*:*:*:*",
                    ...wideResources(value).filter((one) => one !== "*"),
                ]).map(({ change, values: changed }) => same(change, changed)),
                { change: "if it exists", operator: `${operator}IfExists`, values },
            ];
        default:
            throw new Error(`how to widen ${operator} is not said`);
    }
}
