// What was read from AWS, brought together with what the program said. Pure.

import { isDefault, sameMeaning } from "./canonical";
import { DEFAULTS, withoutDefaultsKey } from "./check";
import { anything, type Property, type TypePlan } from "./declare";
import { asTags, withoutDefaults, type Tags } from "./tags";
import { isRecord, type Properties, type Value } from "./wire";

/**
 * The inputs after a refresh: the old inputs' keys with their old value where it means the same, others only if AWS
 * holds something that is not the default. `olds` is undefined at an import, which returns every non-default input.
 */
export function inputsAfterRead(
    plan: TypePlan,
    olds: Properties | undefined,
    live: Properties,
    defaultTags: Tags,
): Properties {
    const old = withoutDefaultsKey(olds ?? {});
    const inputs: Properties = {};
    for (const [key, property] of Object.entries(plan.inputs)) {
        const merged = mergeInput(property, old[key], liveInput(plan, key, live, old, defaultTags), olds === undefined);
        if (merged !== undefined) {
            inputs[key] = merged;
        }
    }
    inputs[DEFAULTS] = olds?.[DEFAULTS] ?? (plan.name === undefined ? [] : [plan.name.property]);
    return inputs;
}

function liveInput(
    plan: TypePlan,
    key: string,
    live: Properties,
    old: Properties,
    defaultTags: Tags,
): Value | undefined {
    if (key === "tags" && plan.tagged === true) {
        return withoutDefaults(asTags(live["tags"]), defaultTags, old["tags"]);
    }
    return live[key];
}

function mergeInput(
    property: Property,
    old: Value | undefined,
    live: Value | undefined,
    importing: boolean,
): Value | undefined {
    if (property.writeOnly === true) {
        return old;
    }
    if (old === undefined && property.computed === true && !importing) {
        return undefined;
    }
    return mergeValue(property, old, live);
}

/** The old value as far as it still means what AWS holds. */
export function mergeValue(property: Property, old: Value | undefined, live: Value | undefined): Value | undefined {
    if (old !== undefined && sameMeaning(property, old, live)) {
        return old;
    }
    if (live === undefined || live === null) {
        return undefined;
    }
    if (old === undefined && isDefault(property, live)) {
        return undefined;
    }
    if (property.kind === "list" && Array.isArray(live)) {
        return mergeList(property.of, property.unordered === true, Array.isArray(old) ? old : [], live);
    }
    if (property.kind === "object" && isRecord(live)) {
        return mergeFields(property.fields, isRecord(old) ? old : {}, live);
    }
    return live;
}

function mergeList(of: Property, unordered: boolean, old: Value[], live: Value[]): Value[] {
    if (!unordered) {
        return live.map((item, index) => mergeValue(of, old[index], item) ?? item);
    }
    return live.map(
        (item) => old.find((candidate) => sameMeaning(of, candidate, item)) ?? mergeValue(of, undefined, item) ?? item,
    );
}

function mergeFields(fields: Record<string, Property>, old: Properties, live: Properties): Properties {
    const out: Properties = {};
    for (const key of new Set([...Object.keys(old), ...Object.keys(live)])) {
        const merged = mergeValue(fields[key] ?? anything(), old[key], live[key]);
        if (merged !== undefined) {
            out[key] = merged;
        }
    }
    return out;
}

/**
 * The outputs: what AWS holds, JSON kept as the program wrote it where it means the same, and what only the program or
 * the moment of creation knew.
 */
export function outputsAfterRead(plan: TypePlan, inputs: Properties, live: Properties, known: Properties): Properties {
    const outputs: Properties = {};
    for (const [key, value] of Object.entries(live)) {
        const property = plan.inputs[key];
        const given = inputs[key];
        const keep =
            (property?.kind === "json" || property?.kind === "text") &&
            given !== undefined &&
            sameMeaning(property, given, value);
        outputs[key] = keep ? given : value;
    }
    if (plan.tagged === true) {
        outputs["tagsAll"] = asTags(live["tags"]);
        delete outputs["tags"];
        if (inputs["tags"] !== undefined) {
            outputs["tags"] = inputs["tags"];
        }
    }
    for (const [key, property] of Object.entries(plan.inputs)) {
        const value = inputs[key] ?? property.default;
        if (property.writeOnly === true && value !== undefined) {
            outputs[key] = value;
        }
    }
    for (const key of plan.once ?? []) {
        const value = known[key];
        if (value !== undefined) {
            outputs[key] = value;
        }
    }
    return outputs;
}
