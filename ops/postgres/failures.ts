import { DatabaseError } from "pg";

import { exitCodes, InfraError } from "../common/errors";

/** What an SQLSTATE or the code of a network error means, and what to do about it. */
const known: Readonly<Record<string, readonly [cause: string, fix: string]>> = {
    "28P01": ["the password is wrong", "Correct the user and the password in the database's URL."],
    "28000": ["the server does not let this user in from here", "Correct user, host or sslmode in the database's URL."],
    "3D000": ["there is no such database", "Correct the end of the database's URL."],
    "42P01": ["a table is missing", "Is this the service's database, and its schema in the user's search_path?"],
    "42703": ["a column is missing", "Is this the service's database, migrated to the version in use?"],
    "42501": ["a permission is missing", "Grant the user SELECT and UPDATE on that table, and USAGE on its schema."],
    "57014": ["a statement took longer than it may", "Find out what slows the database down, then run this again."],
    "55P03": ["somebody else holds a lock on a row", "Wait until that transaction has ended, then run this again."],
    "40P01": ["two transactions waited for each other", "Run this again."],
    "25006": ["the server is read-only", "Name the primary in the database's URL, not a replica."],
    "53300": ["the server has no connection left", "Close some, then run this again."],
    "57P01": ["the server is shutting down", "Wait until it is up, then run this again."],
    "57P03": ["the server is not ready", "Wait until it is up, then run this again."],
    ENOTFOUND: ["the host's name is not known", "Correct the host in the database's URL."],
    EAI_AGAIN: ["the host's name could not be looked up", "Is this machine connected to the network?"],
    ECONNREFUSED: ["nothing listens there", "Is the server up, the port correct, the port-forward running?"],
    ECONNRESET: ["the connection was cut", "Is the server up, and is it PostgreSQL that listens there?"],
    ETIMEDOUT: ["no answer", "Does a firewall or a missing VPN stand between?"],
    EHOSTUNREACH: ["no way to the host", "Does a firewall or a missing VPN stand between?"],
    ENETUNREACH: ["no way to the host's network", "Does a firewall or a missing VPN stand between?"],
    ERR_TLS_CERT_ALTNAME_INVALID: [
        "the server's certificate is for another host",
        "Use the host's name that is in the certificate.",
    ],
    CERT_HAS_EXPIRED: ["the server's certificate has expired", "Renew it."],
};

const untrusted = [
    "the server's certificate is of an authority that is not trusted",
    "Name the authority's PEM file: sslrootcert=<path> in the database's URL.",
] as const;

/** Errors without a code, by what the library says. */
const sentences: readonly [RegExp, readonly [cause: string, fix: string]][] = [
    [/does not support SSL/, ["the server speaks no TLS", "Turn it on; only in a trusted network: sslmode=disable."]],
    [/timeout expired|connection timeout|Query read timeout/, known.ETIMEDOUT],
    [/client password must be/, ["the server wants a password", "Put it into the database's URL."]],
    [/Connection terminated|establishing an SSL connection/, known.ECONNRESET],
];

/** An error of the connection or of the server, in words: what happened where, and what to do. */
export function databaseFailure(error: unknown, where: string): InfraError {
    const { code = "", message } = error as { code?: string; message: string };
    const [cause, fix] =
        known[code] ??
        (/CERT|ISSUER|SELF_SIGNED|VERIFY_LEAF/.test(code) ? untrusted : undefined) ??
        sentences.find(([sentence]) => sentence.test(message))?.[1] ??
        [];
    // PostgreSQL's message names the table or the user; that of the network repeats what is said here.
    const details = error instanceof DatabaseError ? `${message}, ${code}` : code;
    const reason = cause === undefined ? message : cause;
    return new InfraError(exitCodes.unreachable, `${where}: ${reason}${details && ` (${details})`}.`, fix);
}
