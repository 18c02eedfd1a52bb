// The one form in which two values that mean the same are the same. Pure.

import { isDeepStrictEqual } from "node:util";
import type { Property } from "./declare";
import { isRecord, UNKNOWN, type Properties, type Value } from "./wire";

/** Whether AWS would see no difference. */
export function sameMeaning(property: Property, left: Value | undefined, right: Value | undefined): boolean {
    return isDeepStrictEqual(canonical(property, left), canonical(property, right));
}

export function isDefault(property: Property, value: Value | undefined): boolean {
    return sameMeaning(property, value, undefined);
}

/** Defaults filled in, sets sorted, JSON parsed, numbers without their trailing zeros; empty lists and maps count as absent. */
export function canonical(property: Property, value: Value | undefined): unknown {
    if (value === UNKNOWN) {
        return UNKNOWN;
    }
    if (value === undefined || value === null) {
        return property.default === undefined ? undefined : canonicalGiven(property, property.default);
    }
    return canonicalGiven(property, value);
}

function canonicalGiven(property: Property, value: Value): unknown {
    switch (property.kind) {
        case "decimal":
            return Number.isFinite(Number(value)) ? Number(value) : value;
        case "json":
            return canonicalJson(property.normalise, value);
        case "list":
            return Array.isArray(value) ? canonicalList(property.of, property.unordered === true, value) : value;
        case "map":
            return isRecord(value) ? emptyAsAbsent(value) : value;
        case "object":
            return isRecord(value) ? canonicalFields(property.fields, value) : value;
        case "text":
            return typeof value === "string" ? (property.normalise?.(value) ?? value) : value;
        case "number":
        case "flag":
        case "anything":
            return value;
    }
}

function canonicalList(of: Property, unordered: boolean, items: Value[]): unknown[] | undefined {
    if (items.length === 0) {
        return undefined;
    }
    const list = items.map((item) => canonical(of, item));
    return unordered ? sortByText(list) : list;
}

function canonicalFields(fields: Record<string, Property>, value: Properties): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (const key of new Set([...Object.keys(fields), ...Object.keys(value)])) {
        const field = fields[key];
        const item = field === undefined ? value[key] : canonical(field, value[key]);
        if (item !== undefined) {
            out[key] = item;
        }
    }
    return out;
}

function canonicalJson(normalise: (document: unknown) => unknown, value: Value): unknown {
    if (typeof value !== "string") {
        return value;
    }
    try {
        return normalise(JSON.parse(value));
    } catch {
        return value;
    }
}

function emptyAsAbsent(value: Properties): Properties | undefined {
    return Object.keys(value).length === 0 ? undefined : value;
}

/** Sorted by what they say, whatever the order of their keys. */
export function sortByText<T>(items: readonly T[]): T[] {
    return [...items].sort((left, right) => compareText(stableText(left), stableText(right)));
}

/** JSON with sorted keys. */
export function stableText(value: unknown): string {
    if (Array.isArray(value)) {
        return `[${value.map(stableText).join(",")}]`;
    }
    if (typeof value === "object" && value !== null) {
        const members = Object.entries(value).sort(([left], [right]) => compareText(left, right));
        return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${stableText(item)}`).join(",")}}`;
    }
    return typeof value === "symbol" ? "unknown" : (JSON.stringify(value) ?? "null");
}

export function compareText(left: string, right: string): number {
    return left < right ? -1 : left > right ? 1 : 0;
}
