import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { denySpending } from "./policy";

export interface SpendingDenyArgs {
    /** Name of the managed policy. IAM allows 128 letters, digits and `+=,.@_-`. */
    readonly policyName: string;
    /**
     * @default none
     */
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * The policy of a shut-off: it denies everything in Bedrock that spends. Nobody has it until a shut-off attaches it, and
 * `up` attaches or detaches nothing, so that it never undoes one. Each brake has one of its own: with one for two, whoever
 * restores takes away the other's.
 *
 * IAM deletes no policy that somebody has: let whoever can have it depend on it, and be deleted in spite of it
 * (`ScopedIdentityArgs.deniedBy`).
 */
export function spendingDeny(
    name: string,
    { policyName, tags }: SpendingDenyArgs,
    opts?: pulumi.CustomResourceOptions,
): aws.iam.Policy {
    return new aws.iam.Policy(
        name,
        {
            name: policyName,
            description: "Denies everything in Bedrock that spends; attached while the monthly budget is used up.",
            policy: pulumi.jsonStringify(denySpending()),
            tags,
        },
        opts,
    );
}
