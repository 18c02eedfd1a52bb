import { type ResourcePolicy } from "../../ops/access/world";
import { openedBucket, otherAccount } from "./places";
import { scope } from "./stacks";

/** Id of the statement by which another account lets this one at all that it has. */
export const opening = "OpenedToOthers";

/** Whether a resource is another account's. */
export function isOpened(resource: string): boolean {
    return resource.split(":")[4] === otherAccount || resource.split("/")[0] === openedBucket;
}

/**
 * Another account that opens whatever bears a name of the stack's to this account, whether or not AWS has policies for
 * such resources: so it is only by being exact that this account's own policies keep their holders out of it.
 */
export function openedResources(resources: readonly string[]): ResourcePolicy[] {
    const opened = new Set(
        resources.filter(isOpened).map((arn) => (arn.startsWith("arn:aws:s3:::") ? openedBucket : arn)),
    );
    return [...opened].map((arn) => ({
        arn,
        account: otherAccount,
        policy: {
            name: "what another account lets this one do",
            document: {
                Statement: {
                    Sid: opening,
                    Effect: "Allow",
                    Principal: { AWS: scope.accountId },
                    Action: "*",
                    Resource: [arn, `${arn}/*`],
                },
            },
        },
    }));
}
