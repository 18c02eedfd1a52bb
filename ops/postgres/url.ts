import { exitCodes, InfraError } from "../common/errors";

/** How a connection is encrypted, in libpq's words. */
const sslModes = ["disable", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

/** Where a database is and who connects to it. */
export interface DatabaseAddress {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
    /** Empty if there is none. */
    readonly password: string;
    readonly sslMode: SslMode;
    /** Path of a PEM file with the authorities to trust; the system's own without it. */
    readonly sslRootCert?: string;
}

/** The variable that names the database when `--database-url` does not. */
export const databaseUrlVariable = "CLINICAL_AI_DATABASE_URL";

const shape = "postgresql://<user>:<password>@<host>:<port>/<database>?sslmode=<mode>";

/**
 * Reads a connection URL. Nothing is taken from elsewhere: no PG* variable, no password or service file.
 *
 * A password with a character that has a meaning in URLs splits such a URL in the wrong places, so that parts of it
 * pass for a host or a parameter: no message repeats any part, and what can come of such a split is refused.
 *
 * @throws InfraError when it is none
 */
export function parseDatabaseUrl(text: string): DatabaseAddress {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^postgres(ql)?:$/.test(url.protocol)) throw fault("is no PostgreSQL URL");
    const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded);
    const host = decoded(url.hostname).replace(/^\[|\]$/g, "");
    if (!user) throw fault("names no user");
    if (!host) throw fault("names no host; a socket's folder cannot be given");
    if (!database) throw fault("names no database");
    if (/[/@:?#]/.test(url.pathname.slice(1)) || url.hash) throw fault("has a character out of place");
    const { sslmode, sslrootcert } = parameters(url);
    const isLocal = host === "localhost" || host === "127.0.0.1" || host === "::1";
    const sslMode = sslmode ?? (isLocal ? "disable" : "verify-full");
    return { host, port: Number(url.port || 5432), database, user, password, sslMode, sslRootCert: sslrootcert };
}

/** The address in words, without the password. */
export function addressInWords({ user, host, port, database }: DatabaseAddress): string {
    return `${user}@${host}:${port}/${database}`;
}

function parameters({ searchParams }: URL): { sslmode?: SslMode; sslrootcert?: string } {
    const { sslmode, sslrootcert, ...others } = Object.fromEntries(searchParams);
    if (Object.keys(others).length > 0) throw fault("has a parameter other than sslmode and sslrootcert");
    const mode = sslModes.find((known) => known === sslmode);
    if (sslmode !== undefined && !mode) throw fault(`has an sslmode other than ${sslModes.join(", ")}`);
    return { sslmode: mode, sslrootcert };
}

function decoded(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        throw fault("has a % that is not followed by two hexadecimal digits");
    }
}

function fault(what: string): InfraError {
    return new InfraError(
        exitCodes.usage,
        `The database's URL ${what}.`,
        `Expected ${shape} in --database-url or ${databaseUrlVariable}; characters of the password other than letters ` +
            "and digits as %XX (@ is %40, / is %2F, % is %25).",
    );
}
