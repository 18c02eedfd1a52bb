import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";
import { type Client } from "pg";

import { InfraCheckout } from "../support/infra";
import { TestPostgres } from "../support/postgres";
import { until } from "../support/test-cloud";

const operator = { user: "infra_operator", password: "s3cr%t/p@ss?word" } as const;
const passwords = [operator.password, encodeURIComponent(operator.password)];
const hostile = "x'; DROP TABLE cai_connectors; --";

const config = (database?: object) => ({
    "aws:region": "us-east-1",
    "aws:allowedAccountIds": ["111111111111"],
    "platform:environment": "dev",
    "platform:services": ["clinical-ai"],
    "platform:clinical-ai": { ...(database ? { database } : {}) },
});

const stacks = {
    dev: config({
        sources: { "hospital-a": "source", "hospital-b": "source" },
        destinations: { warehouse: "destination" },
        connectors: { "7": "source" },
    }),
    missing: config({ sources: { "hospital-a": "source", nobody: "source" }, connectors: { "99": "source" } }),
    shapes: config({ sources: { list: "source", text: "source", twice: "source", "hospital-a": "source" } }),
    bare: config(),
};

/** What the variables of somebody else's project would do to the connection. */
const foreign = {
    PGHOST: "192.0.2.1",
    PGUSER: "somebody",
    PGPASSWORD: "else's",
    PGDATABASE: "elsewhere",
    PGSSLMODE: "verify-full",
    PGOPTIONS: "-c search_path=elsewhere",
    PGSERVICE: "other",
};

interface Row {
    readonly name: string;
    readonly found: unknown;
    readonly state: string;
}

describe("infra buckets (B7)", function () {
    this.timeout(120_000);
    let postgres: TestPostgres;
    let checkout: InfraCheckout;
    let gaveUp: Promise<Awaited<ReturnType<typeof buckets>> & { untouched: object }>;

    before(async () => {
        checkout = new InfraCheckout(stacks);
        postgres = await TestPostgres.start();
        await postgres.as("postgres", async (client) => {
            await client.query(`CREATE ROLE ${operator.user} LOGIN PASSWORD '${operator.password}'`);
            for (const type of ["json", "jsonb", "text", "locked", "empty"]) {
                await client.query(`CREATE DATABASE is_${type}`);
            }
        });
        for (const type of ["json", "jsonb", "text"]) {
            await postgres.as(`is_${type}`, (client) => createTables(client, type));
        }
        await postgres.as("is_locked", (client) => createTables(client, "jsonb"));
        await reset("is_locked");
        // Takes five seconds, while the other tests run.
        gaveUp = postgres.as("is_locked", async (client) => {
            const untouched = await contents("is_locked");
            await client.query("BEGIN; SELECT FROM cai_connectors WHERE id = 7 FOR UPDATE");
            return { ...(await buckets(["set", "--yes"], { database: "is_locked" })), untouched };
        });
    });
    after(async () => {
        await postgres?.stop();
        checkout?.remove();
    });

    const url = (database: string, parameters = "") =>
        `postgresql://${operator.user}:${passwords[1]}@localhost:${postgres.port}/${database}${parameters}`;

    /** Runs `infra buckets <args> --stack <stack>` as a user would; whatever it says, it never says the password. */
    async function buckets(
        args: readonly string[],
        { stack = "dev", database = "is_jsonb", address = url(database), env = {} as NodeJS.ProcessEnv } = {},
    ) {
        const variables = { ...foreign, CLINICAL_AI_DATABASE_URL: address, ...env };
        const result = await checkout.start(["buckets", ...args, "--stack", stack], variables);
        for (const password of passwords) {
            assert.ok(!`${result.stdout}${result.stderr}`.includes(password), "the password is in the output");
        }
        assert.doesNotMatch(result.stderr, /\n {4}at /, "a stack trace");
        return { ...result, json: result.stdout.startsWith("{") ? (JSON.parse(result.stdout) as never) : undefined };
    }

    /** Every value of a database, as text. */
    const contents = (database: string) =>
        postgres.as(database, async (client) => {
            const { rows } = await client.query<{ name: string; value: string }>(
                "SELECT name, config::text AS value FROM cai_defined_sources UNION ALL " +
                    "SELECT name, config::text FROM cai_defined_destinations UNION ALL " +
                    "SELECT id::text, source_config_override::text FROM cai_connectors",
            );
            return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
        });

    const reset = (database: string) => postgres.as(database, fill);

    for (const database of ["is_json", "is_jsonb"]) {
        describe(`in columns of type ${database.slice(3)}`, () => {
            // What does not depend on the type is tried with one.
            const itOnce = database === "is_jsonb" ? it : () => undefined;
            before(() => reset(database));

            it("show says what each declared row has and whose bucket that is, and exits with 0", async () => {
                const { exitCode, json, stdout } = await buckets(["show", "--json"], { database });
                assert.equal(exitCode, 0);
                assert.deepEqual(json, {
                    stack: "dev",
                    buckets: { source: "clinical-ai-source-dev", destination: "clinical-ai-destination-dev" },
                    rows: [
                        row("source", "hospital-a", "clinical-ai-source-dev", "old-bucket", "differs", null),
                        row("source", "hospital-b", "clinical-ai-source-dev", null, "differs", null),
                        row(
                            "destination",
                            "warehouse",
                            "clinical-ai-destination-dev",
                            "clinical-ai-source-dev",
                            "differs",
                            "source",
                        ),
                        row("connector", "7", "clinical-ai-source-dev", null, "differs", null),
                    ],
                    differing: 4,
                });
                assert.equal(stdout.split("\n").length, 1);
            });

            itOnce("diff exits with 1 while a row differs, and shows people a table", async () => {
                const { exitCode, stderr, stdout } = await buckets(["diff"], { database });
                assert.equal(exitCode, 1);
                assert.match(stderr, /differs +│ source hospital-a +│ old-bucket +│ – +│ clinical-ai-source-dev/);
                assert.match(stderr, /4 rows, 4 not as declared/);
                assert.equal(stdout, "");
            });

            itOnce("a dry run says what would change and changes nothing", async () => {
                const untouched = await contents(database);
                const recorded = checkout.audit(database).entries.length;
                const { exitCode, stderr, json } = await buckets(["set", "--dry-run", "--json"], { database });
                assert.equal(exitCode, 0);
                assert.match(stderr, /Would change:\n {2}source hospital-a: old-bucket → clinical-ai-source-dev\n/);
                assert.equal((json as unknown as { changes: object[] }).changes.length, 4);
                assert.deepEqual(await contents(database), untouched);
                assert.equal(checkout.audit(database).entries.length, recorded);
            });

            it("set changes the key `bucket` and nothing else, and says what before it does", async () => {
                const untouched = await contents(database);
                const { exitCode, stderr, json } = await buckets(["set", "--yes", "--json"], { database });
                assert.equal(exitCode, 0, stderr);
                assert.match(stderr, /Changes:[^]*connector 7: \(none\) → clinical-ai-source-dev\nDone\./);
                assert.deepEqual(json, {
                    stack: "dev",
                    buckets: { source: "clinical-ai-source-dev", destination: "clinical-ai-destination-dev" },
                    dryRun: false,
                    changes: [
                        { kind: "source", name: "hospital-a", from: "old-bucket", to: "clinical-ai-source-dev" },
                        { kind: "source", name: "hospital-b", from: null, to: "clinical-ai-source-dev" },
                        {
                            kind: "destination",
                            name: "warehouse",
                            from: "clinical-ai-source-dev",
                            to: "clinical-ai-destination-dev",
                        },
                        { kind: "connector", name: "7", from: null, to: "clinical-ai-source-dev" },
                    ],
                });
                const text = await contents(database);
                const source = '"clinical-ai-source-dev"';
                const exact =
                    database === "is_json"
                        ? // Texts of values as they were, a number that no double holds and a key given twice too.
                          `{ "z" : 12345678901234567890.10, "a" : {"bucket":  "inner"}, "a" : 1e2, "bucket" : ${source} }`
                        : `{"a": 100, "z": 12345678901234567890.10, "bucket": ${source}}`;
                assert.deepEqual(text, {
                    ...untouched,
                    "hospital-a": exact,
                    "hospital-b": object(source),
                    warehouse: object('"clinical-ai-destination-dev"'),
                    "7": object(source),
                });
                function object(bucket: string) {
                    return database === "is_json" ? `{ "bucket" : ${bucket} }` : `{"bucket": ${bucket}}`;
                }
            });

            it("a second set has nothing to change, and diff holds", async () => {
                const untouched = await contents(database);
                const recorded = checkout.audit(database).entries.length;
                const [again, difference] = await Promise.all([
                    buckets(["set", "--yes"], { database }),
                    buckets(["diff"], { database }),
                ]);
                assert.equal(again.exitCode, 0);
                assert.match(again.stderr, /Nothing to change: 4 rows as wanted/);
                assert.equal(difference.exitCode, 0);
                assert.match(difference.stderr, /4 rows, none not as declared/);
                assert.deepEqual(await contents(database), untouched);
                assert.equal(checkout.audit(database).entries.length, recorded);
            });

            it("the change is recorded with who, when and what, for its owner only", () => {
                const { mode, entries } = checkout.audit(database);
                assert.equal(mode, "600");
                const [entry] = entries;
                assert.deepEqual(Object.keys(entry), [
                    "time",
                    "by",
                    "command",
                    "stack",
                    "outcome",
                    "target",
                    "changes",
                ]);
                assert.match(String(entry.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
                assert.equal(entry.outcome, "done");
                assert.equal(entry.target, `infra_operator@localhost:${postgres.port}/${database}`);
                assert.equal((entry.changes as object[]).length, 4);
                assert.ok(passwords.every((password) => !JSON.stringify(entries).includes(password)));
            });
        });
    }

    describe("refuses, changes nothing and records nothing:", () => {
        const refusals: Record<string, { args: string[]; stack?: string; exitCode: number; says: RegExp }> = {
            "rows that do not exist, all in one message": {
                args: ["--yes"],
                stack: "missing",
                exitCode: 1,
                says: /Nothing was changed:\n {2}- source "nobody" does not exist\n {2}- connector "99" does not exist/,
            },
            "JSON that is no object and names of several rows, by name": {
                args: ["--yes"],
                stack: "shapes",
                exitCode: 1,
                says: /"list" holds JSON that is not.*\n.*"text" holds JSON that is not.*\n.*"twice" names several rows/,
            },
            "a bucket of another stack": {
                args: ["--yes", "--source", "hospital-a=clinical-ai-source", "--connector", "7=other"],
                exitCode: 2,
                says: /"clinical-ai-source" is another's\n.*"other" is another's\n.*-source-dev and clinical-ai-destination-dev/,
            },
            "a change without a terminal and without --yes": {
                args: [],
                exitCode: 2,
                says: /no terminal for a confirmation/,
            },
            "settings that name no row": {
                args: ["--yes"],
                stack: "bare",
                exitCode: 2,
                says: /name no row of the database/,
            },
            "a stack that there is not, naming those there are": {
                args: ["--yes"],
                stack: "prod",
                exitCode: 2,
                says: /no stack "prod".*\n.*bare, dev, missing, shapes/,
            },
        };
        let untouched: object;
        let recorded: number;
        const results: Record<string, Awaited<ReturnType<typeof buckets>>> = {};

        before(async () => {
            await reset("is_jsonb");
            untouched = await contents("is_jsonb");
            recorded = checkout.audit("is_jsonb").entries.length;
            const run = async ([name, { args, stack }]: (typeof entries)[number]) => {
                results[name] = await buckets(["set", ...args], { stack });
            };
            const entries = Object.entries(refusals);
            await Promise.all(entries.map(run));
        });
        after(async () => {
            assert.deepEqual(await contents("is_jsonb"), untouched);
            assert.equal(checkout.audit("is_jsonb").entries.length, recorded);
        });

        for (const [name, { exitCode, says }] of Object.entries(refusals)) {
            it(name, () => {
                assert.match(results[name].stderr, says);
                assert.equal(results[name].exitCode, exitCode);
            });
        }
    });

    describe("writes", () => {
        beforeEach(() => reset("is_jsonb"));

        it("single rows: a name with an = and one that is SQL are just names", async () => {
            const untouched = await contents("is_jsonb");
            const rows = [
                ...["--source", `${hostile}=clinical-ai-destination-dev`],
                ...["--source", "a=b=clinical-ai-source-dev"],
                ...["--connector", "8=clinical-ai-source-dev"],
            ];
            const { exitCode, stderr } = await buckets(["set", "--yes", ...rows]);
            assert.equal(exitCode, 0, stderr);
            assert.deepEqual(await contents("is_jsonb"), {
                ...untouched,
                [hostile]: '{"bucket": "clinical-ai-destination-dev"}',
                "a=b": '{"bucket": "clinical-ai-source-dev"}',
                // JSON's null, as a mapper writes it for none.
                "8": '{"bucket": "clinical-ai-source-dev"}',
            });
        });

        it("all or nothing: a failure in the middle rolls back, and is recorded", async () => {
            await postgres.as("is_jsonb", (client) =>
                client.query(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$; " +
                        "CREATE TRIGGER refuse BEFORE UPDATE ON cai_connectors EXECUTE FUNCTION refuse()",
                ),
            );
            const untouched = await contents("is_jsonb");
            const { exitCode, stderr } = await buckets(["set", "--yes"]);
            assert.equal(exitCode, 3);
            assert.match(stderr, /not today/);
            assert.deepEqual(await contents("is_jsonb"), untouched);
            const last = checkout.audit("is_jsonb").entries.at(-1)!;
            assert.equal(last.outcome, "failed");
            assert.match(String(last.reason), /not today/);
        });

        it("all or nothing: a failure at COMMIT too", async () => {
            await postgres.as("is_jsonb", (client) =>
                client.query(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'too late'; END $$; " +
                        "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON cai_connectors DEFERRABLE INITIALLY DEFERRED " +
                        "FOR EACH ROW EXECUTE FUNCTION refuse()",
                ),
            );
            const untouched = await contents("is_jsonb");
            const { exitCode, stderr } = await buckets(["set", "--yes"]);
            assert.equal(exitCode, 3);
            assert.match(stderr, /too late/);
            assert.deepEqual(await contents("is_jsonb"), untouched);
            assert.equal(checkout.audit("is_jsonb").entries.at(-1)!.outcome, "failed");
        });
    });

    describe("beside somebody else who writes", () => {
        beforeEach(() => reset("is_jsonb"));

        const waits = (client: Client) =>
            until("the tool to wait for the lock", async () => {
                const { rowCount } = await client.query(
                    "SELECT FROM pg_stat_activity WHERE application_name = 'infra' AND wait_event_type = 'Lock' " +
                        "AND datname = current_database()",
                );
                return rowCount === 1;
            });

        /** Starts a set while another transaction, which has run `statement`, is open. */
        const beside = (
            statement: string,
            then: (client: Client, running: ReturnType<InfraCheckout["start"]>) => Promise<void>,
        ) =>
            postgres.as("is_jsonb", async (client) => {
                await client.query("BEGIN");
                await client.query(statement);
                const env = { ...foreign, CLINICAL_AI_DATABASE_URL: url("is_jsonb") };
                const running = checkout.start(["buckets", "set", "--yes", "--stack", "dev"], env);
                await postgres.as("is_jsonb", waits);
                await then(client, running);
                return running;
            });

        it("waits for the row and keeps what the other wrote into it", async () => {
            const { exitCode, stderr } = await beside(
                `UPDATE cai_defined_sources SET config = config || '{"theirs": 1}' WHERE name = 'hospital-a'`,
                async (client) => void (await client.query("COMMIT")),
            );
            assert.equal(exitCode, 0, stderr);
            assert.deepEqual(JSON.parse((await contents("is_jsonb"))["hospital-a"]).theirs, 1);
            assert.match((await contents("is_jsonb"))["hospital-a"], /"bucket": "clinical-ai-source-dev"/);
        });

        it("changes nothing when the other has changed the bucket that was shown", async () => {
            const { exitCode, stderr } = await beside(
                `UPDATE cai_defined_sources SET config = '{"bucket": "theirs"}' WHERE name = 'hospital-a'`,
                async (client) => void (await client.query("COMMIT")),
            );
            assert.equal(exitCode, 1, stderr);
            assert.match(stderr, /somebody else changed these rows/);
            const { "hospital-a": theirs, warehouse } = await contents("is_jsonb");
            assert.deepEqual([theirs, warehouse], ['{"bucket": "theirs"}', '{"bucket": "clinical-ai-source-dev"}']);
        });

        it("Ctrl-C rolls back and says so", async () => {
            const untouched = await contents("is_jsonb");
            const { exitCode, stderr } = await beside(
                "SELECT FROM cai_connectors WHERE id = 7 FOR UPDATE",
                async (client, running) => {
                    running.kill("SIGINT");
                    await running;
                    await client.query("ROLLBACK");
                },
            );
            assert.equal(exitCode, 130, stderr);
            assert.match(stderr, /Stopped: rolled back, nothing was changed\./);
            assert.deepEqual(await contents("is_jsonb"), untouched);
            assert.equal(checkout.audit("is_jsonb").entries.at(-1)!.outcome, "interrupted");
        });

        it("gives up after five seconds, names the cause and changes nothing", async () => {
            const { exitCode, stderr, untouched } = await gaveUp;
            assert.equal(exitCode, 3);
            assert.match(stderr, /somebody else holds a lock on a row .*55P03.*\nWait until/);
            assert.deepEqual(await contents("is_locked"), untouched);
        });
    });

    it("names cause and fix, for people and as JSON, and exits with 3, when the database is not fit", async () => {
        const unusable = async (address: string, message: RegExp) => {
            const { exitCode, stderr, json } = await buckets(["show", "--json"], { address });
            assert.equal(exitCode, 3, stderr);
            assert.match(stderr, message);
            const { error } = json as unknown as { error: { exitCode: number; reason: string; fix: string } };
            assert.deepEqual([error.exitCode, `${error.reason}\n${error.fix}`], [3, stderr]);
        };
        await Promise.all([
            unusable(url("is_jsonb").replace("s3cr", "other"), /password is wrong/),
            unusable(url("is_empty"), /not as expected: no cai_defined_sources/),
            unusable(url("is_text"), /cai_defined_sources.config is of type text/),
        ]);
    });

    it("npx finds the tool in any folder of the checkout, without the network", async () => {
        const cache = mkdtempSync(join(tmpdir(), "platform-npm-"));
        const env = { npm_config_cache: cache, npm_config_offline: "true" };
        try {
            const args = ["infra", "buckets", "show", "--stack", "dev"];
            const result = await execa("npx", args, { cwd: join(checkout.folder, "ops"), env, reject: false });
            assert.equal(result.exitCode, 2);
            assert.match(result.stderr, /No database is named\.\nSet CLINICAL_AI_DATABASE_URL/);
        } finally {
            rmSync(cache, { recursive: true, force: true });
        }
    });
});

function row(
    kind: string,
    name: string,
    declared: string,
    found: unknown,
    state: string,
    bucketOf: string | null,
): Row {
    return { kind, name, declared, found, state, bucketOf } as Row;
}

async function createTables(client: Client, type: string): Promise<void> {
    await client.query(
        `CREATE TABLE cai_defined_sources (name text NOT NULL, config ${type});` +
            `CREATE TABLE cai_defined_destinations (name text NOT NULL, config ${type});` +
            `CREATE TABLE cai_connectors (id bigint PRIMARY KEY, source_config_override ${type});` +
            `GRANT SELECT, UPDATE ON cai_defined_sources, cai_defined_destinations, cai_connectors TO ${operator.user}`,
    );
}

/** The rows that each test begins with; triggers that a test made are gone. */
async function fill(client: Client): Promise<void> {
    await client.query(
        "DROP FUNCTION IF EXISTS refuse CASCADE; TRUNCATE cai_defined_sources, cai_defined_destinations, cai_connectors",
    );
    const insert = async (table: string, rows: readonly (readonly [string, string | null])[]) => {
        for (const values of rows) await client.query(`INSERT INTO ${table} VALUES ($1, $2)`, [...values]);
    };
    await insert("cai_defined_sources", [
        ["hospital-a", '{"z": 12345678901234567890.10, "bucket": "old-bucket", "a": {"bucket":  "inner"}, "a": 1e2}'],
        ["hospital-b", "{}"],
        [hostile, '{"bucket": "x"}'],
        ["a=b", "{}"],
        ["list", '["bucket"]'],
        ["text", '"bucket"'],
        ["twice", "{}"],
        ["twice", "{}"],
        ["untouched", '{"bucket": "somebody-else\'s"}'],
    ]);
    await insert("cai_defined_destinations", [["warehouse", '{"bucket": "clinical-ai-source-dev"}']]);
    await insert("cai_connectors", [
        ["7", null],
        ["8", "null"],
        ["9", null],
    ]);
}
