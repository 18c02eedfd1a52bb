import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { InfraError } from "../../ops/common/errors";
import { Database, type Query } from "../../ops/postgres/client";
import { parseDatabaseUrl } from "../../ops/postgres/url";
import { TestPostgres } from "../support/postgres";
import { freePort, until } from "../support/test-cloud";

const password = "s3cr%t/p@ss?word";
const encoded = encodeURIComponent(password);

describe("a connection of the operator's tool", function () {
    this.timeout(120_000);
    let postgres: TestPostgres;
    const variables = { ...process.env };

    before(async () => {
        postgres = await TestPostgres.start();
        await postgres.as("postgres", (client) =>
            client.query(`CREATE ROLE operator LOGIN PASSWORD '${password}'; CREATE TABLE secret (number int)`),
        );
    });
    after(() => postgres?.stop());
    afterEach(() => {
        for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
        Object.assign(process.env, variables);
    });

    const url = ({ host = "localhost", database = "postgres", parameters = "", word = encoded } = {}) =>
        `postgresql://operator:${word}@${host}:${postgres.port}/${database}${parameters}`;

    const read = <Result>(address: string, work: (query: Query) => Promise<Result>, signal?: AbortSignal) =>
        Database.use(parseDatabaseUrl(address), signal ?? new AbortController().signal, (database) =>
            database.read(work),
        );

    const whoAmI = (address: string) =>
        read(address, async (query) => {
            const { rows } = await query<{ user: string; ssl: boolean; path: string }>(
                "SELECT current_user AS user, ssl, current_setting('search_path') AS path " +
                    "FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            );
            return rows[0];
        });

    /** That it fails with exit code 3, cause and fix, and without the password. */
    async function fails(working: Promise<unknown>, reason: RegExp, fix: RegExp) {
        const error = await working.then(
            () => assert.fail("it worked"),
            (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof InfraError, String(error));
        assert.equal(error.exitCode, 3);
        assert.match(error.reason, reason);
        assert.match(error.fix ?? "", fix);
        for (const word of [password, encoded]) assert.ok(!error.message.includes(word));
    }

    it("takes nothing from variables that may be another project's", async () => {
        Object.assign(process.env, {
            PGHOST: "192.0.2.1",
            PGUSER: "somebody",
            PGPASSWORD: "else's",
            PGSSLMODE: "verify-full",
            PGOPTIONS: "-c search_path=elsewhere",
        });
        assert.deepEqual(await whoAmI(url()), { user: "operator", ssl: false, path: '"$user", public' });
    });

    it("takes no password from a password file", async () => {
        const home = mkdtempSync(join(tmpdir(), "platform-home-"));
        try {
            writeFileSync(join(home, ".pgpass"), "*:*:*:*:" + password.replace(/:/g, "\\:") + "\n", { mode: 0o600 });
            Object.assign(process.env, { HOME: home, PGPASSFILE: join(home, ".pgpass") });
            await fails(whoAmI(url({ word: "" })), /the server wants a password/, /database's URL/);
        } finally {
            rmSync(home, { recursive: true });
        }
    });

    it("limits how long a statement takes and waits for a lock", async () => {
        const limits = await read(url(), async (query) => {
            const { rows } = await query<{ name: string; setting: string }>(
                "SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout') ORDER BY 1",
            );
            return rows.map(({ setting }) => Number(setting));
        });
        assert.deepEqual(limits, [5_000, 15_000]);
    });

    it("cannot write while it reads", () =>
        fails(
            read(url(), (query) => query("CREATE TEMPORARY SEQUENCE s; SELECT nextval('s')")),
            /the server is read-only \(.*25006\)/,
            /primary/,
        ));

    describe("encrypts", () => {
        const verified = () => `&sslrootcert=${postgres.certificate}`;

        it("with verify-full, when authority and host are the certificate's", async () => {
            const parameters = `?sslmode=verify-full${verified()}`;
            assert.equal((await whoAmI(url({ parameters }))).ssl, true);
            await fails(
                whoAmI(url({ parameters: "?sslmode=verify-full" })),
                /authority that is not trusted/,
                /sslrootcert=<path>/,
            );
            await fails(whoAmI(url({ host: "127.0.0.1", parameters })), /certificate is for another host/, /name/);
        });

        it("with verify-ca, whatever host the certificate is for", async () => {
            const host = "127.0.0.1";
            assert.equal((await whoAmI(url({ host, parameters: `?sslmode=verify-ca${verified()}` }))).ssl, true);
            await fails(whoAmI(url({ host, parameters: "?sslmode=verify-ca" })), /not trusted/, /sslrootcert/);
        });

        it("with require, whatever the certificate", async () => {
            assert.equal((await whoAmI(url({ host: "127.0.0.1", parameters: "?sslmode=require" }))).ssl, true);
        });

        it("and says so where the server does not", async () => {
            const turn = async (value: string) => {
                await postgres.as("postgres", async (client) => {
                    await client.query(`ALTER SYSTEM SET ssl = ${value}`);
                    await client.query("SELECT pg_reload_conf()");
                });
                await until(`ssl = ${value}`, () =>
                    postgres.as("postgres", async (client) => {
                        const { rows } = await client.query<{ ssl: string }>("SHOW ssl");
                        return rows[0].ssl === value;
                    }),
                );
            };
            await turn("off");
            try {
                await fails(whoAmI(url({ parameters: "?sslmode=require" })), /server speaks no TLS/, /sslmode=disable/);
            } finally {
                await turn("on");
            }
        });
    });

    describe("says what is wrong and what to do when", () => {
        it("nothing listens there", async () =>
            fails(
                whoAmI(`postgresql://operator:${encoded}@127.0.0.1:${await freePort()}/postgres`),
                /^operator@127\.0\.0\.1:\d+\/postgres: nothing listens there \(ECONNREFUSED\)\.$/,
                /port-forward/,
            ));

        it("the host has no address", () =>
            fails(whoAmI("postgresql://u:p@no-such-host.invalid/db?sslmode=disable"), /host's name/, /./));

        it("there is no such database", () =>
            fails(whoAmI(url({ database: "nowhere" })), /no such database/, /end of the database's URL/));

        it("a permission is missing", () =>
            fails(
                read(url(), (query) => query("SELECT * FROM secret")),
                /a permission is missing \(permission denied for table secret, 42501\)/,
                /Grant/,
            ));

        it("a statement takes too long", () =>
            fails(
                read(url(), async (query) => {
                    await query("SET LOCAL statement_timeout = 10");
                    await query("SELECT pg_sleep(5)");
                }),
                /longer than it may/,
                /slows/,
            ));

        it("the connection is cut", () =>
            fails(
                read(url(), async (query) => {
                    const { rows } = await query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
                    await postgres.as("postgres", (client) =>
                        client.query("SELECT pg_terminate_backend($1)", [rows[0].pid]),
                    );
                    await query("SELECT 1");
                }),
                /shutting down|connection was cut/,
                /server up|until it is up/,
            ));
    });

    it("says that nobody knows when it is cut while it commits", async () => {
        await postgres.as("postgres", (client) =>
            client.query(
                "CREATE TABLE slow (number int); GRANT ALL ON slow TO operator; " +
                    "CREATE FUNCTION cut() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS " +
                    "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; " +
                    "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED " +
                    "FOR EACH ROW EXECUTE FUNCTION cut()",
            ),
        );
        const changing = Database.use(parseDatabaseUrl(url()), new AbortController().signal, (database) =>
            database.change((query) => query("INSERT INTO slow VALUES (1)")),
        );
        await fails(changing, /may or may not have been made/, /infra buckets diff/);
    });

    it("ends by Ctrl-C while a server does not answer", async () => {
        const silent = createServer();
        await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
        try {
            const { port } = silent.address() as AddressInfo;
            const stop = new AbortController();
            silent.once("connection", () => stop.abort());
            await assert.rejects(
                read(`postgresql://u:p@127.0.0.1:${port}/db`, (query) => query("SELECT 1"), stop.signal),
                /Stopped: rolled back, nothing was changed/,
            );
        } finally {
            silent.close();
        }
    });
});
