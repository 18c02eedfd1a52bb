import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    realpathSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { parse } from "dotenv";
import { parseDocument } from "yaml";

import { root } from "../../local/paths";
import { clientsFor, closeClients } from "../../ops/aws/clients";
import { auditFile } from "../../ops/stack/audit";
import { InfraCheckout } from "../support/infra";
import { stackConfig } from "../support/stack-files";
import { freePorts, TestCloud } from "../support/test-cloud";

/** A local cloud with the services whose variables are in files. */
class EnvCloud extends TestCloud {
    static override async create(): Promise<EnvCloud> {
        const cloud = new EnvCloud(await freePorts(2));
        const document = parseDocument(readFileSync(join(root, "Pulumi.local.yaml"), "utf8"));
        document.setIn(["config", "platform:services"], ["rl-studio", "snapshotter", "mlflow", "llm-models"]);
        document.deleteIn(["config", "platform:clinical-ai"]);
        writeFileSync(cloud.stackFile, document.toString());
        return cloud;
    }

    private get stackFile(): string {
        return this.file("Pulumi.local.yaml");
    }

    override get env(): NodeJS.ProcessEnv {
        return { ...super.env, PLATFORM_LOCAL_STACK_FILE: this.stackFile };
    }
}

describe("infra env on a local cloud", function () {
    this.timeout(300_000);
    let cloud: EnvCloud;
    let secrets: string[];
    /** rl-studio's. */
    let secret: string;
    let folder: string;
    before(async () => {
        folder = realpathSync(mkdtempSync(join(tmpdir(), "platform-env-")));
        cloud = await EnvCloud.create();
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview"]);
        const outputs = await cloud.outputs();
        secret = outputs["rl-studio"].secretAccessKey;
        secrets = Object.values(outputs).map(({ secretAccessKey }) => secretAccessKey);
        assert.equal(new Set(secrets).size, 4);
    });
    after(async () => {
        rmSync(folder, { recursive: true, force: true });
        await cloud.remove();
    });

    /** Runs `infra <args>`; without --reveal it shows no secret, and for what is foreseeable never a stack trace. */
    async function infra(...args: string[]) {
        const { exitCode, stdout, stderr } = await cloud.run(["infra", ...args]);
        if (!args.includes("--reveal")) {
            for (const secret of secrets) {
                assert.ok(!`${stdout}${stderr}`.includes(secret), "a secret is in the output");
            }
        }
        assert.doesNotMatch(stderr, /\n {4}at /, "a stack trace");
        return { exitCode, stdout, words: stderr, json: stdout.startsWith("{") ? JSON.parse(stdout) : undefined };
    }

    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

    /** What is recorded of a file. */
    function recordedOf(path: string): Record<string, unknown>[] {
        const lines = existsSync(auditFile) ? readFileSync(auditFile, "utf8").trimEnd().split("\n") : [];
        const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        for (const each of secrets) assert.ok(!lines.join().includes(each), "a secret is in the record");
        return entries.filter(({ target }) => target === path);
    }

    /** Whose keys a file has, and what S3 answers to a list with them. */
    async function tryKeys(keys: { accessKeyId: string; secretAccessKey: string }, Bucket: string, Prefix?: string) {
        const clients = clientsFor(keys, cloud.connection);
        try {
            const { Arn } = await clients.sts.send(new GetCallerIdentityCommand({}));
            const { $metadata } = await clients.s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
            return [Arn?.split("/").at(-1), $metadata.httpStatusCode];
        } finally {
            closeClients(clients);
        }
    }

    it("writes rl-studio's variables among those of the user, whose keys then work; check turns from 1 to 0 (A4)", async () => {
        const path = join(folder, "rl-studio.env");
        const foreign = [
            "# Backend\r\n",
            "PORT='80 80' # why\r\n",
            'TEXT="a\r\nS3_BUCKET_NAME=fake\r\n"\r\n',
            "LAST=1",
        ];
        const [top, port, text, last] = foreign;
        writeFileSync(
            path,
            `${top}export AWS_ACCESS_KEY_ID=old # mine\r\n${port}${text}AWS_DEFAULT_REGION=''\r\n${last}`,
        );
        chmodSync(path, 0o644);

        const checked = await infra("env", "rl-studio", "--out", path, "--check");
        assert.equal(checked.exitCode, 1);
        assert.match(
            checked.words,
            /rl-studio\.env is not current:\n {2}AWS_ACCESS_KEY_ID differs\n {2}AWS_SECRET_ACCESS_KEY missing\n {2}AWS_DEFAULT_REGION differs\n {2}S3_BUCKET_NAME missing\n {2}mode 644 lets other users read it\nWrite it: npm run local -- infra env rl-studio --out /,
        );

        const before = readFileSync(path, "utf8");
        const tried = await infra("env", "rl-studio", "--out", path, "--dry-run", "--json");
        const states = ["differs", "missing", "differs", "missing"];
        assert.deepEqual(
            [tried.exitCode, tried.json.dryRun, tried.json.changed, tried.json.mode],
            [0, true, true, "644"],
        );
        assert.deepEqual(
            tried.json.variables.map(({ state }: { state: string }) => state),
            states,
        );
        assert.equal(tried.json.variables[1].value, null);
        assert.deepEqual([readFileSync(path, "utf8"), modeOf(path), recordedOf(path)], [before, "644", []]);

        const written = await infra("env", "rl-studio", "--out", path);
        assert.equal(written.exitCode, 0);
        assert.match(written.words, /Wrote .+\n {2}AWS_ACCESS_KEY_ID changed\n {2}AWS_SECRET_ACCESS_KEY added\n/);
        const after = readFileSync(path, "utf8");
        const values = parse(after);
        assert.equal(
            after,
            `${top}export AWS_ACCESS_KEY_ID=${values.AWS_ACCESS_KEY_ID} # mine\r\n${port}${text}` +
                `AWS_DEFAULT_REGION=us-east-1\r\n${last}\r\nAWS_SECRET_ACCESS_KEY=${secret}\r\n` +
                "S3_BUCKET_NAME=rl-studio-rollouts-dev\r\n",
        );
        assert.equal(modeOf(path), "600");
        const keys = { accessKeyId: values.AWS_ACCESS_KEY_ID, secretAccessKey: values.AWS_SECRET_ACCESS_KEY };
        const owner = "rl-studio-rollouts-service-user-dev";
        assert.deepEqual(await tryKeys(keys, values.S3_BUCKET_NAME), [owner, 200]);

        const current = await infra("env", "rl-studio", "--out", path, "--check", "--json");
        assert.deepEqual([current.exitCode, current.json.current, current.json.mode], [0, true, "600"]);

        const [entry, ...more] = recordedOf(path);
        assert.deepEqual(more, [], "what changed nothing is not recorded");
        assert.deepEqual(
            [entry.command, entry.stack, entry.outcome, entry.changes],
            [
                "env",
                "local",
                "done",
                [
                    { variable: "AWS_ACCESS_KEY_ID", was: "differs", to: keys.accessKeyId },
                    { variable: "AWS_SECRET_ACCESS_KEY", was: "missing", to: null },
                    { variable: "AWS_DEFAULT_REGION", was: "differs", to: "us-east-1" },
                    { variable: "S3_BUCKET_NAME", was: "missing", to: "rl-studio-rollouts-dev" },
                    { mode: "600", was: "644" },
                ],
            ],
        );
    });

    it("fills in mlflow's example, and the keys reach the artifact root (D2)", async () => {
        const path = join(folder, "mlflow.env");
        writeFileSync(path, readFileSync(join(root, ".env.mlflow.example")));
        assert.equal((await infra("env", "mlflow", "--out", path)).exitCode, 0);
        const values = parse(readFileSync(path));
        assert.deepEqual(Object.keys(values), Object.keys(parse(readFileSync(join(root, ".env.mlflow.example")))));
        const keys = {
            accessKeyId: values.MLFLOW_AWS_ACCESS_KEY_ID,
            secretAccessKey: values.MLFLOW_AWS_SECRET_ACCESS_KEY,
        };
        const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.+)$/.exec(values.MLFLOW_ARTIFACT_ROOT)!;
        assert.deepEqual(await tryKeys(keys, bucket, `${prefix}/`), ["mlflow-basketworld-dev", 200]);
        assert.equal(modeOf(path), "600");
    });

    it("writes the snapshotter's and llm-models' variables into new files (C6, E12)", async () => {
        const [scans, models] = [join(folder, "agent.env"), join(folder, "models.env")];
        assert.equal((await infra("env", "snapshotter", "--out", scans)).exitCode, 0);
        const agent = parse(readFileSync(scans));
        const keys = { accessKeyId: agent.AWS_ACCESS_KEY_ID, secretAccessKey: agent.AWS_SECRET_ACCESS_KEY };
        assert.deepEqual(await tryKeys(keys, agent.S3_BUCKET_NAME, "repo-scans/snapshotter/"), [
            "agent-repo-snapshotter-dev",
            200,
        ]);
        assert.equal((await infra("env", "llm-models", "--out", models)).exitCode, 0);
        const { AWS_BUDGET_LIMIT: limit, AWS_COST_ALERT_THRESHOLD: threshold } = parse(readFileSync(models));
        assert.deepEqual([limit, threshold, modeOf(scans), modeOf(models)], ["50", "80", "600", "600"]);
    });

    it("prints them, the secret only if asked to", async () => {
        const masked = await infra("env", "rl-studio", "--print");
        assert.match(
            masked.stdout,
            /^AWS_ACCESS_KEY_ID=AKIA\w+\nAWS_SECRET_ACCESS_KEY=\*{8}\nAWS_DEFAULT_REGION=us-east-1\n/,
        );
        assert.match(masked.words, /Secrets are masked; --reveal shows them\./);
        const { json } = await infra("env", "rl-studio", "--print", "--reveal", "--json");
        assert.deepEqual(json.variables[1], { name: "AWS_SECRET_ACCESS_KEY", value: secret, secret: true });
    });
});

describe("infra env, endpoints and key before anything is deployed", function () {
    this.timeout(120_000);
    let checkout: InfraCheckout;
    let folder: string;
    before(() => {
        folder = realpathSync(mkdtempSync(join(tmpdir(), "platform-env-")));
        const gated = stackConfig("dev");
        const models = { ...(gated["platform:llm-models"] as object), gate: undefined };
        checkout = new InfraCheckout({ dev: { ...gated, "platform:llm-models": models }, staging: gated });
    });
    after(() => {
        checkout.remove();
        rmSync(folder, { recursive: true, force: true });
    });

    const infra = (...args: string[]) => infraOf("dev", ...args);

    async function infraOf(stack: string, ...args: string[]) {
        // An engine that fails, so that whoever asks it is found out.
        const result = await checkout.start([...args, "--stack", stack], {
            PULUMI_HOME: folder,
            PULUMI_BACKEND_URL: "-",
        });
        assert.doesNotMatch(result.stderr, /\n {4}at /, "a stack trace");
        return result;
    }

    it("refuses a file that git would commit, without asking the engine", async () => {
        const repository = join(folder, "repository");
        execFileSync("git", ["init", "--quiet", repository]);
        const { exitCode, stderr } = await infra("env", "rl-studio", "--out", join(repository, ".env"));
        assert.equal(exitCode, 2);
        assert.match(stderr, /is in a git work tree and not ignored: its secrets would be committed\.\nAdd \.env to /);
        assert.deepEqual(readdirSync(repository), [".git"]);
    });

    it("tells what was changed in the stack and in no other, the newest first; what is no record is left out", async () => {
        const file = join(checkout.folder, ".infra", "audit.jsonl");
        const entry = (stack: string, minute: number, changes: object[]) => ({
            time: `2026-01-01T00:0${minute}:00.000Z`,
            by: { user: "me", host: "here" },
            ...{ command: "rotate", stack, outcome: "done", target: "user", changes },
        });
        const lines = [
            entry("dev", 1, [{ why: "create key 2", from: "a", to: "b" }]),
            entry("prod", 2, []),
            entry("dev", 3, [{ variable: "S3_BUCKET_NAME", to: "b\u001b[31m" }]),
        ].map((line) => JSON.stringify(line));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `${lines.join("\n")}\n{"time":`);
        const { exitCode, stdout, stderr } = await infra("history");
        assert.equal(exitCode, 0);
        assert.deepEqual(stdout.trimEnd().split("\n"), [
            '2026-01-01T00:03:00.000Z  me@here  rotate  done  user  "variable S3_BUCKET_NAME, to b\\u001b[31m"',
            "2026-01-01T00:01:00.000Z  me@here  rotate  done  user  create key 2",
        ]);
        assert.match(stderr, /not being records: 1 lines/);
        rmSync(dirname(file), { recursive: true });
    });

    it("refuses clinical-ai, whose keys are never in a file; no file; an unknown service", async () => {
        const [clinicalAi, nothing, nobody] = await Promise.all([
            infra("env", "clinical-ai", "--out", join(folder, "x")),
            infra("env", "rl-studio", "--json"),
            infra("env", "nobody", "--print"),
        ]);
        assert.deepEqual([clinicalAi.exitCode, nothing.exitCode, nobody.exitCode], [2, 2, 2]);
        assert.match(clinicalAi.stderr, /keys come through Vault and are never written to a file/);
        const { error } = JSON.parse(nothing.stdout) as { error: { reason: string; fix: string } };
        assert.equal(error.reason, "No file is named.");
        assert.match(error.fix, /--out FILE .+--check.+--print/);
    });

    it("is of no use without the stack's outputs: exit code 3, and no file", async () => {
        const path = join(folder, "none.env");
        const { exitCode, stderr } = await infra("env", "rl-studio", "--out", path);
        assert.equal(exitCode, 3, stderr);
        assert.equal(existsSync(path), false);
    });

    it("says where models answer, and writes it over nothing but its like (E12)", async () => {
        const [path, other] = [join(folder, "endpoints.json"), join(folder, "other")];
        writeFileSync(other, "somebody's\n");
        const [printed, refused, tried] = await Promise.all([
            infra("endpoints", "llm-models"),
            infra("endpoints", "llm-models", "--out", other),
            infra("endpoints", "llm-models", "--out", path, "--dry-run", "--json"),
        ]);
        const { endpoints } = JSON.parse(printed.stdout) as { endpoints: { aws: { url: string } } };
        assert.equal(endpoints.aws.url, "https://bedrock-runtime.us-east-1.amazonaws.com");
        assert.deepEqual([refused.exitCode, readFileSync(other, "utf8")], [2, "somebody's\n"]);
        assert.deepEqual([tried.exitCode, existsSync(path)], [0, false]);
        writeFileSync(path, '{"endpoints":{}}');
        const { exitCode, stdout } = await infra("endpoints", "llm-models", "--out", path, "--json");
        const { dryRun, changed, content } = JSON.parse(stdout) as Record<string, unknown>;
        assert.deepEqual([exitCode, dryRun, changed, content], [0, false, true, JSON.parse(printed.stdout)]);
        assert.equal(readFileSync(path, "utf8"), `${printed.stdout}\n`);
        const { entries } = checkout.audit("endpoints.json");
        assert.deepEqual(
            entries.map(({ command, outcome, changes }) => [command, outcome, changes]),
            [["endpoints", "done", [{ file: path, was: "differs" }]]],
        );
    });

    it("does not say where a gate answers before it is deployed: AWS names its address (E12)", async () => {
        const { exitCode, stdout } = await infraOf("staging", "endpoints", "llm-models");
        assert.deepEqual([exitCode, stdout], [3, ""]);
    });

    it("says where a scan's files go, and refuses what would lead elsewhere (C5)", async () => {
        const [plain, json, bad] = await Promise.all([
            infra("key", "acme/api", "run-7", "--date", "2025-03-09"),
            infra("key", "api", "7", "--date", "2025-03-09", "--json"),
            infra("key", "../x", "7"),
        ]);
        assert.equal(plain.stdout, "repo-scans/snapshotter/acme/api/2025/03/09/run-7/");
        assert.deepEqual(JSON.parse(json.stdout), {
            stack: "dev",
            bucket: "fruitful-lab-snapshots-dev",
            key: "repo-scans/snapshotter/api/2025/03/09/7/",
        });
        assert.equal(bad.exitCode, 2);
        assert.match(bad.stderr, /repo: got "\.\.\/x", expected a name or owner\/name of letters, digits/);
    });
});
