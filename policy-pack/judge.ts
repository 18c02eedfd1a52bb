import { exceptions } from "./exceptions";
import { type Resource, type Rule } from "./rule";

/** What is wrong with a resource by a rule; nothing where the rule is about other types, or has an exception. */
export function faultsOf(rule: Rule, resource: Resource, stack: readonly Resource[]): string[] {
    if (!rule.types.includes(resource.type)) return [];
    if (exceptions.some((exception) => exception.rule === rule.id && exception.holds(resource))) return [];
    return rule.faults(resource, stack);
}
