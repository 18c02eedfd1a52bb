import { fromIni } from "@aws-sdk/credential-provider-ini";
import { defaultProvider } from "@aws-sdk/credential-provider-node";

import { printable, say } from "../common/output";
import { type Keys, requestHandler } from "./clients";

/**
 * The credentials of whoever calls, or of a profile of theirs.
 *
 * @throws whatever the SDK throws where there are none
 */
export async function callersCredentials(profile: string | undefined): Promise<Keys> {
    return (profile === undefined && keysInEnvironment(process.env)) || (await credentialsOf(profile)());
}

/** Whether somebody was told which of two credentials is used: once is enough. */
let isTold = false;

/** Keys in the environment come before AWS_PROFILE, as for the engine and AWS's CLI; Node's SDK has it the other way. */
function keysInEnvironment({
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_PROFILE: profile,
}: Readonly<Record<string, string | undefined>>): Keys | undefined {
    if (!accessKeyId || !secretAccessKey) return undefined;
    if (profile && !isTold) {
        isTold = true;
        say(
            `The environment sets both keys (AWS_ACCESS_KEY_ID is ${printable(accessKeyId)}) and ` +
                `AWS_PROFILE=${printable(profile)}. The keys are used, as the engine uses them. Unset one of them.`,
        );
    }
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** The SDK's chain would go on from a profile that does not exist to a container's or an instance's credentials. */
function credentialsOf(named: string | undefined) {
    const profile = named ?? (process.env.AWS_PROFILE || undefined);
    // For the calls that some profiles make: of STS for a role, of SSO for a login.
    const clientConfig = { requestHandler: requestHandler() };
    return profile === undefined ? defaultProvider({ clientConfig }) : fromIni({ profile, clientConfig });
}
