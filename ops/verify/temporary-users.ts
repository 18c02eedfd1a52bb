import { randomBytes } from "node:crypto";

import {
    AddUserToGroupCommand,
    CreateAccessKeyCommand,
    CreateUserCommand,
    DeleteAccessKeyCommand,
    DeleteUserCommand,
    DeleteUserPolicyCommand,
    type IAMClient,
    paginateListAccessKeys,
    paginateListGroupsForUser,
    paginateListUserPolicies,
    paginateListUsers,
    paginateListUserTags,
    PutUserPolicyCommand,
    RemoveUserFromGroupCommand,
} from "@aws-sdk/client-iam";

import { policyDocument, type PolicyDocument, type PolicyStatement } from "../../components/policy-document";
import { clientsFor, closeClients, type Connection } from "../aws/clients";
import { isNamed } from "../aws/failures";
import { collect } from "../aws/pages";
import { type Identity } from "./identities";
import { isOver, lifetimeSeconds, ownMark } from "./run-mark";

/** What a user that exists for one run has: its membership in a group, or the right to assume one role. */
export type TemporaryRights = { readonly group: string } | { readonly mayAssume: string };

/** Path of every such user in IAM, by which they are found. */
export const temporaryPath = "/platform-verify/";

/** Key of the tag with the run's mark. */
const markTag = "platform:run";

/**
 * Makes a user with nothing but these rights, and those for half an hour: whoever kills the run leaves no key that opens
 * anything later.
 *
 * @param register is given what removes the user before its first part is made, so that no part of it is ever left
 */
export async function temporaryUser(
    deployer: Identity,
    rights: TemporaryRights,
    runId: string,
    target: Connection,
    register: (remove: () => Promise<void>) => void,
): Promise<Identity> {
    const { iam } = deployer.clients();
    const UserName = `verify-${runId}-${randomBytes(2).toString("hex")}`;
    const until = new Date(Date.now() + lifetimeSeconds * 1000);
    register(() => removeUser(iam, UserName));
    const Tags = [{ Key: markTag, Value: ownMark(until) }];
    await iam.send(new CreateUserCommand({ UserName, Path: temporaryPath, Tags }));
    const PolicyDocument = JSON.stringify(userPolicy(rights, until));
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "verify", PolicyDocument }));
    if ("group" in rights) {
        await iam.send(new AddUserToGroupCommand({ UserName, GroupName: rights.group }));
    }
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const keys = { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
    // Not asked whose it is: it was made in the account just now, and AWS may not know its key for some seconds.
    const clients = clientsFor(keys, target);
    return { account: deployer.account, clients: () => clients, close: () => closeClients(clients) };
}

/** The policy of a temporary user, which may do nothing after `until`. */
export function userPolicy(rights: TemporaryRights, until: Date): PolicyDocument {
    // IAM takes no fractions of a second.
    const time = until.toISOString().replace(/\.\d+Z$/, "Z");
    const over: PolicyStatement = {
        Sid: "NothingAfterTheRun",
        Effect: "Deny",
        Action: "*",
        Resource: "*",
        Condition: { DateGreaterThan: { "aws:CurrentTime": time } },
    };
    if ("group" in rights) return policyDocument(over);
    return policyDocument(over, {
        Sid: "AssumeRole",
        Effect: "Allow",
        // Reading the role is in it for one reason: once it works, the right to assume is in force as well.
        Action: ["sts:AssumeRole", "iam:GetRole"],
        Resource: rights.mayAssume,
    });
}

/** A temporary user of a run that is over: it was killed, or lost its rights to remove it. */
export interface LeftUser {
    readonly name: string;
    /** From when on it can do nothing. */
    readonly until?: Date;
    /** How many access keys it has. */
    readonly keys: number;
}

/** The temporary users that runs before this one have left in the account. */
export async function leftUsers(iam: IAMClient, now: Date): Promise<LeftUser[]> {
    const left: LeftUser[] = [];
    for await (const { Users = [] } of paginateListUsers({ client: iam }, { PathPrefix: temporaryPath })) {
        for (const { UserName: name = "" } of Users) {
            // Its run may remove it meanwhile.
            const user = await leftUser(iam, name, now).catch(unlessGone);
            if (user) left.push(user);
        }
    }
    return left;
}

async function leftUser(iam: IAMClient, name: string, now: Date): Promise<LeftUser | undefined> {
    const mark = await userTag(iam, name, markTag);
    if (!isOver(mark, now)) return undefined;
    const until = new Date(mark?.split(" ")[0] ?? "");
    const { length: keys } = await keysOf(iam, name);
    return { name, keys, ...(Number.isNaN(until.getTime()) ? {} : { until }) };
}

/** For what somebody else may have removed meanwhile. */
export function unlessGone(error: unknown): undefined {
    if (!isNamed(error, "NoSuchEntity", "NoSuchEntityException")) throw error;
}

/** The value of a user's tag; undefined where it has none of that key. */
export async function userTag(iam: IAMClient, UserName: string, key: string): Promise<string | undefined> {
    const tags = await collect(paginateListUserTags({ client: iam }, { UserName }), (page) => page.Tags);
    return tags.find(({ Key }) => Key === key)?.Value;
}

/** Removes a user with all that it has; one that is gone, or half gone, is no fault. */
export async function removeUser(iam: IAMClient, UserName: string): Promise<void> {
    const client = iam;
    const parts = async () => {
        for (const { AccessKeyId } of await keysOf(iam, UserName)) {
            await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
        }
        const groups = await collect(paginateListGroupsForUser({ client }, { UserName }), (page) => page.Groups);
        for (const { GroupName } of groups) await iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName }));
        // Last, since it says until when the user can do anything.
        const policies = await collect(paginateListUserPolicies({ client }, { UserName }), (page) => page.PolicyNames);
        for (const PolicyName of policies) await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
    };
    await parts().catch(unlessGone);
    await iam.send(new DeleteUserCommand({ UserName })).catch(unlessGone);
}

const keysOf = (client: IAMClient, UserName: string) =>
    collect(paginateListAccessKeys({ client }, { UserName }), (page) => page.AccessKeyMetadata);
