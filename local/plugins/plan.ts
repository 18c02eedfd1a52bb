// What a preview shows, and which outputs are secret. Pure. Check, diff and merge have files of their own.

import { sameMeaning } from "./canonical";
import { withoutDefaultsKey } from "./check";
import type { TypePlan } from "./declare";
import { allTags, type Tags } from "./tags";
import { hasUnknown, UNKNOWN, type Properties } from "./wire";

export { check, DEFAULTS, withoutDefaultsKey, type Checked } from "./check";
export { diff, rootOf, type Change, type Difference } from "./diff";
export { inputsAfterRead, outputsAfterRead } from "./merge";

/** The outputs of a creation that is only previewed: what nobody can know yet is unknown. */
export function plannedCreate(plan: TypePlan, inputs: Properties, defaultTags: Tags): Properties {
    const outputs = withoutDefaultsKey(inputs);
    for (const [key, property] of Object.entries(plan.inputs)) {
        if (outputs[key] === undefined && property.default !== undefined) {
            outputs[key] = property.default;
        } else if (outputs[key] === undefined && property.computed === true) {
            outputs[key] = UNKNOWN;
        }
    }
    for (const key of plan.outputs) {
        outputs[key] = UNKNOWN;
    }
    return withPlannedTags(plan, inputs, outputs, defaultTags);
}

/** The outputs of an update that is only previewed: what is made of a changed input is unknown, the rest stays. */
export function plannedUpdate(
    plan: TypePlan,
    oldInputs: Properties,
    inputs: Properties,
    oldOutputs: Properties,
    defaultTags: Tags,
): Properties {
    const outputs: Properties = { ...oldOutputs };
    for (const [key, property] of Object.entries(plan.inputs)) {
        const value = inputs[key] ?? property.default;
        if (value !== undefined) {
            outputs[key] = value;
        } else if (property.computed !== true) {
            delete outputs[key];
        }
    }
    for (const [output, sources] of Object.entries({ ...plan.derived, ...plan.movedBy })) {
        if (sources.some((key) => changed(plan, key, oldInputs, inputs))) {
            outputs[output] = UNKNOWN;
        }
    }
    return withPlannedTags(plan, inputs, outputs, defaultTags);
}

function changed(plan: TypePlan, key: string, oldInputs: Properties, inputs: Properties): boolean {
    const property = plan.inputs[key];
    return property !== undefined && !sameMeaning(property, oldInputs[key], inputs[key]);
}

function withPlannedTags(plan: TypePlan, inputs: Properties, outputs: Properties, defaultTags: Tags): Properties {
    if (plan.tagged !== true) {
        return outputs;
    }
    const own = inputs["tags"];
    return { ...outputs, tagsAll: hasUnknown(own) ? UNKNOWN : allTags(defaultTags, own) };
}

/** Secret inputs, and every output that is made of one or is secret by itself. */
export function secretOutputs(plan: TypePlan, secretInputs: ReadonlySet<string>): Set<string> {
    const secrets = new Set([...secretInputs, ...(plan.secretOutputs ?? [])]);
    const derived = plan.tagged === true ? { ...plan.derived, tagsAll: ["tags"] } : (plan.derived ?? {});
    for (const [output, sources] of Object.entries(derived)) {
        if (sources.some((key) => secretInputs.has(key))) {
            secrets.add(output);
        }
    }
    return secrets;
}
