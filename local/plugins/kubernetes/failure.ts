// What the API server refuses, said so that a person can act on it.

import { Refusal } from "../errors";

export interface Cause {
    reason?: string;
    message?: string;
    field?: string;
}

/** The API server's `Status` object, as far as it is used here. */
export interface Status {
    message?: string;
    reason?: string;
    code?: number;
    details?: { kind?: string; name?: string; group?: string; causes?: Cause[] };
}

/** The API server answered, and it was no success. */
export class ApiFailure extends Refusal {
    constructor(
        readonly code: number,
        readonly status: Status,
        doing: string,
    ) {
        const said = status.message ?? "no message";
        super(`${doing}: ${status.reason ?? "failed"}: ${said} (HTTP ${code})`);
    }
}

/** No API server answered. */
export class Unreachable extends Refusal {}

/** The user has interrupted the run. */
export class Cancelled extends Refusal {}

export const isGone = (error: unknown): boolean => error instanceof ApiFailure && error.code === 404;

/** A field that another manager has set. */
export interface FieldConflict {
    manager: string;
    /** As the API server writes it: `.spec.containers[name="a"].image`. */
    field: string;
}

/** The fields of a refused apply that others manage; empty if it was refused for another reason. */
export function conflictsIn(error: unknown): FieldConflict[] {
    if (!(error instanceof ApiFailure) || error.code !== 409) {
        return [];
    }
    return (error.status.details?.causes ?? [])
        .filter(({ reason }) => reason === "FieldManagerConflict")
        .map(({ message = "", field = "" }) => ({
            manager: /^conflict with "([^"]*)"/.exec(message)?.[1] ?? "another manager",
            field,
        }));
}

export function conflictRefusal(object: string, conflicts: readonly FieldConflict[]): Refusal {
    const byManager = new Map<string, string[]>();
    for (const { manager, field } of conflicts) {
        byManager.set(manager, [...(byManager.get(manager) ?? []), field]);
    }
    const said = [...byManager].map(([manager, fields]) => `"${manager}" manages ${fields.join(", ")}`).join("; ");
    return new Refusal(
        `${object}: field conflict: ${said}. To take these fields over, add the annotation ` +
            `pulumi.com/patchForce: "true" to the resource or set kubernetes:enablePatchForce; ` +
            `to leave them to the other manager, take them out of the program.`,
    );
}
