import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { exitCodes, InfraError } from "../common/errors";
import { say } from "../common/output";
import { clientsFor, closeClients, type Connection, type Keys } from "./clients";
import { failureInWords } from "./failures";

/** Whose keys these are, as AWS says. */
export interface Caller {
    readonly keys: Keys;
    readonly arn: string;
    /** Twelve digits. */
    readonly accountId: string;
    /** `aws`, `aws-cn` or `aws-us-gov`. */
    readonly partition: string;
}

/** Asks AWS whose the keys are: the one call that any keys may make. */
export async function callerOf(keys: Keys, connection: Connection): Promise<Caller> {
    const clients = clientsFor(keys, connection);
    try {
        const { Arn = "", Account = "" } = await clients.sts.send(new GetCallerIdentityCommand({}));
        return { keys, arn: Arn, accountId: Account, partition: Arn.split(":")[1] ?? "aws" };
    } finally {
        closeClients(clients);
    }
}

/**
 * The same for somebody who is about to work on a stack: says who it is.
 *
 * @param who as people call him: `operator`
 * @param accountIds the stack's
 * @throws InfraError when the keys are another account's, or AWS does not say whose they are
 */
export async function callerOfStack(
    who: string,
    keys: Keys,
    connection: Connection,
    accountIds: readonly string[],
): Promise<Caller> {
    const caller = await callerOf(keys, connection).catch((error: unknown) => {
        throw new InfraError(
            exitCodes.unreachable,
            `AWS does not say who the ${who} is: ${failureInWords(error)}.`,
            strayToken(keys) ?? "Log in to AWS again, and see that it can be reached.",
        );
    });
    say(`${who}: ${caller.arn}`);
    if (accountIds.includes(caller.accountId)) return caller;
    throw new InfraError(
        exitCodes.failed,
        `The keys of the ${who} belong to account ${caller.accountId}, the stack to ${accountIds.join(" or ")}.`,
        "Nothing else was asked with them. Log in to the stack's account, or name a profile of it.",
    );
}

/** Of keys that are refused: AWS calls a token of other keys no more than an invalid id. Undefined where there is none. */
export function strayToken({ accessKeyId, sessionToken }: Keys): string | undefined {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
    if (!accessKeyId.startsWith("AKIA") || sessionToken === undefined) return undefined;
    return (
        `${accessKeyId} is a user's own key, which has no session token, and one stands beside it: ` +
        "remove the variable that ends in SESSION_TOKEN where the key is set."
    );
}
