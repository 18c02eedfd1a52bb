import * as pulumi from "@pulumi/pulumi";

/** Throws the sentence "`<property>` is <got>, expected <expected>" as an error of the resource, without a stack trace. */
export function refuse(resource: pulumi.Resource | undefined, property: string, got: unknown, expected: string): never {
    throw new pulumi.ResourceError(`${property} is ${JSON.stringify(got)}, expected ${expected}`, resource, true);
}

/** The same where a pure function has found a fault: what is expected. */
export function refuseFault(
    resource: pulumi.Resource,
    property: string,
    got: unknown,
    expected: string | undefined,
): void {
    if (expected !== undefined) refuse(resource, property, got, expected);
}
