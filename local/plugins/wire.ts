// Between Pulumi's wire format (protobuf Structs with marked objects) and plain JavaScript values.

import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

/** A value that is known only when the change is made. */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type Value = string | number | boolean | null | typeof UNKNOWN | Value[] | { [key: string]: Value };
export type Properties = Record<string, Value>;

/** What arrived: the bare values, and which top-level properties had a secret anywhere in them. */
export interface Received {
    values: Properties;
    secrets: Set<string>;
}

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";

/** One sentinel for each type a value may have; every one of them only says "unknown". */
const UNKNOWN_SENTINELS = new Set([
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);
const UNKNOWN_ON_THE_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Reads a Struct; a secret is unwrapped at whatever depth it stands. */
export function receive(struct: Struct | undefined): Received {
    const secrets = new Set<string>();
    const values: Properties = {};
    const plain = (struct?.toJavaScript() ?? {}) as Record<string, unknown>;
    for (const [key, raw] of Object.entries(plain)) {
        values[key] = unwrap(raw, () => secrets.add(key));
    }
    return { values, secrets };
}

/** Writes a Struct; every property named in `secrets` is wrapped whole. */
export function send(values: Readonly<Record<string, unknown>>, secrets: Iterable<string> = []): Struct {
    const hidden = new Set(secrets);
    const out: Record<string, Value> = {};
    for (const [key, raw] of Object.entries(values)) {
        const value = clean(raw);
        if (value === undefined) {
            continue;
        }
        const wire = mark(value);
        out[key] = hidden.has(key) ? { [SIGNATURE_KEY]: SECRET, value: wire } : wire;
    }
    return Struct.fromJavaScript(out as Record<string, JavaScriptValue>);
}

/**
 * Makes any value fit for a Struct, which throws on undefined, bigint and Buffer and silently spoils Date and NaN.
 * What cannot be said is left out.
 */
export function clean(value: unknown): Value | undefined {
    switch (typeof value) {
        case "string":
        case "boolean":
            return value;
        case "number":
            return Number.isFinite(value) ? value : undefined;
        case "bigint":
            return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
        case "symbol":
            return value === UNKNOWN ? UNKNOWN : undefined;
        case "object":
            return cleanObject(value);
        case "undefined":
        case "function":
            return undefined;
    }
}

function cleanObject(value: object | null): Value | undefined {
    if (value === null) {
        return null;
    }
    if (value instanceof Date) {
        return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
    }
    if (value instanceof Uint8Array) {
        return Buffer.from(value).toString("base64");
    }
    if (Array.isArray(value) || value instanceof Set) {
        return [...value].map(clean).filter((item): item is Value => item !== undefined);
    }
    const out: Properties = {};
    for (const [key, item] of Object.entries(value)) {
        const cleaned = clean(item);
        if (cleaned !== undefined) {
            out[key] = cleaned;
        }
    }
    return out;
}

/** Whether a value is unknown, or has something unknown in it. */
export function hasUnknown(value: Value | undefined): boolean {
    if (value === UNKNOWN) {
        return true;
    }
    if (typeof value !== "object" || value === null) {
        return false;
    }
    return Object.values(value).some(hasUnknown);
}

export function isRecord(value: unknown): value is { [key: string]: Value } {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unwrap(raw: unknown, sawSecret: () => void): Value {
    if (typeof raw === "string") {
        return UNKNOWN_SENTINELS.has(raw) ? UNKNOWN : raw;
    }
    if (Array.isArray(raw)) {
        return raw.map((item) => unwrap(item, sawSecret));
    }
    if (isRecord(raw)) {
        const signature = raw[SIGNATURE_KEY];
        return signature === undefined
            ? unwrapMembers(raw, sawSecret)
            : unwrapMarked(String(signature), raw, sawSecret);
    }
    return raw as Value;
}

function unwrapMembers(raw: Record<string, unknown>, sawSecret: () => void): Properties {
    return Object.fromEntries(Object.entries(raw).map(([key, item]) => [key, unwrap(item, sawSecret)]));
}

function unwrapMarked(signature: string, raw: Record<string, unknown>, sawSecret: () => void): Value {
    switch (signature) {
        case SECRET:
            sawSecret();
            return unwrap(raw["value"], sawSecret);
        case OUTPUT:
            if (raw["secret"] === true) {
                sawSecret();
            }
            return raw["value"] === undefined ? UNKNOWN : unwrap(raw["value"], sawSecret);
        case RESOURCE:
            return raw["id"] === undefined || raw["id"] === "" ? UNKNOWN : unwrap(raw["id"], sawSecret);
        default:
            throw new Error(
                "Assets and archives are not known to the stand-in plugin; the official plugin takes them.",
            );
    }
}

function mark(value: Value): Value {
    if (value === UNKNOWN) {
        return UNKNOWN_ON_THE_WIRE;
    }
    if (Array.isArray(value)) {
        return value.map(mark);
    }
    return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mark(item)])) : value;
}
