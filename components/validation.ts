import { inspect } from "node:util";

import * as pulumi from "@pulumi/pulumi";

/** Throws the sentence "`<property>` is <got>, expected <expected>" as an error of the resource, without a stack trace. */
export function refuse(resource: pulumi.Resource | undefined, property: string, got: unknown, expected: string): never {
    const sentence = `${property} is ${JSON.stringify(got)}, expected ${expected}`;
    throw briefly(new pulumi.ResourceError(sentence, resource, true));
}

/**
 * Makes an error print as its message alone. Pulumi inspects an error that ends the program, and a rejected promise
 * refers to the whole state of its runtime: without this, ten seconds pass and a gigabyte is used before the message.
 */
export function briefly<E extends Error>(error: E): E {
    return Object.defineProperty(error, inspect.custom, { value: () => error.message });
}
