import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { type ConnectionOptions } from "node:tls";

import { Client, type ClientConfig, type QueryResult, type QueryResultRow } from "pg";

import { exitCodes, InfraError, Interrupted, OutcomeUnknown } from "../common/errors";
import { databaseFailure } from "./failures";
import { addressInWords, type DatabaseAddress } from "./url";

/** Sends one statement; a value is a parameter and never part of the text. */
export type Query = <Row extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
) => Promise<QueryResult<Row>>;

/** In PostgreSQL's units: how long one statement may take, and how long it waits for a lock. */
const limits = { statement_timeout: "15s", lock_timeout: "5s" } as const;

/** A connection that Ctrl-C ends: the server then rolls back what was not committed. */
export class Database {
    readonly #client: Client;
    /** Under the client, which cannot itself give up while it connects. */
    readonly #socket = new Socket();
    #committing = false;
    /** Why the connection is gone. */
    #lost?: Error;

    private constructor(
        readonly address: DatabaseAddress,
        private readonly interrupted: AbortSignal,
    ) {
        forgetVariables(process.env);
        this.#client = new Client({ ...clientConfig(address), stream: () => this.#socket });
        // What is asked afterwards is only told that the connection is gone.
        this.#client.on("error", (error) => (this.#lost ??= error));
    }

    /**
     * Connects, works and disconnects.
     *
     * @throws InfraError for whatever the server, the network or Ctrl-C does to it
     */
    static async use<Result>(
        address: DatabaseAddress,
        interrupted: AbortSignal,
        work: (database: Database) => Promise<Result>,
    ): Promise<Result> {
        const database = new Database(address, interrupted);
        const onInterrupt = () => {
            // Once COMMIT is sent its answer is waited for, so that what is said of it is true.
            if (!database.#committing) database.#socket.destroy();
        };
        interrupted.addEventListener("abort", onInterrupt);
        try {
            await database.#client.connect().catch((error: unknown) => {
                throw database.#inWords(error);
            });
            return await work(database);
        } finally {
            interrupted.removeEventListener("abort", onInterrupt);
            await database.#client.end().catch(() => undefined);
        }
    }

    /** Reads in one snapshot and cannot write. */
    read<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
        return this.#transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work);
    }

    /** Commits what `work` did, or nothing of it when it throws. */
    change<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
        return this.#transaction("BEGIN", work);
    }

    async #transaction<Result>(begin: string, work: (query: Query) => Promise<Result>): Promise<Result> {
        const query: Query = (text, values) => this.#query(text, values);
        await query(begin);
        try {
            for (const [name, value] of Object.entries(limits)) {
                await query("SELECT set_config($1, $2, true)", [name, value]);
            }
            const result = await work(query);
            await this.#commit();
            return result;
        } catch (error) {
            await this.#rollback();
            throw error;
        }
    }

    async #query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<QueryResult<Row>> {
        if (this.interrupted.aborted) throw stopped();
        try {
            return await this.#client.query<Row>(text, [...values]);
        } catch (error) {
            throw this.#inWords(error);
        }
    }

    async #commit(): Promise<void> {
        if (this.interrupted.aborted) throw stopped();
        this.#committing = true;
        try {
            await this.#client.query("COMMIT");
        } catch (error) {
            // Where the server still answers, it has answered COMMIT too: it refused.
            if (await this.#rollback()) throw this.#inWords(error);
            throw new OutcomeUnknown(
                exitCodes.unreachable,
                "The connection was lost while the change was being committed: the change may or may not have been made.",
                "To find out, run infra buckets diff.",
            );
        } finally {
            this.#committing = false;
        }
    }

    /** Whether the server answered. Where it does not, the connection is gone and it rolls back by itself. */
    async #rollback(): Promise<boolean> {
        return this.#client.query("ROLLBACK").then(
            () => true,
            () => false,
        );
    }

    #inWords(error: unknown): InfraError {
        return this.interrupted.aborted
            ? stopped()
            : databaseFailure(this.#lost ?? error, addressInWords(this.address));
    }
}

function stopped(): Interrupted {
    return new Interrupted("Stopped: rolled back, nothing was changed.");
}

function clientConfig({ host, port, database, user, password, ...tls }: DatabaseAddress): ClientConfig {
    return {
        host,
        port,
        database,
        user,
        // A function, since for a missing password the library looks into the user's password file.
        password: () => password,
        ssl: tlsOptions(tls),
        application_name: "infra",
        connectionTimeoutMillis: 10_000,
        // For a network that swallows the answer: longer than the server's own limits.
        query_timeout: 30_000,
    };
}

/** The library falls back to libpq's variables, which may be those of another project. */
function forgetVariables(env: NodeJS.ProcessEnv): void {
    for (const name of Object.keys(env)) if (name.startsWith("PG")) delete env[name];
}

/** What the connection's certificate has to be; false for none. */
export function tlsOptions({
    sslMode,
    sslRootCert,
}: Pick<DatabaseAddress, "sslMode" | "sslRootCert">): ConnectionOptions | false {
    if (sslMode === "disable") return false;
    // As in libpq: whoever names an authority wants it checked, so that `require` is then `verify-ca`.
    const mode = sslMode === "require" && sslRootCert !== undefined ? "verify-ca" : sslMode;
    return {
        // `require` encrypts and believes any certificate, `verify-ca` does not look at its name.
        rejectUnauthorized: mode !== "require",
        ...(mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
        ...(sslRootCert === undefined ? {} : { ca: readAuthorities(sslRootCert) }),
    };
}

function readAuthorities(path: string): string {
    try {
        return readFileSync(path, "utf8");
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw new InfraError(exitCodes.usage, `The file that sslrootcert names cannot be read (${code}).`);
    }
}
