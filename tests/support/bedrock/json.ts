import { invalid } from "./errors";

/** A JSON object of which nothing is known yet. */
export type Json = Readonly<Record<string, unknown>>;

export function parseObject(text: string): Json {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        throw invalid("Malformed input request, please reformat your input and try again.");
    }
    if (!isObject(value)) throw invalid("Malformed input request: expected an object.");
    return value;
}

export function isObject(value: unknown): value is Json {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function optionalObject(from: Json, name: string): Json | undefined {
    const value = from[name] ?? undefined;
    if (value !== undefined && !isObject(value)) throw invalid(`${name}: expected an object`);
    return value;
}

export function optionalText(from: Json, name: string): string | undefined {
    const value = from[name] ?? undefined;
    if (value !== undefined && typeof value !== "string") throw invalid(`${name}: expected a string`);
    return value;
}

export function requiredText(from: Json, name: string): string {
    const value = optionalText(from, name);
    if (value === undefined || value === "") throw invalid(`${name}: Field required`);
    return value;
}

export function optionalObjects(from: Json, name: string): readonly Json[] {
    const value = from[name] ?? [];
    if (!Array.isArray(value) || !value.every(isObject)) throw invalid(`${name}: expected a list of objects`);
    return value;
}

export function requiredObjects(from: Json, name: string): readonly Json[] {
    const value = optionalObjects(from, name);
    if (value.length === 0) throw invalid(`${name}: Field required, with at least one entry`);
    return value;
}

/** A number of tokens that the caller sets as a limit. */
export function optionalLimit(from: Json, name: string): number | undefined {
    const value = from[name] ?? undefined;
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value) || (value as number) < 1) throw invalid(`${name}: expected a positive integer`);
    return value as number;
}
