import { type ControlId } from "./controls";

/** A resource as the engine shows it to a policy: what the program declares, secrets in plain text. */
export interface Resource {
    /** Type token, e.g. `aws:s3/bucket:Bucket`. */
    readonly type: string;
    /** Name in the program, which is the last part of the URN. */
    readonly name: string;
    // Rules read into properties of any type.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    readonly props: Readonly<Record<string, any>>;
    /** Whether the engine refuses to delete it. */
    readonly protect: boolean;
}

/** What must hold for every resource of some types. */
export interface Rule {
    /** Unique name in kebab-case: what the engine prints with a violation. */
    readonly id: string;
    /** One sentence that says what holds. */
    readonly says: string;
    /** Controls that hold for this program because the rule does. */
    readonly meets: readonly ControlId[];
    /** Types that the rule judges. */
    readonly types: readonly string[];
    /** `stack` where the rule looks at other resources, too: the engine then asks after all are registered. */
    readonly scope: "resource" | "stack";
    /** What is wrong with a resource of one of the types; `stack` is empty where the scope is `resource`. */
    faults(resource: Resource, stack: readonly Resource[]): string[];
}

/** A rule that judges each resource by itself. */
export function resourceRule(rule: Omit<Rule, "scope">): Rule {
    return { ...rule, scope: "resource" };
}

/** A rule that judges each resource by what is beside it. */
export function stackRule(rule: Omit<Rule, "scope">): Rule {
    return { ...rule, scope: "stack" };
}

/** One fault, or none. */
export const faultIf = (wrong: boolean, fault: string): string[] => (wrong ? [fault] : []);

/** Something that is one or several, as a list. */
export const listOf = <T>(some: T | readonly T[] | undefined | null): readonly T[] =>
    some === undefined || some === null ? [] : Array.isArray(some) ? (some as readonly T[]) : [some as T];
