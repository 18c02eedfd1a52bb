// What becomes of a live object: inputs with the live values of the declared fields, and outputs. Pure.

import { isDeepStrictEqual } from "node:util";
import { isRecord, type Properties, type Value } from "../wire";
import { at, isSecret, kindOf, metadataOf, type TypeToken } from "./identity";

/**
 * The declared fields with their live values; the declared value stays where the API server sees no difference, which
 * `wanted` tells: what an apply of the declared fields would make of the object.
 */
export function declaredAsLive(declared: Properties, live: Properties, wanted?: Properties): Properties {
    const { stringData } = declared;
    return {
        ...mergeMembers(without(declared, ["stringData"]), live, wanted),
        ...(isRecord(stringData) ? { stringData: stringDataAsLive(stringData, live["data"]) } : {}),
    };
}

function mergeMembers(declared: Properties, live: Properties, wanted: Properties | undefined): Properties {
    const out: Properties = {};
    for (const [key, value] of Object.entries(declared)) {
        const dropped = wanted !== undefined && wanted[key] === undefined && live[key] === undefined;
        keep(out, key, dropped ? value : merge(value, live[key], wanted?.[key]));
    }
    return out;
}

function merge(declared: Value, live: Value | undefined, wanted: Value | undefined): Value | undefined {
    if (isDeepStrictEqual(declared, live) || (wanted !== undefined && isDeepStrictEqual(wanted, live))) {
        return declared;
    }
    if (live === undefined || live === null) {
        return isEmpty(declared) ? declared : undefined;
    }
    if (isRecord(declared) && isRecord(live)) {
        return mergeMembers(declared, live, isRecord(wanted) ? wanted : undefined);
    }
    if (Array.isArray(declared) && Array.isArray(live)) {
        return mergeLists(declared, live, Array.isArray(wanted) ? wanted : undefined);
    }
    return live;
}

/** What others add beside the declared elements, and an apply would leave there, is no drift. */
function mergeLists(declared: Value[], live: Value[], wanted: Value[] | undefined): Value[] {
    const ours = byKey(declared);
    const theirs = byKey(live);
    if (ours === undefined || theirs === undefined) {
        return declared.length === live.length
            ? declared.map((value, index) => merge(value, live[index], wanted?.[index]) ?? value)
            : live;
    }
    const kept = wanted === undefined ? undefined : byKey(wanted);
    const merged = [...ours].map(([key, value]) => merge(value, theirs.get(key), kept?.get(key)));
    const added = [...theirs].filter(([key]) => !ours.has(key) && kept?.has(key) !== true).map(([, value]) => value);
    return [...merged.filter((value) => value !== undefined), ...added];
}

/** Elements that are objects are the same by their name, others by their value. */
function byKey(list: Value[]): Map<Value, Value> | undefined {
    const keyed = new Map<Value, Value>(list.map((item) => [isRecord(item) ? (item["name"] ?? null) : item, item]));
    return keyed.size === list.length && ![...keyed.keys()].includes(null) ? keyed : undefined;
}

/** The API server turns `stringData` into `data` and keeps nothing of it. */
function stringDataAsLive(declared: Properties, liveData: Value | undefined): Properties {
    const out: Properties = {};
    for (const [key, value] of Object.entries(declared)) {
        const live = at(liveData, key);
        if (typeof live === "string") {
            const same = typeof value === "string" && Buffer.from(value).toString("base64") === live;
            out[key] = same ? value : Buffer.from(live, "base64").toString();
        }
    }
    return out;
}

/** `stringData` as the `data` that becomes of it, in which a conflict names its fields. */
export function asStored(declared: Properties): Properties {
    const { stringData, ...rest } = declared;
    if (!isRecord(stringData)) {
        return declared;
    }
    const encoded = Object.entries(stringData).map(([key, value]) => [
        key,
        typeof value === "string" ? Buffer.from(value).toString("base64") : value,
    ]);
    return { ...rest, data: { ...(isRecord(rest["data"]) ? rest["data"] : {}), ...Object.fromEntries(encoded) } };
}

/** The outputs: the live object, without the bookkeeping of who set which field. */
export function outputsOf(
    type: TypeToken,
    live: Properties,
    declared: Properties,
    fieldManager: string | undefined,
): Properties {
    const metadata = without(metadataOf(live), ["managedFields"]);
    const stringData = isSecret(kindOf(type, live)) ? declared["stringData"] : undefined;
    return {
        ...live,
        metadata,
        ...(stringData === undefined ? {} : { stringData }),
        ...(fieldManager === undefined ? {} : { [FIELD_MANAGER]: fieldManager }),
    };
}

/** The output that holds the name under which this resource sets its fields. */
export const FIELD_MANAGER = "__fieldManager";

export function without(values: Properties, keys: readonly string[]): Properties {
    return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
}

export function keep(out: Properties, key: string, value: Value | undefined): void {
    if (value !== undefined) {
        out[key] = value;
    }
}

export function isEmpty(value: Value): boolean {
    return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}
