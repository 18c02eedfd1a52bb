import { randomBytes } from "node:crypto";

import {
    AddUserToGroupCommand,
    CreateAccessKeyCommand,
    CreateUserCommand,
    DeleteAccessKeyCommand,
    DeleteUserCommand,
    DeleteUserPolicyCommand,
    paginateListAccessKeys,
    PutUserPolicyCommand,
    RemoveUserFromGroupCommand,
    type IAMClient,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { policyDocument, type PolicyDocument } from "../../components/policy-document";
import { clientsFor, closeClients, type Clients, type Connection } from "./clients";
import { type PodEnvironment } from "../cluster/pod-environment";
import { failureInWords, isNamed, NotGiven, NotTried } from "./outcome";
import { type Keys, type VerifyTarget } from "./target";

/** An identity of which is known that its keys belong to the stack's account, or why it is not used. */
export interface Identity {
    readonly account?: string;
    /** @throws NotTried when the keys are refused: no call but the one that asks who they are has been made with them */
    clients(): Clients;
    close(): void;
}

/** Asks AWS whose the keys are, and refuses keys of another account than the stack's. */
export async function vet(
    keys: Keys | undefined,
    target: Connection & Pick<VerifyTarget, "accountId">,
): Promise<Identity> {
    if (keys === undefined) return refused("the stack publishes no keys of this service");
    const clients = clientsFor(keys, target);
    try {
        const { Account } = await clients.sts.send(new GetCallerIdentityCommand({}));
        if (Account === target.accountId) {
            return { account: Account, clients: () => clients, close: () => closeClients(clients) };
        }
        closeClients(clients);
        return refused(`keys belong to account ${Account}, not to ${target.accountId}`, Account);
    } catch (error) {
        closeClients(clients);
        return refused(failureInWords(error));
    }
}

/** The same for whoever a pod is by the keys of its environment: exactly those, in the region that it says. */
export async function vetEnvironment(resolve: () => Promise<PodEnvironment>, target: VerifyTarget): Promise<Identity> {
    try {
        const { environment } = await resolve();
        const {
            AWS_ACCESS_KEY_ID: accessKeyId,
            AWS_SECRET_ACCESS_KEY: secretAccessKey,
            AWS_REGION: region,
        } = environment;
        if (!accessKeyId || !secretAccessKey) return refused("the pods' environment has no keys");
        if (!region) return refused("the pods' environment has no region");
        const keys = { accessKeyId, secretAccessKey, sessionToken: environment.AWS_SESSION_TOKEN };
        return await vet(keys, { ...target, region });
    } catch (error) {
        return refused(failureInWords(error));
    }
}

/** An identity that is not used. */
export function refused(reason: string, account?: string): Identity {
    return {
        account,
        clients: () => {
            throw new NotTried(reason);
        },
        close: () => undefined,
    };
}

/** An identity that whoever verifies has not given. */
export function notGiven(reason: string): Identity {
    return {
        clients: () => {
            throw new NotGiven(reason);
        },
        close: () => undefined,
    };
}

/** What a user that exists for one run has: its membership in a group, or the right to assume one role. */
export type TemporaryRights = { readonly group: string } | { readonly mayAssume: string };

/**
 * Makes a user with nothing but these rights.
 *
 * @param register is given what removes the user before its first part is made, so that no part of it is ever left
 */
export async function temporaryUser(
    deployer: Identity,
    rights: TemporaryRights,
    runId: string,
    target: VerifyTarget,
    register: (remove: () => Promise<void>) => void,
): Promise<Identity> {
    const { iam } = deployer.clients();
    const UserName = `verify-${runId}-${randomBytes(2).toString("hex")}`;
    register(() => removeUser(iam, UserName, rights));
    await iam.send(new CreateUserCommand({ UserName }));
    if ("group" in rights) {
        await iam.send(new AddUserToGroupCommand({ UserName, GroupName: rights.group }));
    } else {
        const PolicyDocument = JSON.stringify(allowAssuming(rights.mayAssume));
        await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: inlinePolicy, PolicyDocument }));
    }
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const keys = { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
    // Not asked whose it is: it was made in the account just now, and AWS may not know its key for some seconds.
    const clients = clientsFor(keys, target);
    return { account: deployer.account, clients: () => clients, close: () => closeClients(clients) };
}

const inlinePolicy = "verify";

/** Reading the role is in it for one reason: once it works, the right to assume is in force as well. */
function allowAssuming(roleArn: string): PolicyDocument {
    return policyDocument({
        Sid: "AssumeRole",
        Effect: "Allow",
        Action: ["sts:AssumeRole", "iam:GetRole"],
        Resource: roleArn,
    });
}

async function removeUser(iam: IAMClient, UserName: string, rights: TemporaryRights): Promise<void> {
    const unlessGone = (error: unknown) => {
        if (!isNamed(error, "NoSuchEntity", "NoSuchEntityException")) throw error;
    };
    await (async () => {
        for await (const { AccessKeyMetadata = [] } of paginateListAccessKeys({ client: iam }, { UserName })) {
            for (const { AccessKeyId } of AccessKeyMetadata) {
                await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
            }
        }
    })().catch(unlessGone);
    if ("group" in rights) {
        await iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName: rights.group })).catch(unlessGone);
    } else {
        await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: inlinePolicy })).catch(unlessGone);
    }
    await iam.send(new DeleteUserCommand({ UserName })).catch(unlessGone);
}
