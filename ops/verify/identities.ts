import { randomBytes } from "node:crypto";

import {
    AddUserToGroupCommand,
    CreateAccessKeyCommand,
    CreateUserCommand,
    DeleteAccessKeyCommand,
    DeleteUserCommand,
    paginateListAccessKeys,
    RemoveUserFromGroupCommand,
    type IAMClient,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { clientsFor, closeClients, type Clients } from "./clients";
import { failureInWords, isNamed, NotTried } from "./outcome";
import { type Keys, type VerifyTarget } from "./target";

/** An identity of which is known that its keys belong to the stack's account, or why it is not used. */
export interface Identity {
    readonly account?: string;
    /** @throws NotTried when the keys are refused: no call but the one that asks who they are has been made with them */
    clients(): Clients;
    close(): void;
}

/** Asks AWS whose the keys are, and refuses keys of another account than the stack's. */
export async function vet(keys: Keys | undefined, target: VerifyTarget): Promise<Identity> {
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

/** A user that exists for one run. */
export interface TemporaryUser {
    readonly identity: Identity;
    remove(): Promise<void>;
}

/** Makes a user with nothing but its membership in a group. What was made is removed again when a step fails. */
export async function temporaryMember(
    deployer: Identity,
    group: string,
    runId: string,
    target: VerifyTarget,
): Promise<TemporaryUser> {
    const { iam } = deployer.clients();
    const user = `verify-${runId}-${randomBytes(2).toString("hex")}`;
    const remove = () => removeUser(iam, user, group);
    try {
        await iam.send(new CreateUserCommand({ UserName: user }));
        await iam.send(new AddUserToGroupCommand({ UserName: user, GroupName: group }));
        const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: user }));
        const keys = { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
        // Not asked whose it is: it was made in the account just now, and AWS may not know its key for some seconds.
        const clients = clientsFor(keys, target);
        const identity = { account: deployer.account, clients: () => clients, close: () => closeClients(clients) };
        return { identity, remove };
    } catch (error) {
        await remove();
        throw error;
    }
}

async function removeUser(iam: IAMClient, UserName: string, GroupName: string): Promise<void> {
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
    await iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName })).catch(unlessGone);
    await iam.send(new DeleteUserCommand({ UserName })).catch(unlessGone);
}
