import * as pulumi from "@pulumi/pulumi";

/** Throws the sentence "`<property>` is <got>, expected <expected>" as an error of the resource, without a stack trace. */
export function refuse(resource: pulumi.Resource | undefined, property: string, got: unknown, expected: string): never {
    throw new pulumi.ResourceError(`${property} is ${JSON.stringify(got)}, expected ${expected}`, resource, true);
}
