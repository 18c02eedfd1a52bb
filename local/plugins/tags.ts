// Tags with and without the provider's default tags. Pure.

import { hasUnknown, isRecord, type Properties, type Value } from "./wire";

export type Tags = Record<string, string>;

/** Tags that AWS itself puts on and that nobody may change. */
const SYSTEM_PREFIX = "aws:";

export function asTags(value: Value | undefined): Tags {
    if (!isRecord(value)) {
        return {};
    }
    const known = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    return Object.fromEntries(known.filter(([key]) => !key.startsWith(SYSTEM_PREFIX)));
}

/** What AWS is to have: the resource's own tags win. */
export function allTags(defaults: Tags, own: Value | undefined): Tags {
    return { ...defaults, ...asTags(own) };
}

/** What is left for `tags` when the default tags are taken out; one that the program itself gives stays. */
export function withoutDefaults(live: Tags, defaults: Tags, declared: Value | undefined): Tags {
    const given = asTags(declared);
    return Object.fromEntries(Object.entries(live).filter(([key, value]) => key in given || defaults[key] !== value));
}

/** Whether the tags in the old state are other than those that inputs and default tags make together. */
export function tagsAllChanged(defaults: Tags, inputs: Properties, oldOutputs: Properties): boolean {
    if (hasUnknown(inputs["tags"]) || oldOutputs["tagsAll"] === undefined) {
        return false;
    }
    const wanted = allTags(defaults, inputs["tags"]);
    const present = asTags(oldOutputs["tagsAll"]);
    const keys = new Set([...Object.keys(wanted), ...Object.keys(present)]);
    return [...keys].some((key) => wanted[key] !== present[key]);
}

/** Which tags to put and which to take off; all wanted ones are put, since an earlier attempt may have failed. */
export function tagChanges(old: Tags, wanted: Tags): { put: Tags; remove: string[] } {
    return { put: wanted, remove: Object.keys(old).filter((key) => !(key in wanted)) };
}
