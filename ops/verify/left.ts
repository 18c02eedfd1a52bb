import { DetachUserPolicyCommand, type IAMClient, TagUserCommand, UntagUserCommand } from "@aws-sdk/client-iam";

import { type Clients } from "./clients";
import { removeLeftObjects, type ScratchPlace } from "./scratch";
import { mapBounded } from "./pool";
import { isOver, lifetimeSeconds, ownMark } from "./run-mark";
import { type ShutOff, type VerifyTarget } from "./target";
import { leftUsers, removeUser, unlessGone, userTag } from "./temporary-users";

/** Removes what runs that were killed have left in the account; what a run that is at work has made is left alone. */
export async function removeLeft(
    { iam, s3 }: Clients,
    { trials, places }: { readonly trials: readonly ShutOff[]; readonly places: readonly ScratchPlace[] },
    removing: NonNullable<VerifyTarget["removing"]>,
): Promise<void> {
    for (const { name } of await leftUsers(iam, new Date())) {
        await removing(name, "temporary user of a run that was killed: removed", () => removeUser(iam, name));
    }
    await mapBounded(places, 8, (place) => removeLeftObjects(s3, place, new Date(), removing));
    for (const trial of trials) {
        if (!(await hasLeftTrial(iam, trial.user))) continue;
        const what = "shut-off that a run tried and was killed meanwhile: detached";
        await removing(trial.user, what, () => endTrial(iam, trial));
    }
}

/** Key of the tag that a service's user has while its shut-off is tried. */
const trialTag = "platform:shut-off-trial";

/** Before the policy is attached: whoever finds it attached then knows that it is a trial. */
export async function markTrial(iam: IAMClient, { user: UserName }: ShutOff): Promise<void> {
    const Value = ownMark(new Date(Date.now() + lifetimeSeconds * 1000));
    await iam.send(new TagUserCommand({ UserName, Tags: [{ Key: trialTag, Value }] }));
}

export async function endTrial(iam: IAMClient, { user: UserName, policyArn: PolicyArn }: ShutOff): Promise<void> {
    // A run that was killed may not have come to attach it.
    await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn })).catch(unlessGone);
    await iam.send(new UntagUserCommand({ UserName, TagKeys: [trialTag] }));
}

/** Whether a run was killed while it tried the shut-off of the service whose user this is. */
export async function hasLeftTrial(iam: IAMClient, UserName: string): Promise<boolean> {
    const mark = await userTag(iam, UserName, trialTag);
    return mark !== undefined && isOver(mark, new Date());
}
