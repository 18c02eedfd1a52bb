/**
 * Which access keys a user has, and which of them is published. A rotation is a change of these values, each under a
 * higher revision than the one before:
 *
 * ```
 * 1: [1] published 1 → 2: [1, 2] published 1 → 3: [1, 2] published 2, retiring 1 → 4: the same, inactive → 5: [2] published 2
 * ```
 *
 * Going back is a change under a higher revision too: from 3 to `4: [1, 2] published 1, retiring 2`, and so on.
 */
export interface AccessKeySettings {
    /** Counts the changes of these settings: a whole number from 1, higher with every change. */
    readonly revision: number;
    /** Generations of keys that exist: one or two whole numbers from 1, ascending. IAM allows a user two keys. */
    readonly generations: readonly number[];
    /** The generation that is handed to the service: one of {@link generations}. */
    readonly published: number;
    /** The other generation, once it is on its way out. @default none */
    readonly retiring?: RetiringKey;
    /** When this revision was made, as RFC 3339 has it: what waits between the steps are counted from. @default unknown */
    readonly since?: string;
}

/** A key that is to be deleted. */
export interface RetiringKey {
    readonly generation: number;
    /** Whether AWS refuses it already. */
    readonly inactive: boolean;
}

/** What is wrong with a value: which property, what it is, what it should be. */
export interface Fault {
    readonly property: keyof AccessKeySettings;
    readonly got: unknown;
    readonly expected: string;
}

/** Every fault of the settings. */
export function accessKeysFaults({ revision, generations, published, retiring }: AccessKeySettings): Fault[] {
    const faults: Fault[] = [];
    if (!isCount(revision)) faults.push({ property: "revision", got: revision, expected: "a whole number from 1" });
    const wellFormed =
        (generations.length === 1 || generations.length === 2) &&
        generations.every(isCount) &&
        (generations.length === 1 || generations[0] < generations[1]);
    if (!wellFormed) {
        const expected = "one or two different whole numbers from 1, ascending (IAM allows a user two keys)";
        faults.push({ property: "generations", got: generations, expected });
    }
    if (generations.length > 0 && !generations.includes(published)) {
        faults.push({ property: "published", got: published, expected: `one of ${generations.join(", ")}` });
    }
    if (retiring && (retiring.generation === published || !generations.includes(retiring.generation))) {
        const expected = "the one of two generations that is not published";
        faults.push({ property: "retiring", got: retiring.generation, expected });
    }
    return faults;
}

function isCount(value: number): boolean {
    return Number.isSafeInteger(value) && value >= 1;
}

/** Key of the tag in which a user carries the settings that were last applied to it. */
export const accessKeysTag = "platform:access-keys";

/** The settings as the value of a tag: IAM allows letters, digits, spaces and `_.:/=+-@` there. */
export function formatAccessKeys({ revision, generations, published, retiring }: AccessKeySettings): string {
    const out = retiring ? ` retiring=${retiring.generation}${retiring.inactive ? " inactive" : ""}` : "";
    return `revision=${revision} generations=${generations.join("+")} published=${published}${out}`;
}

/** The settings in the value of a tag, and undefined where it holds none. */
export function parseAccessKeys(tag: string): AccessKeySettings | undefined {
    const match = /^revision=(\d+) generations=(\d+)(?:\+(\d+))? published=(\d+)(?: retiring=(\d+)( inactive)?)?$/.exec(
        tag,
    );
    if (!match) return undefined;
    const [, revision, first, second, published, retiring, inactive] = match;
    const settings = {
        revision: Number(revision),
        generations: [first, second].filter(Boolean).map(Number),
        published: Number(published),
        ...(retiring ? { retiring: { generation: Number(retiring), inactive: inactive !== undefined } } : {}),
    };
    return accessKeysFaults(settings).length > 0 ? undefined : settings;
}

/**
 * Why `next` may not follow `last`, and undefined where it may. A change needs a higher revision, so that a program of
 * an older commit is refused. New keys are created before old ones are deleted: a change may not need three at a time.
 */
export function refuseOlder(last: AccessKeySettings, next: AccessKeySettings): string | undefined {
    if (next.revision < last.revision) {
        return (
            `accessKeys of revision ${next.revision} is older than revision ${last.revision}, ` +
            `which was applied last (${describe(last)})`
        );
    }
    if (formatAccessKeys(next) === formatAccessKeys(last)) return undefined;
    if (next.revision === last.revision) return `accessKeys changed, expected a revision above ${last.revision}`;
    if (new Set([...last.generations, ...next.generations]).size <= 2) return undefined;
    return (
        `accessKeys has ${describe(next)} after ${describe(last)}, expected one step at a time: ` +
        `IAM allows a user two keys, so apply generations ${stepBetween(last, next)} first`
    );
}

/** Generations to apply between two settings that need three keys or more: what stays, else what services use. */
function stepBetween(last: AccessKeySettings, next: AccessKeySettings): string {
    if (last.generations.length === 1) return [...last.generations, next.published].sort((a, b) => a - b).join(" and ");
    const staying = last.generations.find((generation) => next.generations.includes(generation));
    return `${staying ?? last.published} alone`;
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

function describe({ generations, published, retiring }: AccessKeySettings): string {
    const out = retiring ? `, retiring ${retiring.generation}${retiring.inactive ? " (inactive)" : ""}` : "";
    return `generations ${generations.join(" and ")}, published ${published}${out}`;
}
