import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Document } from "yaml";

import { type Host } from "../../ops/cli/host";
import { createProgram, runProgram } from "../../ops/cli/program";
import { registerReport } from "../../ops/commands/report";
import { exitCodes, InfraError } from "../../ops/common/errors";
import { type ExportedState } from "../../ops/recover/state";
import { htmlOf } from "../../ops/report";
import { accessOf } from "../../ops/report/access";
import { grouped } from "../../ops/report/access/groups";
import { type AccessRow } from "../../ops/report/access/matrix";
import { type Report } from "../../ops/report/data";
import { draw } from "../../ops/report/graph";
import { propertiesOf } from "../../ops/report/properties";
import { settingsOf } from "../../ops/stack/settings";
import { repositoryHost } from "../../ops/stack/repository-host";
import { devReport, planted } from "../support/report";
import { stackConfig } from "../support/stack-files";

describe("the report of a stack", () => {
    let report: Report;
    let state: ExportedState;
    before(async function () {
        this.timeout(60_000);
        ({ report, state } = await devReport());
    });

    it("has every resource of a cloud, with what it depends on and what needs it", () => {
        const real = state.deployment.resources!.filter(({ custom, type }) => custom && !type.startsWith("pulumi:"));
        assert.ok(real.length > 80, `${real.length} resources`);
        assert.deepEqual(
            report.resources.map(({ urn }) => urn),
            real.map(({ urn }) => urn),
        );
        const named = (name: string) => report.resources.find((one) => one.name === name)!;
        const names = (urns: readonly string[]) => urns.map((urn) => urn.slice(urn.lastIndexOf("::") + 2));
        assert.ok(names(named("rl-studio-service-access-key-1").dependsOn).includes("rl-studio-service-user"));
        assert.ok(names(named("rl-studio-service-user").neededBy).includes("rl-studio-service-access-key-1"));
        assert.deepEqual(
            report.resources.filter(({ service }) => service === undefined),
            [],
        );
    });

    it("decides who may do what from the policies in the state", () => {
        assert.ok(report.access.known);
        const { principals, rows, decisions, statements } = report.access;
        const outcome = (who: string, action: string, resource: string) => {
            const column = principals.findIndex(({ name }) => name === who);
            const row = rows.find((one) => one.action === action && one.resource === resource && !one.how)!;
            return decisions[row.decisions[column]];
        };
        const bucket = "arn:aws:s3:::rl-studio-rollouts-dev";
        const own = outcome("rl-studio-service-user", "s3:PutObject", `${bucket}/example`);
        assert.equal(own.outcome, "allowed");
        assert.match(JSON.stringify(statements[own.statement!].statement), /"s3:PutObject"/);
        for (const who of ["mlflow-project-user", "another account", "anonymous"]) {
            assert.notEqual(outcome(who, "s3:PutObject", `${bucket}/example`).outcome, "allowed", who);
        }
        assert.notEqual(outcome("rl-studio-service-user", "s3:PutBucketPolicy", bucket).outcome, "allowed");
        assert.equal(outcome("deployer", "s3:PutBucketPolicy", bucket).outcome, "allowed");
    });

    it("says what of the policies is not modelled, and takes no other failure for that", () => {
        const settings = settingsOf(new Document({ config: stackConfig("dev") }), "Pulumi.dev.yaml");
        const { resources, outputs } = { resources: report.resources, outputs: {} };
        const of = (deployment: () => ExportedState["deployment"]) => {
            const exported = {
                ...state,
                get deployment() {
                    return deployment();
                },
            };
            return accessOf({ exported, settings, resources, outputs });
        };
        const withPolicy = (policy: unknown) => () => ({
            resources: [
                ...state.deployment.resources!,
                { urn: "urn", custom: true, type: "aws:s3/bucketPolicy:BucketPolicy", inputs: { bucket: "b", policy } },
            ],
        });
        const reason = (policy: unknown) => {
            const access = of(withPolicy(policy));
            assert.ok(!access.known);
            return access.reason;
        };
        const statement = { Effect: "Deny", Principal: "*", NotAction: "s3:*", Resource: "*" };
        assert.match(reason(JSON.stringify({ Statement: statement })), /policy of b: NotAction is not modelled\.$/);
        for (const policy of ["no JSON", "{}", "null", { ciphertext: "x" }]) {
            assert.match(reason(policy), /^The policies could not be evaluated: policy of b is no policy/);
        }
        const defect = () => {
            throw new TypeError("a defect");
        };
        assert.throws(() => of(defect), TypeError);
    });

    it("tells how old keys are and which are due", () => {
        const key = (service: string) => report.keys.find((one) => one.service === service)!;
        assert.deepEqual([key("rl-studio").ageDays, key("rl-studio").rotation], [60, "at rest"]);
        assert.deepEqual([key("llm-models").ageDays, key("llm-models").rotation], [60, "due"]);
    });

    it("has the budget's levels in their order, and where invocations end", () => {
        const { limitUsd, levels } = report.budget!;
        assert.equal(limitUsd, 50);
        assert.deepEqual(
            levels.map(({ percent, kind }) => `${percent} ${kind}`),
            ["50 alert", "75 alert", "80 alert", "90 alert", "95 shut-off", "100 forecast"],
        );
    });

    it("draws the same from a state in another order: an update writes it as it comes", async () => {
        const { resources } = report;
        const before = await draw(resources);
        const after = await draw([...resources].reverse());
        const services = (drawings: typeof before) => drawings.map((one) => [...one.services].sort().join());
        assert.deepEqual(services(after), services(before));
        assert.deepEqual(services(before), ["rl-studio", "clinical-ai", "snapshotter", "mlflow", "llm-models"]);
        assert.equal(before.flatMap(({ boxes }) => boxes).length, resources.length);
        assert.ok(report.access.known);
        const titles = (rows: readonly AccessRow[]) => grouped(rows).map(({ title }) => title);
        assert.deepEqual(titles([...report.access.rows].reverse()), titles(report.access.rows));
        assert.match(titles(report.access.rows)[0], /^S3 bucket clinical-ai-destination/);
    });

    it("has no secret in its data and none in its page, wherever the state has one", async () => {
        assert.ok(JSON.stringify(state).split(planted).length > 10, "the state has secrets");
        for (const text of [JSON.stringify(report), await htmlOf(report)]) {
            assert.ok(!text.includes(planted), text.slice(text.indexOf(planted) - 200).slice(0, 250));
            assert.ok(text.includes("to be seen"));
        }
    });

    it("has the same in its page as in its data", async () => {
        const page = await htmlOf(report);
        const text = page
            .replaceAll(/<script>.*?<\/script>|<style>.*?<\/style>/gs, "")
            .replaceAll(/<[^>]*>/g, " ")
            .replaceAll("&quot;", '"')
            .replaceAll("&#39;", "'")
            .replaceAll("&lt;", "<")
            .replaceAll("&gt;", ">")
            .replaceAll("&amp;", "&");
        const { access, checks, resources, keys } = report;
        assert.ok(access.known && checks.verified);
        const told = [
            ...resources.flatMap(({ name, type, title, physicalName = name, arn = name, properties }) => [
                name,
                type,
                title,
                physicalName,
                arn,
                ...properties.flatMap((property) => [property.name, property.value]),
            ]),
            ...access.principals.map(({ name }) => name),
            ...access.rows.map(({ action }) => action),
            ...access.decisions.map(({ why }) => why),
            ...access.statements.flatMap(({ policy, statement }) => [policy, JSON.stringify(statement, undefined, 2)]),
            ...checks.results.flatMap(({ id, name, identity, expected, got, note = id }) => {
                return [id, name, identity, expected, got, note];
            }),
            ...keys.map(({ service }) => service),
        ];
        assert.deepEqual([...new Set(told)].filter((one) => !text.includes(one)).slice(0, 3), []);
        assert.equal(page.match(/<td class="(allowed|denied|refused)"/g)!.length, cells(report));
    });
    const cells = ({ access }: Report) => (access.known ? access.rows.length * access.principals.length : 0);
});

describe("a property of the report", () => {
    const shown = (name: string, value: unknown) => propertiesOf({ [name]: value })[0].value;
    const within = (name: string, value: unknown) => shown("outer", { [name]: value });
    const inPair = (name: string, value: unknown) => shown("env", [{ name, value }]);
    const inText = (name: string, value: unknown) => shown("containerDefinitions", JSON.stringify([{ name, value }]));
    const places = { shown, within, inPair, inText };

    for (const name of [
        "secret",
        "client_secret",
        "password",
        "DB_PASSWORD",
        "DBPassword",
        "masterpassword",
        "DB_PASSWD",
        "PULUMI_CONFIG_PASSPHRASE",
        "VAULT_TOKEN",
        "apiKey",
        "API_KEY",
        "x-api-key",
        "privateKey",
        "secretAccessKey",
        "AWS_SECRET_ACCESS_KEY",
        "credentials",
    ]) {
        it(`is secret by the name ${name}, of a variable as well and within a text`, () => {
            for (const [place, of] of Object.entries(places)) {
                assert.ok(!of(name, "abc123").includes("abc123"), place);
                assert.match(of(name, "abc123"), /\[secret\]/, place);
            }
        });
    }

    for (const name of [
        "accessKeyId",
        "AWS_ACCESS_KEY_ID",
        "kmsKeyId",
        "secretName",
        "secretArn",
        "secretKey",
        "tokenTtl",
        "tokenPolicies",
        "tokenReviewer",
        "hashKey",
        "maxOutputTokens",
        "publicKey",
    ]) {
        it(`is shown by the name ${name}, which holds no secret`, () => {
            for (const [place, of] of Object.entries(places)) assert.match(of(name, "abc123"), /abc123/, place);
        });
    }

    it("shows a switch and where a secret is, and hides all of what is declared secret", () => {
        assert.equal(shown("automountServiceAccountToken", false), "false");
        assert.match(shown("env", [{ name: "TOKEN", valueFrom: { secretKeyRef: { key: "the-key" } } }]), /the-key/);
        assert.match(shown("credentials", { name: "the-reference" }), /the-reference/);
        assert.equal(propertiesOf({ data: { any: "abc123" } }, new Set(["data"]))[0].value, "[secret]");
    });
});

describe("infra report", () => {
    let folder: string;
    let host: Host;
    let said: string;
    let printed: string;
    const { write: writeOut } = process.stdout;
    const { write: writeError } = process.stderr;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "platform-report-"));
        host = {
            ...repositoryHost,
            backend: folder,
            credentials: () =>
                Promise.reject(new InfraError(exitCodes.unreachable, "There is no operator.", "Log in.")),
            pulumi: () => Promise.reject(new Error("the engine was asked")),
        };
        said = printed = "";
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
        process.exitCode = 0;
    });

    /** Runs a command line and returns its exit code. */
    async function run(...args: string[]): Promise<number> {
        process.stdout.write = ((text: string) => ((printed += text), true)) as typeof writeOut;
        process.stderr.write = ((text: string) => ((said += text), true)) as typeof writeError;
        try {
            process.exitCode = 0;
            await runProgram(createProgram([registerReport], host), ["report", ...args]);
            return Number(process.exitCode);
        } finally {
            process.stdout.write = writeOut;
            process.stderr.write = writeError;
        }
    }

    it("writes a page of a stack without state that says so, for its owner alone, and why nothing was verified", async () => {
        const out = join(folder, "report.html");
        assert.equal(await run("--stack", "dev", "--out", out), exitCodes.held);
        assert.match(said, new RegExp(`^Report: ${out}$`, "m"));
        assert.equal(statSync(out).mode & 0o777, 0o600);
        const page = readFileSync(out, "utf8");
        assert.match(page, /The stack has no resources: it is not deployed\./);
        assert.match(page, /There is no operator\. Log in\./);
        assert.match(page, /The stack has no budget\./);
    });

    it("prints the data with --json, and writes a page only where one is named", async () => {
        const at = process.cwd();
        process.chdir(folder);
        try {
            assert.equal(await run("--stack", "dev", "--json"), exitCodes.held);
        } finally {
            process.chdir(at);
        }
        assert.ok(!existsSync(join(folder, "report.html")));
        const report = JSON.parse(printed) as Report;
        assert.deepEqual([report.stack, report.resources, report.services.length], ["dev", [], 5]);
        assert.deepEqual(report.checks, { verified: false, reason: "There is no operator. Log in." });
        assert.equal(printed.trimEnd().split("\n").length, 1);
        printed = "";
        const out = join(folder, "both.html");
        assert.equal(await run("--stack", "dev", "--json", "--out", out), exitCodes.held);
        assert.equal((JSON.parse(printed) as Report).stack, "dev");
        assert.ok(existsSync(out));
    });

    it("refuses a stack that does not exist, before it asks anybody", async () => {
        assert.equal(await run("--stack", "nope"), exitCodes.usage);
        assert.match(
            said,
            /^There is no stack "nope": its file Pulumi\.nope\.yaml is missing\.\nThe stacks there are:/,
        );
    });

    it("refuses a path that cannot be written, before it asks anybody", async () => {
        host = { ...host, credentials: () => Promise.reject(new Error("AWS was asked")) };
        const cases = {
            [join(folder, "none", "report.html")]:
                /^There is no folder .*none\.\nMake it, or name a file elsewhere\.$/m,
            [folder]: / is no file\.\nName a file; it need not exist\.$/m,
        };
        for (const [out, message] of Object.entries(cases)) {
            said = "";
            assert.equal(await run("--stack", "dev", "--out", out), exitCodes.usage);
            assert.match(said, message);
        }
        assert.equal(await run("--stack", "dev", "--out", "--json"), exitCodes.usage);
    });

    it("says why the state could not be read, and writes nothing", async () => {
        const asked = { exitCode: 1, stdout: "", stderr: "error: no stack named 'dev' found\n" };
        host = { ...host, backend: undefined, pulumi: () => Promise.resolve(asked) };
        const out = join(folder, "report.html");
        assert.equal(await run("--stack", "dev", "--out", out), exitCodes.unreachable);
        assert.match(said, /^The state of stack dev could not be read: error: no stack named 'dev' found$/m);
        assert.ok(!existsSync(out));
    });
});
