// The annotation pulumi.com/waitFor: `jsonpath={.a.b}`, `jsonpath={.a.b}=value`, `condition=Type`,
// `condition=Type=Status`, or a JSON array of these. Pure.

import { isRecord, type Properties } from "../../wire";
import { at, numberAt } from "../identity";
import { parsePath, select, type Step } from "./json-path";

export const WAIT_FOR = "pulumi.com/waitFor";

export interface Expectation {
    /** As the program wrote it. */
    text: string;
    /** Undefined when the object is as expected, else what it is. */
    lacks(object: Properties): string | undefined;
}

/** All of them must hold. */
export function parseWaitFor(text: string): Expectation[] | { fault: string } {
    const parts = partsOf(text);
    if (parts.length === 0) {
        return { fault: "it is an empty list." };
    }
    const expectations: Expectation[] = [];
    for (const part of parts) {
        const parsed = parseOne(part);
        if ("fault" in parsed) {
            return parsed;
        }
        expectations.push(parsed);
    }
    return expectations;
}

function partsOf(text: string): string[] {
    try {
        const parsed: unknown = JSON.parse(text);
        return Array.isArray(parsed) ? parsed.map(String) : [text];
    } catch {
        return [text];
    }
}

function parseOne(text: string): Expectation | { fault: string } {
    if (text.startsWith("condition=")) {
        const [type = "", status = "True"] = text.slice("condition=".length).split(/=(.*)/s);
        return type === "" ? { fault: `"${text}" names no condition.` } : expectCondition(text, type, status);
    }
    const parsed = /^jsonpath=\{(.*?)\}(?:=([^=]*))?$/s.exec(text);
    if (parsed === null) {
        return {
            fault: `"${text}" is none of jsonpath={.path}, jsonpath={.path}=value, condition=Type, condition=Type=Status.`,
        };
    }
    const [, source = "", value] = parsed;
    if (value === "") {
        return { fault: `"${text}" has a "=" without a value.` };
    }
    const path = parsePath(source);
    return "fault" in path ? path : expectPath(text, path.steps, value);
}

/** The values of these may be told; those of others may be secret. */
const TOLD = ["metadata", "status"];

function expectPath(text: string, steps: readonly Step[], value: string | undefined): Expectation {
    const [first] = steps;
    const told = first?.kind === "member" && TOLD.includes(first.name);
    return {
        text,
        lacks: (object) => {
            const [found] = select(steps, object);
            if (found === undefined) {
                return "there is nothing at that path";
            }
            if (value === undefined || (typeof found !== "object" && String(found) === value)) {
                return undefined;
            }
            return told ? `it is ${JSON.stringify(found)}` : "it is something else";
        },
    };
}

function expectCondition(text: string, type: string, status: string): Expectation {
    return {
        text,
        lacks: (object) => {
            const found = conditionsOf(object).find((one) => sameWord(one["type"], type));
            if (found === undefined) {
                return `there is no condition ${type}`;
            }
            const generation = numberAt(object, "metadata", "generation");
            const observed = numberAt(found, "observedGeneration") ?? numberAt(object, "status", "observedGeneration");
            if (generation !== undefined && observed !== undefined && observed < generation) {
                return `the condition ${type} is of generation ${observed}, not yet ${generation}`;
            }
            return sameWord(found["status"], status)
                ? undefined
                : `the condition ${type} is ${String(found["status"])}`;
        },
    };
}

export function conditionsOf(object: Properties): Properties[] {
    const conditions = at(object, "status", "conditions");
    return Array.isArray(conditions) ? conditions.filter(isRecord) : [];
}

function sameWord(left: unknown, right: string): boolean {
    return typeof left === "string" && left.toLowerCase() === right.toLowerCase();
}
