// The part of JSONPath (RFC 9535) that a wait needs: members, indexes, wildcards, and filters by one comparison. Pure.

import { isRecord, type Value } from "../../wire";

export type Step =
    | { kind: "member"; name: string }
    | { kind: "index"; index: number }
    | { kind: "all" }
    | { kind: "filter"; path: readonly Step[]; operator: "==" | "!=" | undefined; value: unknown };

const MEMBER = /^\.([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)/;
const WILDCARD = /^(?:\.\*|\[\s*\*\s*\])/;
const INDEX = /^\[\s*(-?\d+)\s*\]/;
const QUOTED = /^\[\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\]/;
const FILTER = /^\[\s*\?\s*(\()?\s*@([^=!<>&|()]*?)\s*(?:(==|!=)\s*('[^']*'|"[^"]*"|[\w.-]+)\s*)?(\))?\s*\]/;

/** The steps of `.spec.containers[?(@.name=="a")].image`; the `$` before it may be left out. */
export function parsePath(source: string): { steps: Step[] } | { fault: string } {
    const steps: Step[] = [];
    let rest = source.trim().replace(/^\$/, "");
    while (rest !== "") {
        const step = nextStep(rest);
        if (step === undefined) {
            return { fault: `{${source}} cannot be read from "${rest}" on.${hint(rest)}` };
        }
        steps.push(step.step);
        rest = rest.slice(step.length);
    }
    return { steps };
}

function nextStep(rest: string): { step: Step; length: number } | undefined {
    const all = WILDCARD.exec(rest);
    if (all !== null) {
        return { step: { kind: "all" }, length: all[0].length };
    }
    const member = MEMBER.exec(rest);
    if (member !== null) {
        return { step: { kind: "member", name: member[1] ?? "" }, length: member[0].length };
    }
    const index = INDEX.exec(rest);
    if (index !== null) {
        return { step: { kind: "index", index: Number(index[1]) }, length: index[0].length };
    }
    const quoted = QUOTED.exec(rest);
    if (quoted !== null) {
        return { step: { kind: "member", name: unquote(quoted[1] ?? "") }, length: quoted[0].length };
    }
    const filter = FILTER.exec(rest);
    return filter === null ? undefined : filterStep(filter);
}

function filterStep(match: RegExpExecArray): { step: Step; length: number } | undefined {
    const [whole, open, path = "", operator, value, close] = match;
    const parsed = parsePath(path);
    if ("fault" in parsed || (open === undefined) !== (close === undefined)) {
        return undefined;
    }
    const literal = value === undefined ? undefined : /^['"]/.test(value) ? unquote(value) : asLiteral(value);
    const compared = operator === "==" || operator === "!=" ? operator : undefined;
    return { step: { kind: "filter", path: parsed.steps, operator: compared, value: literal }, length: whole.length };
}

function asLiteral(text: string): unknown {
    return { true: true, false: false, null: null }[text] ?? Number(text);
}

function unquote(text: string): string {
    return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

/** The official provider reads paths by the RFC too, in which only letters, digits and "_" need no quotes. */
function hint(rest: string): string {
    return /^[-\\/]/.test(rest) ? ` A name with other signs than letters, digits and "_" is written ['so-named'].` : "";
}

export function select(steps: readonly Step[], value: Value): Value[] {
    return steps.reduce<Value[]>((values, step) => values.flatMap((one) => take(step, one)), [value]);
}

function take(step: Step, value: Value): Value[] {
    switch (step.kind) {
        case "member":
            return isRecord(value) && step.name in value ? [value[step.name] as Value] : [];
        case "index":
            return Array.isArray(value) ? value.slice(step.index).slice(0, 1) : [];
        case "all":
            return typeof value === "object" && value !== null ? Object.values(value) : [];
        case "filter":
            return typeof value === "object" && value !== null
                ? Object.values(value).filter((item) => passes(step, item))
                : [];
    }
}

function passes({ path, operator, value }: Step & { kind: "filter" }, item: Value): boolean {
    const [found] = select(path, item);
    if (operator === undefined) {
        return found !== undefined;
    }
    return (found === value) === (operator === "==");
}
