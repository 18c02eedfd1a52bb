import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/**
 * Says during a preview and an update that a shut-off is in force. The update attaches and detaches nothing, and its
 * state does not know who has the policy of a shut-off: AWS is asked.
 */
export function warnOfShutOff(policies: readonly aws.iam.Policy[]): void {
    for (const policy of policies) {
        policy.arn.apply(async (arn) => {
            const { attachmentCount, name } = await aws.iam.getPolicy({ arn }, { parent: policy });
            if (attachmentCount === 0) return;
            await pulumi.log.warn(
                `A shut-off is in force: ${name} denies spending to ${attachmentCount} of the environment's principals. ` +
                    "This does not change it: `infra budget status` says since when and why, and `infra budget restore` ends it.",
                policy,
            );
        });
    }
}
