import { type CredentialSet } from "../../services/credential-sources";
import { type Connection, type Keys } from "../aws/clients";
import { variablesOf } from "./resolve";

/** As whom a command runs. */
export interface RunAs {
    readonly keys: Keys;
    readonly set: CredentialSet;
    readonly region: string;
    /** Where AWS answers; AWS itself where empty. */
    readonly aws: Pick<Connection, "endpoint" | "caBundle">;
}

/** What an AWS library takes for credentials, or for a hint to where some are: all such names begin so. */
const ofAws = /^(MLFLOW_)?AWS_/;

/**
 * The whole environment of a command that runs with exactly these credentials: nothing of the caller's AWS variables is
 * in it, and no AWS library finds a profile, a container's or an instance's credentials.
 */
export function environmentFor(
    caller: Readonly<Record<string, string | undefined>>,
    { keys, set, region, aws }: RunAs,
): Record<string, string> {
    const kept = Object.entries(caller).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && !ofAws.test(entry[0]),
    );
    return {
        ...Object.fromEntries(kept),
        // Under the service's own names too: a command that loads the service's `.env` overwrites nothing that is set.
        ...credentialVariables(set, keys),
        ...(set.prefix === awsSet.prefix ? {} : { [`${set.prefix}DEFAULT_REGION`]: region }),
        ...credentialVariables(awsSet, keys),
        AWS_DEFAULT_REGION: region,
        AWS_REGION: region,
        AWS_CONFIG_FILE: "/dev/null",
        AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
        AWS_EC2_METADATA_DISABLED: "true",
        ...(aws.endpoint === undefined ? {} : { AWS_ENDPOINT_URL: aws.endpoint }),
        // Node's SDK knows the second name only.
        ...(aws.caBundle === undefined ? {} : { AWS_CA_BUNDLE: aws.caBundle, NODE_EXTRA_CA_CERTS: aws.caBundle }),
        // No credential, and nothing is reached without it behind a proxy that looks into connections.
        ...(aws.caBundle === undefined && caller.AWS_CA_BUNDLE ? { AWS_CA_BUNDLE: caller.AWS_CA_BUNDLE } : {}),
    };
}

/** The same for a shell that is there already: what `eval` sets in it, and what of its own it must lose. */
export function exportLines(caller: Readonly<Record<string, string | undefined>>, runAs: RunAs): string {
    const set = environmentFor({ AWS_CA_BUNDLE: caller.AWS_CA_BUNDLE }, runAs);
    const lost = Object.keys(caller).filter(
        (name) => /^\w+$/.test(name) && ofAws.test(name) && !Object.hasOwn(set, name),
    );
    return [
        ...lost.map((name) => `unset ${name}`),
        ...Object.entries(set).map(([name, value]) => `export ${name}=${quotedForShell(value)}`),
        "",
    ].join("\n");
}

/** Between single quotes POSIX shells take everything as it is, but for such a quote. */
function quotedForShell(text: string): string {
    return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * What a `credential_process` prints.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export function processDocument({ accessKeyId, secretAccessKey, sessionToken }: Keys, expires?: Date): object {
    return {
        Version: 1,
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
        Expiration: expires?.toISOString(),
    };
}

const awsSet: CredentialSet = { prefix: "AWS_", label: "AWS_*" };

function credentialVariables(set: CredentialSet, keys: Keys): Record<string, string> {
    const names = variablesOf(set);
    return {
        [names.accessKeyId]: keys.accessKeyId,
        [names.secretAccessKey]: keys.secretAccessKey,
        // Set to nothing where there is none, so that nobody loads another's beside these keys.
        [names.sessionToken]: keys.sessionToken ?? "",
    };
}
