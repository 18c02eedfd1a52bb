import { DetachUserPolicyCommand, type IAMClient, TagUserCommand, UntagUserCommand } from "@aws-sdk/client-iam";

import { isOver, lifetimeSeconds, ownMark } from "./run-mark";
import { type ShutOff, type VerifyTarget } from "./target";
import { leftUsers, removeUser, unlessGone, userTag } from "./temporary-users";

type Removing = NonNullable<VerifyTarget["removing"]>;

/** Detaches shut-offs that runs tried and were killed meanwhile; what a run that is at work tries is left alone. */
export async function endLeftTrials(iam: IAMClient, trials: readonly ShutOff[], removing: Removing): Promise<void> {
    for (const trial of trials) {
        if (!(await hasLeftTrial(iam, trial.user))) continue;
        const what = "shut-off that a run tried and was killed meanwhile: detached";
        await removing(trial.user, what, () => endTrial(iam, trial));
    }
}

/** Removes temporary users of runs that were killed. */
export async function removeLeftUsers(iam: IAMClient, removing: Removing): Promise<void> {
    for (const { name } of await leftUsers(iam, new Date())) {
        await removing(name, "temporary user of a run that was killed: removed", () => removeUser(iam, name));
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
