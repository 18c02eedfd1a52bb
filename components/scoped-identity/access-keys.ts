/**
 * Which access keys a user has, and which of them is published. A rotation is a change of these two values:
 *
 * ```
 * [1] published 1 → [1, 2] published 1 → [1, 2] published 2 → [2] published 2 → [2, 3] published 2 → …
 * ```
 *
 * Going back is a step forward too: from `[1, 2] published 2` to `[1, 3] published 1`.
 */
export interface AccessKeySettings {
    /** Generations of keys that exist: one or two whole numbers from 1, ascending. IAM allows a user two keys. */
    readonly generations: readonly number[];
    /** The generation that is handed to the service: one of {@link generations}. */
    readonly published: number;
}

/** What is wrong with a value: which property, what it is, what it should be. */
export interface Fault {
    readonly property: string;
    readonly got: unknown;
    readonly expected: string;
}

/** The first fault of the settings, and undefined where they have none. */
export function accessKeysFault(settings: AccessKeySettings): Fault | undefined {
    const { generations, published } = settings;
    const wellFormed =
        (generations.length === 1 || generations.length === 2) &&
        generations.every((generation) => Number.isSafeInteger(generation) && generation >= 1) &&
        (generations.length === 1 || generations[0] < generations[1]);
    if (!wellFormed) {
        const expected = "one or two different whole numbers from 1, ascending (IAM allows a user two keys)";
        return { property: "accessKeys.generations", got: generations, expected };
    }
    if (!generations.includes(published)) {
        return { property: "accessKeys.published", got: published, expected: `one of ${generations.join(", ")}` };
    }
    return undefined;
}

/** Key of the tag in which a user carries the settings that were last applied to it. */
export const accessKeysTag = "platform:access-keys";

/** The settings as the value of a tag: IAM allows letters, digits, spaces and `_.:/=+-@` there. */
export function formatAccessKeys(settings: AccessKeySettings): string {
    return `generations=${settings.generations.join("+")} published=${settings.published}`;
}

/** The settings in the value of a tag, and undefined where it holds none. */
export function parseAccessKeys(tag: string): AccessKeySettings | undefined {
    const match = /^generations=(\d+)(?:\+(\d+))? published=(\d+)$/.exec(tag);
    if (!match) return undefined;
    const [, first, second, published] = match;
    const settings = { generations: [first, second].filter(Boolean).map(Number), published: Number(published) };
    return accessKeysFault(settings) ? undefined : settings;
}

/**
 * Why `next` may not follow `last`, and undefined where it may. Settings only go forward, in the order of (newest
 * generation, published generation, oldest generation), and a generation that has gone never returns: a deleted key
 * cannot be had back, a new one of the same number would only look like it.
 */
export function refuseOlder(last: AccessKeySettings, next: AccessKeySettings): string | undefined {
    const newest = Math.max(...last.generations);
    const sentence = (expected: string) =>
        `accessKeys is ${describe(next)}, expected ${expected}: ${describe(last)} was applied last`;
    if (compare(rank(next), rank(last)) < 0) return sentence("settings that are not older");
    const returned = next.generations.find(
        (generation) => generation <= newest && !last.generations.includes(generation),
    );
    if (returned !== undefined) return sentence(`no generation ${returned}, which was deleted`);
    return undefined;
}

/**
 * Why `next` may not follow what a user's tag says was applied last, and undefined where it may. A user without the tag
 * has no keys of ours. Settings that are removed take every key with them (the way to roles and temporary credentials),
 * and that is allowed.
 */
export function refuseOlderThanTag(tag: unknown, next: AccessKeySettings | undefined): string | undefined {
    if (tag === undefined || tag === null || next === undefined) return undefined;
    const last = typeof tag === "string" ? parseAccessKeys(tag) : undefined;
    if (last) return refuseOlder(last, next);
    return (
        `tag ${accessKeysTag} is ${JSON.stringify(tag)}, expected the settings that were applied last, such as ` +
        `${JSON.stringify(formatAccessKeys(next))}: put the tag right, then refresh`
    );
}

function describe(settings: AccessKeySettings): string {
    return `generations ${settings.generations.join(" and ")}, published ${settings.published}`;
}

function rank({ generations, published }: AccessKeySettings): readonly number[] {
    return [Math.max(...generations), published, Math.min(...generations)];
}

function compare(left: readonly number[], right: readonly number[]): number {
    const differing = left.findIndex((value, index) => value !== right[index]);
    return differing === -1 ? 0 : left[differing] - right[differing];
}
