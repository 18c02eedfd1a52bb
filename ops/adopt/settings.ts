import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";

import { exitCodes, InfraError } from "../common/errors";
import { writeAtomically } from "../common/files";
import { recorded } from "../stack/audit";
import { type Declared, type Part, type Parts } from "./declared";

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

/** A change of a stack's file. */
export interface Change {
    readonly stack: string;
    readonly service: string;
    readonly file: string;
    /** The file's text that was looked at, and the one to be. */
    readonly before: string;
    readonly after: string;
    readonly from: AdoptSettings;
    readonly to: AdoptSettings;
    readonly acceptDataLoss: boolean;
}

/**
 * Writes the stack's file whole or not at all, and records it.
 *
 * @throws InfraError when somebody has changed it meanwhile
 */
export async function write({ stack, service, file, before, after, from, to, acceptDataLoss }: Change): Promise<void> {
    const changes = [{ setting: `platform:${service}.adopt`, from, to, acceptDataLoss }];
    await recorded({ command: "adopt", stack, target: basename(file), changes }, () => {
        if (readFileSync(file, "utf8") !== before) {
            throw new InfraError(
                exitCodes.failed,
                `Nothing was changed: ${basename(file)} was changed by somebody else in the meantime.`,
                "Run this again to see the current differences.",
            );
        }
        writeAtomically(realpathSync(file), after, statSync(file).mode & 0o777);
        return Promise.resolve();
    });
}
