import {
    type PolicyResource,
    type ResourceValidationArgs,
    type ResourceValidationPolicy,
    type StackValidationPolicy,
} from "@pulumi/policy";

import { faultsOf } from "./judge";
import { type Resource, type Rule } from "./rule";

/** A rule as the engine asks it. Every rule is mandatory: a violation fails the preview or the update. */
export function policyOf(rule: Rule): ResourceValidationPolicy | StackValidationPolicy {
    const { id, says } = rule;
    const policy = { name: id, description: says, enforcementLevel: "mandatory" as const };
    if (rule.scope === "resource") {
        return {
            ...policy,
            validateResource: (resource, report) => {
                for (const fault of known(() => faultsOf(rule, plain(resource), []))) report(fault);
            },
        };
    }
    return {
        ...policy,
        validateStack: ({ resources }, report) => {
            const stack = resources.map(plain);
            resources.forEach(({ urn }, index) => {
                for (const fault of known(() => faultsOf(rule, stack[index], stack))) report(fault, urn);
            });
        },
    };
}

const plain = ({ type, name, props, opts }: ResourceValidationArgs | PolicyResource): Resource => ({
    type,
    name,
    props,
    protect: opts.protect,
});

/**
 * What `judge` finds, and nothing where it reads a value that only an update will know: the update asks again. By itself
 * the engine would print a line for each such rule and resource of a first preview.
 */
function known(judge: () => string[]): string[] {
    try {
        return judge();
    } catch (error) {
        // @pulumi/policy exports no type of it.
        if ((error as Error).constructor.name === "UnknownValueError") return [];
        throw error;
    }
}
