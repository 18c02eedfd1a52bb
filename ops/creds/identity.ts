import { GetCallerIdentityCommand, GetSessionTokenCommand } from "@aws-sdk/client-sts";

import { strayToken } from "../aws/caller";
import { type Clients, type Keys } from "../aws/clients";
import { failureInWords, isNamed, isRefusal } from "../aws/failures";
import { assumeNarrowed, type NarrowedSession, type Session, sessionOf } from "../aws/sessions";
import { exitCodes, InfraError } from "../common/errors";

/** Whose keys these are, as AWS says. */
export interface CallerIdentity {
    readonly account: string;
    readonly arn: string;
}

/** Whose they must be. */
export interface ExpectedIdentity {
    readonly accountIds: readonly string[];
    /** Name of the IAM user; undefined where any of the account will do. */
    readonly user?: string;
    /** What to do where they are not. */
    readonly fix: string;
}

/**
 * Asks AWS whose the keys are, before anything else is asked with them.
 *
 * @throws InfraError when AWS does not take them, or when they are another account's or another user's
 */
export async function vouchedIdentity(
    { sts }: Pick<Clients, "sts">,
    keys: Keys,
    expected: ExpectedIdentity,
): Promise<CallerIdentity> {
    const { accessKeyId } = keys;
    const { Account: account = "", Arn: arn = "" } = await sts
        .send(new GetCallerIdentityCommand({}))
        .catch((error: unknown) => refused(error, strayToken(keys)));
    const identity = { account, arn };
    const fault = identityFault(identity, expected);
    if (fault === undefined) return identity;
    throw new InfraError(exitCodes.failed, `Keys ${accessKeyId} ${fault}. They are not used.`, expected.fix);
}

/** What is wrong with whose keys these are; undefined where nothing is. */
export function identityFault(
    { account, arn }: CallerIdentity,
    { accountIds, user }: Omit<ExpectedIdentity, "fix">,
): string | undefined {
    if (!accountIds.includes(account)) {
        return `belong to account ${account || "(none)"}, and the stack's is ${accountIds.join(" or ")}`;
    }
    const resource = arn.split(":").slice(5).join(":");
    if (user !== undefined && resource !== `user/${user}`) {
        return `belong to ${resource || "nobody"}, and the service's are those of user/${user}`;
    }
    return undefined;
}

/** Temporary credentials with the rights of the user whose keys these are. */
export async function startSession({ sts }: Pick<Clients, "sts">, seconds: number): Promise<Session> {
    const { Credentials: given } = await sts
        .send(new GetSessionTokenCommand({ DurationSeconds: seconds }))
        .catch((error: unknown) => refused(error));
    return sessionOf(given);
}

/** Temporary credentials with a part of the rights of a role that trusts the user whose keys these are. */
export async function startNarrowedSession({ sts }: Pick<Clients, "sts">, session: NarrowedSession): Promise<Session> {
    return assumeNarrowed(sts, session).catch((error: unknown) => {
        if (!isNamed(error, "AccessDenied")) return refused(error);
        throw new InfraError(
            exitCodes.failed,
            `AWS does not let these keys assume ${session.roleArn}.`,
            "The role is missing, or does not trust their user: deploy the stack.",
        );
    });
}

/** An answer of AWS that refuses the keys is a failed check; no answer is none. */
function refused(error: unknown, cause?: string): never {
    if (isRefusal(error)) {
        throw new InfraError(
            exitCodes.failed,
            `AWS does not take these keys: ${(error as Error).name}.`,
            cause ?? "They may be deleted, inactive or expired, or the secret is not that of the id.",
        );
    }
    throw new InfraError(exitCodes.unreachable, `AWS STS ${failureInWords(error)}.`);
}
