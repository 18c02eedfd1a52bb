import { type Resource } from "../../policy-pack/rule";

/** Resources that a violation is made of: copies, which may be changed. */
// Properties of any type are changed.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Draft = { type: string; name: string; props: Record<string, any>; protect: boolean };

/** What breaks a rule: a change to what a stack really registers. */
export interface Violation {
    /** Id of the rule. */
    readonly rule: string;
    /** What is changed. */
    readonly what: string;
    /** Words of the fault that has to be found. */
    readonly fault: RegExp;
    /** The stack that is changed. @default "prod" */
    readonly stack?: string;
    change(stack: Draft[]): void;
}

/** A copy of what a stack registers. */
export const draft = (stack: readonly Resource[]): Draft[] => JSON.parse(JSON.stringify(stack)) as Draft[];

/** The first resource of a type, by the end of its token, whose name fits. */
export function first(stack: Draft[], type: string, name = /./): Draft {
    const found = stack.find((resource) => resource.type.endsWith(type) && name.test(resource.name));
    if (!found) throw new Error(`no ${type} ${String(name)}`);
    return found;
}

/** Takes a resource away. */
export function remove(stack: Draft[], type: string): void {
    stack.splice(stack.indexOf(first(stack, type)), 1);
}

/** A violation by a change of the properties of one resource. */
export function props(
    rule: string,
    type: string,
    what: string,
    fault: RegExp,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    change: (props: Record<string, any>) => void,
    options: { readonly stack?: string; readonly name?: RegExp } = {},
): Violation {
    return {
        rule,
        what,
        fault,
        stack: options.stack,
        change: (stack) => change(first(stack, type, options.name).props),
    };
}

/** A violation by a change of the first statement of one policy document. */
export function statement(
    rule: string,
    [type, key, name]: readonly [type: string, key: string, name?: RegExp],
    what: string,
    fault: RegExp,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    change: (statement: Record<string, any>) => void,
    stack?: string,
): Violation {
    const onProps = (of: Draft["props"]) => {
        const document = JSON.parse(of[key] as string) as { Statement: Draft["props"][] };
        change(document.Statement[0]);
        of[key] = JSON.stringify(document);
    };
    return props(rule, type, what, fault, onProps, { stack, name });
}

/** A violation by a change of the pod of the only Deployment, and of its only container. */
export function pod(
    rule: string,
    what: string,
    fault: RegExp,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    change: (pod: Record<string, any>, container: Record<string, any>) => void,
): Violation {
    return props(rule, ":Deployment", what, fault, ({ spec }) => change(spec.template.spec, podContainer(spec)));
}

const podContainer = (spec: Draft["props"]) => spec.template.spec.containers[0] as Draft["props"];

/** A violation by a change of the only container of the task definition. */
export function task(
    rule: string,
    what: string,
    fault: RegExp,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    change: (container: Record<string, any>) => void,
): Violation {
    return props(rule, ":TaskDefinition", what, fault, (of) => {
        const containers = JSON.parse(of.containerDefinitions as string) as Draft["props"][];
        change(containers[0]);
        of.containerDefinitions = JSON.stringify(containers);
    });
}
