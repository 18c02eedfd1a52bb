import { exitCodes, InfraError } from "../../cli/errors";
import { type DatabaseAddress, databaseUrlVariable, parseDatabaseUrl } from "../../postgres/url";

/** The service's database. */
export function databaseAddress(databaseUrl: string | undefined, env = process.env): DatabaseAddress {
    const url = databaseUrl ?? env[databaseUrlVariable];
    if (url) return parseDatabaseUrl(url);
    throw new InfraError(
        exitCodes.usage,
        "No database is named.",
        `Set ${databaseUrlVariable} (a command line is seen by other users of this machine) or give --database-url.`,
    );
}
