import { type AwsResource } from "../../services/resources";
import { declaredItems } from "./items";
import { type Item, ownerOf, type Part, type Parts, partTypes, type Target } from "./parts";
import { type Preview, type Step } from "./preview";

/** A bucket or a user that a service declares. */
export interface Declared extends Target {
    /** The settings of every part. */
    readonly parts: Parts;
    /** The parts that the stack does not have yet. */
    readonly missing: ReadonlyMap<Part, MissingPart>;
    /** The parts that the stack has. */
    readonly managed: readonly Part[];
    /** Access keys of a user: ids of those that the stack has, and how many it has and makes in all. */
    readonly keys: { readonly ids: readonly string[]; readonly count: number };
}

/** A resource that an update would create. */
export interface MissingPart {
    readonly urn: string;
    readonly inputs: Readonly<Record<string, unknown>>;
}

/** Something of a service that an update would create and that cannot be adopted. */
export interface Creation {
    readonly type: string;
    readonly name: string;
}

const accessKeyType = "aws:iam/accessKey:AccessKey";

/** What of a service can be adopted, as a preview declares it: of a stack file that adopts nothing of it. */
export function declaredTargets(preview: Preview, resources: readonly AwsResource[]): Declared[] {
    return resources.flatMap(({ kind, name, adopt: setting }) =>
        setting === undefined ? [] : declaredTarget({ kind, setting, name }, preview),
    );
}

function declaredTarget(target: Target, { steps }: Preview): Declared {
    const parts = new Map<Part, readonly Item[]>();
    const missing = new Map<Part, MissingPart>();
    const managed: Part[] = [];
    for (const [name, type] of Object.entries(partTypes[target.kind])) {
        const part = name as Part;
        const step = steps.find(
            (candidate) =>
                stays(candidate) &&
                candidate.newState?.type === type &&
                ownerOf(target.kind, part, candidate.newState.inputs ?? {}) === target.name,
        );
        const inputs = step?.newState?.inputs;
        if (!step || !inputs) continue;
        parts.set(part, declaredItems(target.kind, part, inputs));
        if (step.op === "create") missing.set(part, { urn: step.urn, inputs });
        else managed.push(part);
    }
    const keys = steps.filter(
        (step) => stays(step) && step.newState?.type === accessKeyType && step.newState.inputs?.user === target.name,
    );
    const ids = keys.flatMap(({ oldState }) => oldState?.id ?? []);
    return { ...target, parts, missing, managed, keys: { ids, count: keys.length } };
}

/** What an update would create under one of these names. */
export function creations({ steps }: Preview, names: readonly string[]): Creation[] {
    return steps.flatMap(({ op, newState }) => {
        const name = newState?.inputs?.name;
        const known = op === "create" && typeof name === "string" && names.includes(name);
        return known ? [{ type: newState!.type, name }] : [];
    });
}

function stays({ op }: Step): boolean {
    return !/delete|discard/.test(op);
}
