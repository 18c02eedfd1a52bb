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

/** The same of `alertEmails` that are not one to ten e-mail addresses, each once: AWS Budgets mails no more. */
export function refuseAlertEmails(resource: pulumi.Resource, emails: readonly string[]): void {
    if (emails.length < 1 || emails.length > 10 || new Set(emails).size < emails.length) {
        refuse(resource, "alertEmails", emails, "one to ten addresses, each once");
    }
    emails.forEach((email, index) => {
        if (!/^[^\s@]+@[^\s@]+$/.test(email)) refuse(resource, `alertEmails[${index}]`, email, "an e-mail address");
    });
}
