import { NotModelled } from "./not-modelled";
import { arnPattern, pattern, refuseVariables } from "./patterns";

/** What AWS knows of a request, by condition key in lower case: keys are compared without case. */
export type Context = ReadonlyMap<string, readonly string[]>;

/** Whether a request meets a condition. */
export type Test = (context: Context) => boolean;

/** Makes of a value in a policy what compares a value of the request with it. */
type Comparison = (expected: string) => (actual: string) => boolean;

/**
 * The operators of IAM that are modelled, after the page "IAM JSON policy elements: Condition operators" of AWS's user
 * guide. Several values of a key are alternatives. A negated operator holds where none of them matches, and therefore
 * where the key is absent; any other does not hold there.
 */
const operators: Readonly<Record<string, { readonly compare: Comparison; readonly negated?: true }>> = {
    StringEquals: { compare: equals },
    StringNotEquals: { compare: equals, negated: true },
    StringLike: { compare: like },
    StringNotLike: { compare: like, negated: true },
    // The two compare alike: wildcards in ArnEquals count as well.
    ArnEquals: { compare: arnPattern },
    ArnLike: { compare: arnPattern },
    ArnNotEquals: { compare: arnPattern, negated: true },
    ArnNotLike: { compare: arnPattern, negated: true },
    Bool: { compare: (expected) => (actual) => actual.toLowerCase() === expected.toLowerCase() },
    NumericLessThan: { compare: (expected) => (actual) => numeric(actual) < numeric(expected) },
};

/** All conditions of a statement as one test: operators and keys are joined by "and". */
export function conditionTest(condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Test {
    const tests = Object.entries(condition).flatMap(([operator, keys]) =>
        Object.entries(keys).map(([key, values]) => keyTest(operator, key.toLowerCase(), [values].flat().map(String))),
    );
    return (context) => tests.every((test) => test(context));
}

function keyTest(written: string, key: string, expected: readonly string[]): Test {
    if (written === "Null") return nullTest(key, expected);
    const [, set, name, ifExists] = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(written) ?? [];
    const operator = Object.hasOwn(operators, name ?? "") ? operators[name] : undefined;
    if (!operator) throw new NotModelled(`condition operator ${written} is not modelled`);
    const matches = expected.map(operator.compare);
    const holds = (actual: string) => matches.some((match) => match(actual)) !== (operator.negated ?? false);
    return (context) => {
        const actual = context.get(key) ?? [];
        // Without a value there is none that breaks "all", and none that meets "any".
        if (set === "ForAllValues") return actual.every(holds);
        if (actual.length === 0) return ifExists !== undefined || (set === undefined && (operator.negated ?? false));
        if (set === "ForAnyValue") return actual.some(holds);
        if (actual.length > 1) throw new NotModelled(`${key} has several values, and ${written} compares one`);
        return holds(actual[0]);
    };
}

/** `Null` asks whether the key is absent. */
function nullTest(key: string, expected: readonly string[]): Test {
    return (context) => expected.some((value) => (value.toLowerCase() === "true") === !context.get(key)?.length);
}

function equals(expected: string): (actual: string) => boolean {
    refuseVariables(expected);
    return (actual) => actual === expected;
}

function like(expected: string): (actual: string) => boolean {
    const expression = pattern(expected);
    return (actual) => expression.test(actual);
}

function numeric(text: string): number {
    const value = text.trim() === "" ? NaN : Number(text);
    if (Number.isNaN(value)) throw new NotModelled(`${JSON.stringify(text)} is no number`);
    return value;
}
