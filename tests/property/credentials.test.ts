import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import fc from "fast-check";

import { type CommandContext } from "../../ops/cli/command";
import { InfraError } from "../../ops/common/errors";
import { creds } from "../../ops/creds";
import { environmentFor } from "../../ops/creds/environment";
import { migrateMlflow } from "../../ops/creds/migrate-mlflow";
import { type Resolution, resolveCredentials, variablesOf } from "../../ops/creds/resolve";
import { runCommand } from "../../ops/creds/run";
import { type CredentialInputs, type FileState, readFiles } from "../../ops/creds/variables";
import { policyTest } from "../../ops/verify/policy-test";
import { serviceFacts, type ServiceName } from "../../services";
import { type VariableSources } from "../../services/credential-sources";
import { FakeAws } from "../support/fake-aws";

const services = Object.values(serviceFacts).flatMap(({ name, credentials }): [ServiceName, VariableSources][] =>
    credentials.kind === "variables" ? [[name as ServiceName, credentials]] : [],
);
const files = [...new Set(services.flatMap(([, sources]) => sources.files))];
const prefixes = ["AWS_", "MLFLOW_AWS_"];

/** A number for each place and set, in every value that comes from there. */
const marks = new Map(
    ["environment", ...files].flatMap((place, index) =>
        prefixes.map((prefix, set): [string, string] => [`${place} ${prefix}`, `M${index * 10 + set + 10}M`]),
    ),
);
const markOf = (place: string, prefix: string) => marks.get(`${place} ${prefix}`)!;

const secretsIn = (text: string) => /(secret|token)M\d\dM/.test(text);

/** The three variables of a set, each set, empty or missing; whole sets more often than chance would have them. */
function variables(place: string): fc.Arbitrary<Record<string, string>> {
    const part = (value: string) => fc.constantFrom(value, value, value, "", undefined);
    const set = (prefix: string) => {
        const names = variablesOf({ prefix, label: prefix });
        const mark = markOf(place, prefix);
        const id = `AKIA${mark}EXAMPLE0000`;
        const [secret, token] = [`secret${mark}/+`, `token${mark}=`];
        return fc.oneof(
            fc.constant({}),
            fc.constant({ [names.accessKeyId]: id, [names.secretAccessKey]: secret }),
            fc.record({ id: part(id), secret: part(secret), token: part(token) }).map((given) => ({
                [names.accessKeyId]: given.id,
                [names.secretAccessKey]: given.secret,
                [names.sessionToken]: given.token,
            })),
        );
    };
    const region = fc.constantFrom({}, {}, { AWS_DEFAULT_REGION: "eu-west-1" }, { AWS_DEFAULT_REGION: "" });
    return fc
        .tuple(...prefixes.map(set), region)
        .map((parts) =>
            Object.fromEntries(
                Object.entries(Object.assign({}, ...parts) as Record<string, string | undefined>).filter(
                    (entry): entry is [string, string] => entry[1] !== undefined,
                ),
            ),
        );
}

/** As people and tools write them: with quotes, `export`, comments and the line ends of either kind. */
function fileText(place: string): fc.Arbitrary<string> {
    const style = fc.constantFrom(
        (name: string, value: string) => `${name}=${value}`,
        (name: string, value: string) => `export ${name}="${value}"`,
        (name: string, value: string) => `  ${name} = '${value}'   # comment`,
    );
    return fc
        .tuple(variables(place), style, fc.constantFrom("\n", "\r\n"))
        .map(([found, line, eol]) =>
            ["# settings", "OTHER=1", ...Object.entries(found).map(([name, value]) => line(name, value)), ""].join(eol),
        );
}

const fileStates = fc.record(
    Object.fromEntries(
        files.map((path) => [
            path,
            fc.option(
                fileText(path).map((text): FileState => ({ kind: "text", text })),
                { nil: { kind: "missing" } as FileState },
            ),
        ]),
    ),
);
const environment = variables("environment");
const inputs: fc.Arbitrary<CredentialInputs> = fc.record({ environment, files: fileStates });

/** The resolution, or the fault; no word of either holds a secret. */
function resolved(sources: VariableSources, given: CredentialInputs): Resolution | string {
    try {
        const resolution = resolveCredentials(sources, given, "sa-east-1");
        assert.ok(!secretsIn(resolution.why.join()), "a secret in the reasons");
        return resolution;
    } catch (error) {
        if (!(error instanceof InfraError)) throw error;
        assert.ok(!secretsIn(error.message), "a secret in an error");
        return error.message;
    }
}

const comparable = (outcome: Resolution | string) =>
    typeof outcome === "string" ? outcome : { ...outcome, variables: undefined };

describe("credentials of a service, whatever else there is", () => {
    for (const [service, sources] of services) {
        const firstFile = (given: CredentialInputs) =>
            sources.files.find((path) => given.files[path].kind !== "missing");

        it(`${service}: are one set from one place, of its file or, where it reads it, the environment`, () => {
            const seen = { found: 0, none: 0, fault: 0 };
            fc.assert(
                fc.property(inputs, (given) => {
                    const outcome = resolved(sources, given);
                    seen[typeof outcome === "string" ? "fault" : outcome.credentials ? "found" : "none"]++;
                    if (typeof outcome === "string" || !outcome.credentials) return;
                    const { keys, place, set } = outcome.credentials;
                    const places = [firstFile(given), ...(sources.processEnvironment ? ["the environment"] : [])];
                    assert.ok(places.includes(place), `from ${place}`);
                    const mark = markOf(place === "the environment" ? "environment" : place, set.prefix);
                    assert.deepEqual(
                        [keys.accessKeyId, keys.secretAccessKey, keys.sessionToken ?? `token${mark}=`],
                        [`AKIA${mark}EXAMPLE0000`, `secret${mark}/+`, `token${mark}=`],
                    );
                }),
                { numRuns: 1000 },
            );
            for (const [kind, times] of Object.entries(seen)) assert.ok(times > 20, `${kind} was hardly tried`);
        });

        it(`${service}: do not depend on a file after the first that exists`, () =>
            fc.assert(
                fc.property(inputs, fileStates, (given, others) => {
                    const first = firstFile(given);
                    if (first === undefined) return;
                    const later = { ...others, ...Object.fromEntries(filesUpTo(sources, first, given)) };
                    assert.deepEqual(
                        comparable(resolved(sources, { ...given, files: later })),
                        comparable(resolved(sources, given)),
                    );
                }),
            ));

        if (!sources.processEnvironment) {
            it(`${service}: do not depend on the environment`, () =>
                fc.assert(
                    fc.property(inputs, environment, (given, other) =>
                        assert.deepEqual(
                            comparable(resolved(sources, { ...given, environment: other })),
                            comparable(resolved(sources, given)),
                        ),
                    ),
                ));
        }
    }

    it("mlflow: are the global ones only where no part of its own is set, and then this is said", () => {
        const sources = serviceFacts.mlflow.credentials as VariableSources;
        const own = Object.values(variablesOf(sources.sets[0]));
        let fallbacks = 0;
        fc.assert(
            fc.property(inputs, (given) => {
                const outcome = resolved(sources, given);
                if (typeof outcome === "string" || !outcome.credentials) return;
                const isGlobal = outcome.credentials.set.prefix === "AWS_";
                const ownIsSet = own.some((name) => outcome.variables.lookup(name)?.value);
                assert.equal(isGlobal, !ownIsSet);
                assert.equal(outcome.credentials.set.fallback ?? false, isGlobal);
                assert.equal(
                    outcome.why.some((reason) => /not the service's own/.test(reason)),
                    isGlobal,
                );
                if (isGlobal) fallbacks++;
            }),
            { numRuns: 500 },
        );
        assert.ok(fallbacks > 20);
    });
});

function filesUpTo(sources: VariableSources, last: string, { files: states }: CredentialInputs): [string, FileState][] {
    return sources.files.slice(0, sources.files.indexOf(last) + 1).map((path) => [path, states[path]]);
}

/** Whoever's credentials an AWS library would find on a machine, each in a way of its own. */
describe("the environment of a command that runs with a service's credentials", function () {
    this.timeout(60_000);
    let home: string;
    let project: string;
    let metadata: Server;
    let asked: string[];
    before(async () => {
        [home, project] = ["home", "project"].map((name) => mkdtempSync(join(tmpdir(), `platform-creds-${name}-`)));
        const profile = (name: string) =>
            `[${name}]\naws_access_key_id = AKIAPROFILE0EXAMPLE0\naws_secret_access_key = secretofprofile\n`;
        mkdirSync(join(home, ".aws"));
        writeFileSync(join(home, ".aws", "credentials"), profile("default") + profile("other"));
        writeFileSync(join(home, ".aws", "config"), "[default]\nregion = ap-southeast-2\n[profile other]\n");
        metadata = createServer((request, response) => {
            asked.push(request.url!);
            response.end(answer(request.url!));
        });
        await new Promise<void>((resolve) => metadata.listen(0, "127.0.0.1", resolve));
    });
    beforeEach(() => (asked = []));
    after(() => {
        metadata.close();
        for (const folder of [home, project]) rmSync(folder, { recursive: true });
    });

    /** An instance's metadata service, and a container's. */
    function answer(url: string): string {
        if (url.endsWith("/api/token")) return "metadata-token";
        if (url.endsWith("/security-credentials/")) return "role";
        const AccessKeyId = url.startsWith("/container") ? "ASIACONTAINEREXAMPLE" : "ASIAINSTANCE0EXAMPLE";
        const Expiration = new Date(Date.now() + 3_600_000).toISOString();
        return JSON.stringify({ Code: "Success", AccessKeyId, SecretAccessKey: "of-role", Token: "t", Expiration });
    }

    const address = () => `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`;

    /** What of a machine leads an AWS library to credentials. */
    const hints = (which: { profile: boolean; container: boolean; instance: boolean; redirected: boolean }) => ({
        PATH: process.env.PATH!,
        HOME: which.profile ? home : "/nonexistent",
        ...(which.profile ? { AWS_PROFILE: "other", AWS_SDK_LOAD_CONFIG: "1" } : {}),
        ...(which.container ? { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address()}/container` } : {}),
        ...(which.instance
            ? { AWS_EC2_METADATA_SERVICE_ENDPOINT: address() }
            : { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" }),
        ...(which.redirected
            ? {
                  AWS_ROLE_ARN: "arn:aws:iam::999999999999:role/other",
                  AWS_WEB_IDENTITY_TOKEN_FILE: join(home, ".aws", "config"),
                  AWS_BEARER_TOKEN_BEDROCK: "another's",
                  AWS_ENDPOINT_URL: address(),
              }
            : {}),
    });

    interface Printed {
        readonly accessKeyId?: string;
        readonly secretAccessKey?: string;
        readonly sessionToken?: string;
        readonly error?: string;
    }

    async function foundBy(env: Record<string, string>): Promise<Printed> {
        const out = join(project, "found.json");
        rmSync(out, { force: true });
        const script = join(__dirname, "..", "support", "print-credentials.js");
        assert.equal(await runCommand([process.execPath, "--no-warnings", script, out], env), 0);
        return JSON.parse(readFileSync(out, "utf8")) as Printed;
    }

    it("as it is without it, leads to a profile, a container's and an instance's credentials", async () => {
        const none = { profile: false, container: false, instance: false, redirected: false };
        const ids = [];
        for (const which of ["profile", "container", "instance"]) {
            ids.push((await foundBy(hints({ ...none, [which]: true }))).accessKeyId);
        }
        assert.deepEqual(ids, ["AKIAPROFILE0EXAMPLE0", "ASIACONTAINEREXAMPLE", "ASIAINSTANCE0EXAMPLE"]);
        assert.notDeepEqual(asked, []);
    });

    it("leads to these credentials and to no other", async () => {
        const caller = fc.record({
            profile: fc.boolean(),
            container: fc.boolean(),
            instance: fc.boolean(),
            redirected: fc.boolean(),
        });
        let ran = 0;
        await fc.assert(
            fc.asyncProperty(
                fc.constantFrom(...services),
                inputs,
                caller,
                async ([, sources], { environment: own, files: states }, which) => {
                    const folder = mkdtempSync(join(project, "p-"));
                    writeProject(folder, states);
                    const callers = { ...hints(which), ...own };
                    const given = { environment: callers, files: readFiles(folder, sources.files) };
                    const outcome = resolved(sources, given);
                    // Nothing is run with what is not there.
                    fc.pre(typeof outcome !== "string" && outcome.credentials !== undefined);
                    const { credentials, region } = outcome as Resolution;
                    const { keys, set } = credentials!;
                    const env = environmentFor(callers, { keys, set, region: region.name, aws: {} });
                    assert.deepEqual(await foundBy(env), keys);
                    assert.deepEqual(asked, [], "somebody's metadata service was asked");
                    ran++;
                },
            ),
            { numRuns: 15 },
        );
        assert.equal(ran, 15);
    });

    it("has no bearer token of the caller, with which Bedrock would be asked in his name", () => {
        const [[, sources]] = services;
        const run = { keys: { accessKeyId: "a", secretAccessKey: "b" }, set: sources.sets[0], region: "us-east-1" };
        const env = environmentFor({ AWS_BEARER_TOKEN_BEDROCK: "the caller's" }, { ...run, aws: {} });
        assert.ok(!("AWS_BEARER_TOKEN_BEDROCK" in env));
    });

    it("has no value of the caller's AWS variables, whatever their names, and all of the others", () =>
        fc.assert(
            fc.property(
                fc.dictionary(
                    fc
                        .tuple(fc.constantFrom("AWS_", "MLFLOW_AWS_"), fc.stringMatching(/^[A-Z_]{1,12}$/))
                        .map((name) => name.join("")),
                    fc.constant("the caller's"),
                ),
                fc.dictionary(fc.stringMatching(/^[B-L][A-Z_]{0,8}$/), fc.string()),
                fc.constantFrom(...services),
                (aws, others, [, sources]) => {
                    const [set] = sources.sets;
                    const keys = { accessKeyId: "AKIAEXAMPLE000000000", secretAccessKey: "own" };
                    const env = environmentFor({ ...aws, ...others }, { keys, set, region: "us-east-1", aws: {} });
                    assert.ok(!Object.values(env).includes("the caller's"));
                    for (const [name, value] of Object.entries(others)) assert.equal(env[name], value);
                },
            ),
        ));
});

/** Through the commands themselves, on a machine with everything that leads an AWS library to somebody's credentials. */
describe("the commands that act as a service", function () {
    this.timeout(120_000);
    const users: Readonly<Record<string, string>> = Object.fromEntries(
        services.map(([name, { user }]) => [name, `${user}-dev`]),
    );
    let aws: FakeAws;
    let home: string;
    let environmentBefore: NodeJS.ProcessEnv;
    before(async () => {
        aws = await FakeAws.start();
        environmentBefore = process.env;
        home = mkdtempSync(join(tmpdir(), "platform-creds-home-"));
        writeFileSync(
            join(home, "credentials"),
            "[default]\naws_access_key_id = AKIAPROFILE0EXAMPLE0\naws_secret_access_key = secretofprofile\n" +
                "[other]\naws_access_key_id = AKIAPROFILE1EXAMPLE0\naws_secret_access_key = secretofprofile\n",
        );
        writeFileSync(join(home, "token"), "a web identity's token");
    });
    afterEach(() => (process.env = environmentBefore));
    after(() => {
        aws.stop();
        rmSync(home, { recursive: true });
    });

    /** Each leads to credentials, all of them to others. */
    const machine = () =>
        fc
            .subarray(
                Object.entries({
                    AWS_PROFILE: "other",
                    AWS_BEARER_TOKEN_BEDROCK: "another's",
                    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.endpoint}/container`,
                    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/container",
                    AWS_WEB_IDENTITY_TOKEN_FILE: join(home, "token"),
                    AWS_ROLE_ARN: "arn:aws:iam::111111111111:role/other",
                    AWS_SHARED_CREDENTIALS_FILE: join(home, "credentials"),
                }),
            )
            .map((entries) => Object.fromEntries(entries));

    const outputs = {
        mlflow: {
            region: "us-east-1",
            bucketName: "mlflow-basketworld-dev",
            prefix: "mlflow-artifacts/",
            artifactRoot: "s3://mlflow-basketworld-dev/mlflow-artifacts",
            userName: "mlflow-basketworld-dev",
            accessKeyId: "AKIAOUTPUTSEXAMPLE00",
            secretAccessKey: "secretofoutputs",
            accessKeyIds: ["AKIAOUTPUTSEXAMPLE00"],
        },
    };

    interface Case {
        readonly service: ServiceName;
        readonly run: (folder: string) => (context: CommandContext) => Promise<number>;
        /** Whose key may be used, of what would be found in the project's folder. */
        readonly keyOf: (found: Resolution | string) => string | undefined;
    }
    const foundKey = (found: Resolution | string) =>
        typeof found === "string" ? undefined : found.credentials?.keys.accessKeyId;
    const cases: readonly [command: string, Case][] = [
        ...services.map(([service]): [string, Case] => [
            `creds ${service}`,
            { service, run: (directory) => (context) => creds(context, { directory }, service, []), keyOf: foundKey },
        ]),
        [
            "policy-test",
            {
                service: "snapshotter",
                run: (directory) => (context) =>
                    policyTest(context, { directory, bucket: "snapshots-dev", prefix: "scans/" }),
                keyOf: foundKey,
            },
        ],
        [
            "migrate mlflow",
            {
                service: "mlflow",
                run: (folder) => (context) => migrateMlflow(context, { file: join(folder, ".env") }),
                keyOf: () => outputs.mlflow.accessKeyId,
            },
        ],
    ];
    for (const [command, { service, run, keyOf }] of cases) {
        it(`${command}: AWS is asked with the service's key and with no other`, async () => {
            const sources = serviceFacts[service].credentials as VariableSources;
            let asked = 0;
            await fc.assert(
                fc.asyncProperty(inputs, machine(), fc.boolean(), async (given, hints, foreign) => {
                    const folder = mkdtempSync(join(home, "p-"));
                    writeProject(folder, given.files);
                    process.env = { PATH: environmentBefore.PATH, HOME: home, ...hints, ...given.environment };
                    const found = resolved(sources, {
                        environment: given.environment,
                        files: readFiles(folder, sources.files),
                    });
                    const key = keyOf(found);
                    aws.reset();
                    if (key !== undefined) aws.users[key] = foreign ? "somebody" : users[service];
                    const error = await aws.run(run(folder), outputs).then(
                        () => undefined,
                        (failure: unknown) => failure,
                    );
                    if (error !== undefined && !(error instanceof InfraError)) throw error;
                    assert.ok(aws.calls.every(({ accessKeyId }) => accessKeyId === key));
                    const token = typeof found === "string" ? undefined : found.credentials?.keys.sessionToken;
                    const tokenUsed = command.startsWith("migrate") ? undefined : token;
                    assert.ok(aws.calls.every(({ sessionToken }) => sessionToken === tokenUsed));
                    // Of another's key nothing but whose it is.
                    if (foreign) assert.ok(aws.calls.every(({ action }) => action === "GetCallerIdentity"));
                    asked += aws.calls.length;
                }),
                { numRuns: 40 },
            );
            assert.ok(asked > 0, "nothing was asked at all");
        });
    }
});

function writeProject(folder: string, states: Readonly<Record<string, FileState>>): void {
    for (const [path, state] of Object.entries(states)) {
        if (state.kind !== "text") continue;
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), state.text);
    }
}
