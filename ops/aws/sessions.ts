import { AssumeRoleCommand, type Credentials, type STSClient } from "@aws-sdk/client-sts";

import { exitCodes, InfraError } from "../common/errors";
import { type Keys } from "./clients";

/** Temporary credentials, and until when they are valid. */
export interface Session {
    readonly keys: Keys;
    readonly expires: Date;
}

/** A session of a role, with less than the role's rights. */
export interface NarrowedSession {
    readonly roleArn: string;
    /** A policy document as JSON, of at most 2,048 characters: the session may what its role may and this does, too. */
    readonly policy: string;
    /** What CloudTrail shows: 2 to 64 letters, digits and `+=,.@_-`. */
    readonly name: string;
    /** 900 to 3,600: a role allows an hour where nothing else is said. */
    readonly seconds: number;
}

/** Assumes a role with a session policy. */
export async function assumeNarrowed(
    sts: STSClient,
    { roleArn: RoleArn, policy: Policy, name: RoleSessionName, seconds: DurationSeconds }: NarrowedSession,
): Promise<Session> {
    const command = new AssumeRoleCommand({ RoleArn, Policy, RoleSessionName, DurationSeconds });
    return sessionOf((await sts.send(command)).Credentials);
}

/** What STS gave, if it is complete. */
export function sessionOf(given: Credentials | undefined): Session {
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
        throw new InfraError(exitCodes.unreachable, "AWS STS gave no temporary credentials.");
    }
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    return { keys, expires: Expiration };
}
