// IAM policy documents as AWS understands them: lists without an order, one string as good as a list of one. Pure.

import { sortByText } from "./canonical";

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/** Gives equal values for documents that AWS would judge alike. */
export function normalisePolicy(document: unknown): unknown {
    if (!isObject(document)) {
        return document;
    }
    const statements = asList(document["Statement"]).map(normaliseStatement);
    return { ...document, Statement: sortByText(statements) };
}

function normaliseStatement(statement: unknown): unknown {
    if (!isObject(statement)) {
        return statement;
    }
    const out: Json = {};
    for (const [key, value] of Object.entries(statement)) {
        const normal = normaliseMember(key, value);
        if (normal !== undefined) {
            out[key] = normal;
        }
    }
    return out;
}

function normaliseMember(key: string, value: unknown): unknown {
    switch (key) {
        case "Sid":
            return value === "" ? undefined : value;
        case "Action":
        case "NotAction":
        case "Resource":
        case "NotResource":
            return asSet(value);
        case "Principal":
        case "NotPrincipal":
            return normalisePrincipal(value);
        case "Condition":
            return normaliseCondition(value);
        default:
            return value;
    }
}

/** An account's number and its root's ARN are the same principal, and so are `*` and `{"AWS": "*"}`. */
function normalisePrincipal(value: unknown): unknown {
    if (typeof value === "string") {
        return normalisePrincipal({ AWS: value });
    }
    if (!isObject(value)) {
        return value;
    }
    return mapValues(value, (item) => asSet(asList(item).map(accountOfRoot)));
}

function accountOfRoot(principal: unknown): unknown {
    const match = typeof principal === "string" ? /^arn:[^:]+:iam::(\d{12}):root$/.exec(principal) : null;
    return match === null ? principal : match[1];
}

function normaliseCondition(value: unknown): unknown {
    if (!isObject(value)) {
        return value;
    }
    return mapValues(value, (keys) =>
        isObject(keys) ? mapValues(keys, (values) => asSet(asList(values).map(String))) : keys,
    );
}

function asList(value: unknown): unknown[] {
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function asSet(value: unknown): unknown[] {
    return sortByText([...new Set(asList(value))]);
}

function mapValues(value: Json, change: (item: unknown) => unknown): Json {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]));
}
