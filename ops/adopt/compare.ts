import { called, type Item, type Part, type Parts, type Preview, type Target } from "./declared";
import { type Finding } from "./find";

/** A setting that an update would change. */
export interface Overwrite {
    /** `bucket <name>` or `user <name>`. */
    readonly resource: string;
    readonly part: Part;
    readonly setting: string;
    /** In words; null where there is none. */
    readonly from: string | null;
    /** In words; null where it goes. */
    readonly to: string | null;
    /** Whether something is gone that nobody could restore from a list of defaults: somebody wrote it. */
    readonly losesData: boolean;
}

/** Parts that people write as a text: order and names mean nothing in them, what each sentence says does. */
const written: ReadonlySet<Part> = new Set<Part>(["lifecycle", "policy"]);

/**
 * What an update would change of a bucket or user that exists.
 *
 * @param parts the declared ones that the stack does not have yet; one that does not exist either counts as empty
 */
export function compareParts(target: Target, found: Parts, declared: Parts, parts: Iterable<Part>): Overwrite[] {
    return [...parts].flatMap((part) =>
        compareItems(part, found.get(part) ?? [], declared.get(part) ?? []).map((change) => ({
            resource: called(target),
            part,
            ...change,
            losesData: written.has(part) && change.from !== null,
        })),
    );
}

function compareItems(
    part: Part,
    found: readonly Item[],
    declared: readonly Item[],
): Pick<Overwrite, "setting" | "from" | "to">[] {
    const isIn = (items: readonly Item[], { name, value }: Item) =>
        items.some((item) => item.value === value && (written.has(part) || item.name === name));
    const gone = found.filter((item) => !isIn(declared, item));
    const come = declared.filter((item) => !isIn(found, item));
    const named = (items: readonly Item[], name: string) => items.find((item) => item.name === name)?.value ?? null;
    return [
        ...gone.map(({ name, value }) => ({ setting: name, from: value, to: named(come, name) })),
        ...come
            .filter(({ name }) => named(gone, name) === null)
            .map(({ name, value }) => ({ setting: name, from: null, to: value })),
    ];
}

/** What the engine would update after an import and the comparison knows nothing of. */
export function engineChanges(
    { steps }: Preview,
    findings: readonly Finding[],
    known: readonly Overwrite[],
): Overwrite[] {
    return findings.flatMap(({ declared, found }) =>
        [...declared.missing].flatMap(([part, { urn }]) => {
            const resource = called(declared);
            const step = steps.find((candidate) => candidate.op === "update" && candidate.urn === urn);
            const isKnown = known.some((change) => change.resource === resource && change.part === part);
            if (!step || !found.has(part) || isKnown) return [];
            const settings = Object.keys(step.detailedDiff ?? {}).map((path) => path.split(/[.[]/)[0]);
            return [...new Set(settings)].map((setting) => ({
                resource,
                part,
                setting,
                from: json(step.oldState?.inputs?.[setting]),
                to: json(step.newState?.inputs?.[setting]),
                losesData: false,
            }));
        }),
    );
}

function json(value: unknown): string | null {
    return value === undefined ? null : JSON.stringify(value);
}
