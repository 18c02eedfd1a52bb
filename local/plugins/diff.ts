// What changes between old and new inputs, and which of it means a replacement. Pure.

import { sameMeaning } from "./canonical";
import { defaultedIn, withoutDefaultsKey } from "./check";
import { anything, type Property, type TypePlan } from "./declare";
import { isRecord, type Properties, type Value } from "./wire";

export type ChangeKind = "add" | "delete" | "update";

export interface Change {
    /** As the engine writes paths: `rules[0].expiration.days`, `tags["a.b"]`. */
    path: string;
    kind: ChangeKind;
    replace: boolean;
}

export interface Difference {
    changes: Change[];
    deleteBeforeReplace: boolean;
}

/** Inputs against inputs, never against outputs: those hold what AWS added by itself. */
export function diff(plan: TypePlan, oldInputs: Properties, newInputs: Properties): Difference {
    const olds = withoutDefaultsKey(oldInputs);
    const news = withoutDefaultsKey(newInputs);
    const changes: Change[] = [];
    for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
        const property = plan.inputs[key] ?? anything();
        if (property.computed === true && news[key] === undefined) {
            continue;
        }
        const found = changesIn(property, olds[key], news[key], pathOf("", key));
        changes.push(...found.map((change) => ({ ...change, replace: property.replace === true || change.replace })));
    }
    return { changes, deleteBeforeReplace: cannotLiveTogether(plan, olds, newInputs, changes) };
}

/** Old and new would have one name: the old one must go first. A name made by us is made anew instead. */
function cannotLiveTogether(plan: TypePlan, olds: Properties, newInputs: Properties, changes: Change[]): boolean {
    const identity = plan.identity ?? [];
    if (identity.length === 0 || !changes.some((change) => change.replace)) {
        return false;
    }
    const made = defaultedIn(newInputs);
    return identity.every(
        (key) => !made.includes(key) && sameMeaning(plan.inputs[key] ?? anything(), olds[key], newInputs[key]),
    );
}

function changesIn(property: Property, old: Value | undefined, next: Value | undefined, path: string): Change[] {
    if (sameMeaning(property, old, next)) {
        return [];
    }
    if (old === undefined || old === null) {
        return [{ path, kind: "add", replace: false }];
    }
    if (next === undefined || next === null) {
        return [{ path, kind: "delete", replace: false }];
    }
    const nested = nestedChanges(property, old, next, path);
    return nested.length > 0 ? nested : [{ path, kind: "update", replace: false }];
}

function nestedChanges(property: Property, old: Value, next: Value, path: string): Change[] {
    if (isRecord(old) && isRecord(next)) {
        return [...new Set([...Object.keys(old), ...Object.keys(next)])].flatMap((key) =>
            changesIn(memberOf(property, key), old[key], next[key], pathOf(path, key)),
        );
    }
    if (property.kind === "list" && property.unordered !== true && Array.isArray(old) && Array.isArray(next)) {
        return Array.from({ length: Math.max(old.length, next.length) }, (_, index) =>
            changesIn(property.of, old[index], next[index], `${path}[${index}]`),
        ).flat();
    }
    return [];
}

function memberOf(property: Property, key: string): Property {
    return (property.kind === "object" ? property.fields[key] : undefined) ?? anything();
}

function pathOf(parent: string, key: string): string {
    if (!/^[A-Za-z_$][\w$]*$/.test(key)) {
        return `${parent}[${JSON.stringify(key)}]`;
    }
    return parent === "" ? key : `${parent}.${key}`;
}

/** The top-level property that a path begins with. */
export function rootOf(path: string): string {
    const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(path);
    return quoted?.[1] ?? path.split(/[.[]/, 1)[0] ?? path;
}
