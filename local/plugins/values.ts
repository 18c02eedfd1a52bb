// One value out of a resource's properties, if it is what it ought to be.

import { clean, isRecord, type Properties } from "./wire";

export function str(values: Properties, key: string): string {
    const value = values[key];
    return typeof value === "string" ? value : "";
}

export function optional(values: Properties, key: string): string | undefined {
    return str(values, key) || undefined;
}

export function num(values: Properties, key: string): number | undefined {
    const value = values[key];
    return typeof value === "number" ? value : undefined;
}

export function bool(values: Properties, key: string): boolean | undefined {
    const value = values[key];
    return typeof value === "boolean" ? value : undefined;
}

export function record(values: Properties, key: string): Properties | undefined {
    const value = values[key];
    return isRecord(value) ? value : undefined;
}

export function records(values: Properties, key: string): Properties[] {
    const value = values[key];
    return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function texts(values: Properties, key: string): string[] {
    const value = values[key];
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** What was read, without what was not there. */
export function found(values: Record<string, unknown>): Properties {
    return (clean(values) ?? {}) as Properties;
}
