import { type Declared } from "./declared";
import { type Part, type Parts } from "./parts";

/** The setting `adopt` of a service: parts by bucket or user. */
export type AdoptSettings = Readonly<Record<string, readonly string[]>>;

/**
 * What `adopt` has to name: what exists and is not the stack's, and of what it names already what is the stack's, since
 * that is protected by it. What it names and what does not exist would stop every update.
 */
export function adoptSettings(
    present: AdoptSettings,
    targets: readonly { readonly declared: Declared; readonly found: Parts }[],
): AdoptSettings {
    return Object.fromEntries(
        targets.flatMap(({ declared: { setting, parts, managed, missing }, found }) => {
            const named = [...parts.keys()].filter(
                (part) =>
                    (missing.has(part) && found.has(part)) ||
                    (managed.includes(part) && present[setting]?.includes(part)),
            );
            return named.length === 0 ? [] : [[setting, named satisfies Part[]]];
        }),
    );
}

/** Whether two settings name the same parts. */
export function isSame(one: AdoptSettings, other: AdoptSettings): boolean {
    const sorted = (settings: AdoptSettings) =>
        JSON.stringify(
            Object.entries(settings)
                .filter(([, parts]) => parts.length > 0)
                .map(([key, parts]) => [key, [...parts].sort()])
                .sort(),
        );
    return sorted(one) === sorted(other);
}
