// What a resource's inputs must be like before anything is asked of AWS. Pure.

import { autoName, type NameRequest } from "./names";
import type { Property, TypePlan } from "./declare";
import { isRecord, UNKNOWN, type Properties, type Value } from "./wire";

/** The property in which a resource's inputs carry the names of those that the program did not give. */
export const DEFAULTS = "__defaults";

export interface Checked {
    inputs: Properties;
    faults: string[];
    /** Inputs that are secret besides those that the program marked. */
    secrets?: readonly string[];
}

/** Fills in the name and lists every fault. A fault names no value, since the value may be a secret. */
export function check(plan: TypePlan, news: Properties, olds: Properties | undefined, request: NameRequest): Checked {
    const given = withoutDefaultsKey(news);
    const faults = plan.open === true ? [] : faultsOfFields(plan.inputs, given, "", plan.token);
    const inputs = { ...given };
    const defaulted: string[] = [];
    const naming = plan.name;
    if (naming !== undefined && given[naming.property] === undefined) {
        const kept = keptName(naming.property, olds);
        const made = kept === undefined ? autoName(naming, given, request) : { name: kept };
        if ("fault" in made) {
            faults.push(made.fault);
        } else {
            inputs[naming.property] = made.name;
            defaulted.push(naming.property);
        }
    }
    if (faults.length === 0) {
        faults.push(...(plan.check?.(inputs) ?? []));
    }
    inputs[DEFAULTS] = defaulted;
    return { inputs, faults };
}

/** A name counts as made by us only if the old state says so; a name that the program dropped is not kept. */
function keptName(property: string, olds: Properties | undefined): string | undefined {
    const name = olds?.[property];
    return defaultedIn(olds).includes(property) && typeof name === "string" ? name : undefined;
}

export function defaultedIn(inputs: Properties | undefined): string[] {
    const listed = inputs?.[DEFAULTS];
    return Array.isArray(listed) ? listed.filter((item): item is string => typeof item === "string") : [];
}

export function withoutDefaultsKey(inputs: Properties): Properties {
    return Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== DEFAULTS));
}

function faultsOfFields(fields: Record<string, Property>, values: Properties, path: string, token: string): string[] {
    const faults: string[] = [];
    for (const key of Object.keys(values)) {
        if (fields[key] === undefined && values[key] !== undefined) {
            faults.push(
                `The stand-in plugin does not know the property ${path}${key} of ${token}; the official ${token.split(":")[0]} plugin may. ` +
                    `It knows ${Object.keys(fields).join(", ")}.`,
            );
        }
    }
    for (const [key, property] of Object.entries(fields)) {
        const value = values[key];
        if (value === undefined || value === null) {
            if (property.required === true) {
                faults.push(`Missing required property ${path}${key}.`);
            }
            continue;
        }
        faults.push(...faultsOfValue(property, value, path + key, token));
    }
    return faults;
}

function faultsOfValue(property: Property, value: Value, path: string, token: string): string[] {
    if (value === UNKNOWN) {
        return [];
    }
    const wrong = wrongKind(property, value);
    if (wrong !== undefined) {
        return [`${path} must be ${wrong}.`];
    }
    if (property.oneOf !== undefined && !property.oneOf.includes(value as string | number)) {
        return [`${path} must be one of ${property.oneOf.join(", ")}.`];
    }
    if (property.kind === "list" && Array.isArray(value)) {
        return value.flatMap((item, index) => faultsOfValue(property.of, item, `${path}[${index}]`, token));
    }
    if (property.kind === "object" && isRecord(value)) {
        return faultsOfFields(property.fields, value, `${path}.`, token);
    }
    return [];
}

/** What the value ought to be, or nothing if it is. */
function wrongKind(property: Property, value: Value): string | undefined {
    switch (property.kind) {
        case "text":
            return typeof value === "string" ? undefined : "text";
        case "number":
            return typeof value === "number" ? undefined : "a number";
        case "flag":
            return typeof value === "boolean" ? undefined : "true or false";
        case "decimal":
            return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))
                ? undefined
                : 'a number written as text, such as "50"';
        case "json":
            return typeof value === "string" && isJson(value) ? undefined : "valid JSON text";
        case "list":
            return Array.isArray(value) ? undefined : "a list";
        case "map":
            return isRecord(value) && Object.values(value).every((item) => item === UNKNOWN || typeof item === "string")
                ? undefined
                : "a map of texts";
        case "object":
            return isRecord(value) ? undefined : "an object";
        case "anything":
            return undefined;
    }
}

function isJson(value: string): boolean {
    try {
        const parsed: unknown = JSON.parse(value);
        return typeof parsed === "object" && parsed !== null;
    } catch {
        return false;
    }
}
