import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type CommandContext } from "../../ops/cli/command";
import { type InfraError } from "../../ops/common/errors";
import { creds } from "../../ops/creds";
import { sessionSeconds } from "../../ops/creds/duration";
import { environmentFor, exportLines, processDocument } from "../../ops/creds/environment";
import { identityFault } from "../../ops/creds/identity";
import { migrateMlflow, planMigration } from "../../ops/creds/migrate-mlflow";
import { projectFolder } from "../../ops/creds/project";
import { resolveCredentials } from "../../ops/creds/resolve";
import { runCommand } from "../../ops/creds/run";
import { summaryOf } from "../../ops/creds/summary";
import { type FileState, readState } from "../../ops/creds/variables";
import { type AuditEntry, auditFile } from "../../ops/stack/audit";
import { repositoryHost } from "../../ops/stack/repository-host";
import { serviceFacts, type ServiceName } from "../../services";
import { type VariableSources } from "../../services/credential-sources";

const id = "AKIAIOSFODNN7EXAMPLE";
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const otherId = "AKIAI44QH8DHBEXAMPLE";
const otherSecret = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY";

const sourcesOf = (service: ServiceName) => serviceFacts[service].credentials as VariableSources;
const pair = (prefix = "AWS_", [first, second] = [id, secret]) =>
    `${prefix}ACCESS_KEY_ID=${first}\n${prefix}SECRET_ACCESS_KEY=${second}\n`;
const asEnvironment = (text: string) =>
    Object.fromEntries(
        text
            .trim()
            .split("\n")
            .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );

const mlflowOutputs = {
    region: "us-east-1",
    bucketName: "mlflow-basketworld-dev",
    prefix: "mlflow-artifacts/",
    artifactRoot: "s3://mlflow-basketworld-dev/mlflow-artifacts",
    userName: "mlflow-basketworld-dev",
    accessKeyId: id,
    secretAccessKey: secret,
    accessKeyIds: [id],
};

const gateless = {
    region: "us-east-1",
    models: ["meta.one", "meta.two"],
    userName: "deployer-ddf-llm-models-dev",
    budgetName: "budget",
    monthlyLimitUsd: 50,
    alertPercent: 80,
    alertEmails: ["a@example.org"],
    topicArn: "arn:aws:sns:us-east-1:111111111111:alerts",
    denyPolicyArn: "arn:aws:iam::111111111111:policy/deny",
    shutOffRoleArn: "arn:aws:iam::111111111111:role/shut-off",
    sessionRoleArn: "arn:aws:iam::111111111111:role/sessions",
    budgetAction: false,
    keeper: {
        tableName: "table",
        controlName: "keeper",
        brakePolicyArn: "arn:aws:iam::111111111111:policy/brake",
        topicArn: "arn:aws:sns:us-east-1:111111111111:gate-alerts",
    },
    accessKeyId: id,
    secretAccessKey: secret,
    accessKeyIds: [id],
};
let llmModelsOutputs: Omit<typeof gateless, "sessionRoleArn"> & { sessionRoleArn?: string; gate?: object } = gateless;

type Files = Readonly<Record<string, string | FileState>>;

/** Resolves from literal inputs; a file is its text. */
function resolve(service: ServiceName, files: Files = {}, environment: Readonly<Record<string, string>> = {}) {
    const states = Object.fromEntries(
        Object.entries(files).map(([path, given]): [string, FileState] => [
            path,
            typeof given === "string" ? { kind: "text", text: given } : given,
        ]),
    );
    return resolveCredentials(sourcesOf(service), { environment, files: states }, "eu-west-1");
}

/** Which: the place, the prefix and the keys. */
function found(...given: Parameters<typeof resolve>) {
    const { credentials } = resolve(...given);
    return credentials && [credentials.place, credentials.set.prefix, credentials.keys.accessKeyId];
}

/** The fault's words, in which there is no secret. */
function fault(...given: Parameters<typeof resolve>): string {
    try {
        resolve(...given);
    } catch (error) {
        const { message } = error as InfraError;
        for (const value of [secret, otherSecret]) assert.ok(!message.includes(value));
        return message;
    }
    return "none";
}

describe("rl-studio's credentials (A4)", () => {
    it("are those of the first of its files that exists", () => {
        const [env, prod, dev] = sourcesOf("rl-studio").files;
        assert.deepEqual([env, prod, dev], ["backend/.env", "backend/tokens/prod.txt", "backend/tokens/dev.txt"]);
        const other = pair("AWS_", [otherId, otherSecret]);
        assert.deepEqual(found("rl-studio", { [env]: pair(), [prod]: other }), [env, "AWS_", id]);
        assert.deepEqual(found("rl-studio", { [prod]: pair(), [dev]: other }), [prod, "AWS_", id]);
        assert.deepEqual(found("rl-studio", { [dev]: pair() }), [dev, "AWS_", id]);
        assert.equal(found("rl-studio", { ".env": pair() }), undefined);
    });

    it("are not looked for further where that file has none, half of them, or cannot be read", () => {
        const later = { "backend/tokens/prod.txt": pair() };
        assert.equal(found("rl-studio", { "backend/.env": "S3_BUCKET_NAME=x\n", ...later }), undefined);
        assert.match(
            fault("rl-studio", { "backend/.env": `AWS_ACCESS_KEY_ID=${id}\n`, ...later }),
            /Half a set .* AWS_ACCESS_KEY_ID is set in backend\/\.env, AWS_SECRET_ACCESS_KEY is not set/,
        );
        assert.match(
            fault("rl-studio", { "backend/.env": { kind: "unreadable", why: "is a folder" }, ...later }),
            /backend\/\.env is there, but is a folder; no other place is looked at/,
        );
    });

    it("are never the environment's", () => assert.equal(found("rl-studio", {}, asEnvironment(pair())), undefined));

    it("go with the region that the file says, else with the service's default", () => {
        const region = (text: string) =>
            resolve("rl-studio", { "backend/.env": text }, { AWS_DEFAULT_REGION: "x" }).region;
        assert.equal(region("AWS_DEFAULT_REGION=eu-north-1\n").name, "eu-north-1");
        assert.equal(region("AWS_DEFAULT_REGION=\n").name, "us-east-1");
        assert.deepEqual(region("AWS_REGION=eu-north-1\n"), {
            name: "eu-north-1",
            from: "AWS_REGION in backend/.env",
        });
        assert.equal(region("AWS_REGION=eu-west-1\nAWS_DEFAULT_REGION=eu-north-1\n").name, "eu-north-1");
        assert.match(
            fault("rl-studio", { "backend/.env": `AWS_DEFAULT_REGION=${secret}` }),
            /holds what is no AWS region/,
        );
    });
});

describe("a region that libraries would disagree about", () => {
    const why = (text: string) => resolve("llm-models", { ".env": text }).why.filter((line) => /AWS_REGION/.test(line));

    it("is said, with what to set", () => {
        assert.deepEqual(why("AWS_REGION=eu-west-2\n"), [
            "AWS_REGION is set in .env, which boto3 does not read: set AWS_DEFAULT_REGION=eu-west-2 there.",
        ]);
        assert.deepEqual(why("AWS_REGION=eu-west-2\nAWS_DEFAULT_REGION=eu-west-3\n"), [
            "AWS_REGION in .env is another region, which most libraries but boto3 take: make them the same.",
        ]);
        assert.deepEqual(why("AWS_REGION=eu-west-2\nAWS_DEFAULT_REGION=eu-west-2\n"), []);
        assert.deepEqual(why("AWS_DEFAULT_REGION=eu-west-2\n"), []);
    });
});

describe("mlflow's credentials (D3)", () => {
    it("are MLFLOW_AWS_*, then AWS_*, wherever each is set", () => {
        const own = pair("MLFLOW_AWS_", [otherId, otherSecret]);
        assert.deepEqual(found("mlflow", { ".env": own + pair() }), [".env", "MLFLOW_AWS_", otherId]);
        assert.deepEqual(found("mlflow", { ".env": own }, asEnvironment(pair())), [".env", "MLFLOW_AWS_", otherId]);
        assert.deepEqual(found("mlflow", { ".env": pair() }), [".env", "AWS_", id]);
        assert.equal(found("mlflow"), undefined);
    });

    it("are the environment's where it sets what the file sets too", () =>
        assert.deepEqual(
            found(
                "mlflow",
                { ".env": pair("MLFLOW_AWS_", [otherId, otherSecret]) },
                asEnvironment(pair("MLFLOW_AWS_")),
            ),
            ["the environment", "MLFLOW_AWS_", id],
        ));

    it("that are half-set, or of two places, are refused", () => {
        const half = `MLFLOW_AWS_SECRET_ACCESS_KEY=${secret}\n`;
        assert.match(fault("mlflow", { ".env": half + pair() }), /MLFLOW_AWS_ACCESS_KEY_ID is not set/);
        assert.match(
            fault("mlflow", { ".env": pair() }, { AWS_SESSION_TOKEN: "t".repeat(20) }),
            /Credentials from two places: AWS_ACCESS_KEY_ID is set in \.env, AWS_SESSION_TOKEN in the environment\..*\n.*environment: AWS_SESSION_TOKEN;/,
        );
        assert.match(
            fault("mlflow", { ".env": pair("MLFLOW_AWS_") }, { MLFLOW_AWS_ACCESS_KEY_ID: "" }),
            /MLFLOW_AWS_ACCESS_KEY_ID is set to nothing in the environment\.\nUnset/,
        );
        assert.match(fault("mlflow", { ".env": "AWS_SESSION_TOKEN=x\n" }), /Half a set/);
    });

    it("have a region that falls back by itself", () => {
        const region = (text: string) => resolve("mlflow", { ".env": pair("MLFLOW_AWS_") + text }).region.name;
        assert.equal(region("MLFLOW_AWS_DEFAULT_REGION=us-west-2\nAWS_DEFAULT_REGION=us-east-2"), "us-west-2");
        assert.equal(region("AWS_DEFAULT_REGION=us-east-2"), "us-east-2");
        assert.equal(region(""), "eu-west-1");
    });

    it("are summed up without a secret (D4)", () => {
        const summary = (text: string) => summaryOf(sourcesOf("mlflow").tracking!, resolve("mlflow", { ".env": text }));
        assert.deepEqual(
            summary(
                `${pair("MLFLOW_AWS_")}MLFLOW_ARTIFACT_ROOT=s3://b/mlflow-artifacts\n` +
                    "MLFLOW_TRACKING_URI=postgresql://u:p/w@db/mlflow?password=x\n",
            ),
            {
                trackingUri: "postgresql://***@db/mlflow?***",
                storageType: "S3 (Remote)",
                artifactRoot: "s3://b/mlflow-artifacts",
                credentials: "project-specific (MLFLOW_AWS_*)",
                region: "eu-west-1",
            },
        );
        for (const [written, shown] of [
            ["user:pw@host/x", "***@host/x"],
            ["https://u:geh#eim@host", "https://***@host"],
            ["https://u:12#3@host:5000/x#y", "https://***@host:5000/x#***"],
            // What is read ends before the password does: nothing of it is shown.
            ["https://u:12 #3@host", "https://***"],
            ["https://u:geheim", "https://***"],
            ["u:12 #3@host", "***"],
            ["u:geheim", "***"],
            ["https://u:ge heim@host", "https://***@host"],
            ["https://${U}:${P:-geh@eim}@host", "https://***@host"],
            ["https://h/${AWS_SECRET_ACCESS_KEY}", "https://h/${AWS_SECRET_ACCESS_KEY}"],
            ["https://h/${AWS_SECRET_ACCESS_KEY:-geheim}", "https://***"],
            ["postgresql://h/db;password=geheim", "postgresql://***"],
            ["host=h password=geheim", "***"],
            ["https://u:1234 #eim%40host", "https://***"],
            ["https://h:5000/x # why", "https://h:5000/x"],
            ["http://[::1]:5000", "http://[::1]:5000"],
            ["sqlite:///mlflow.db", "sqlite:///mlflow.db"],
            ["databricks", "databricks"],
        ]) {
            assert.equal(summary(`MLFLOW_TRACKING_URI=${written}`).trackingUri, shown);
            assert.equal(summary(`MLFLOW_ARTIFACT_ROOT=${written}`).artifactRoot, shown);
        }
        assert.equal(summary(pair()).credentials, "global (AWS_*)");
        assert.deepEqual(summary("MLFLOW_ARTIFACT_ROOT=./mlruns"), {
            trackingUri: null,
            storageType: "Local",
            artifactRoot: "./mlruns",
            credentials: "none",
            region: "eu-west-1",
        });
    });
});

describe("credentials in a file", () => {
    const llmModels = (text: string) => found("llm-models", { ".env": text });
    const own = [".env", "AWS_", id];

    it("are read with quotes, export, comments and either line end; of a variable given twice the last counts", () => {
        assert.deepEqual(llmModels(pair().replaceAll("\n", "\r\n")), own);
        assert.deepEqual(llmModels(`export AWS_ACCESS_KEY_ID="${id}" # x\nAWS_SECRET_ACCESS_KEY = '${secret}'\n`), own);
        assert.deepEqual(llmModels(`${pair("AWS_", [otherId, otherSecret])}${pair()}`), own);
    });

    it("that are no keys are refused, and not shown", () => {
        const refused = (text: string) => fault("llm-models", { ".env": text });
        assert.match(
            refused(`AWS_ACCESS_KEY_ID="${id}\n${pair().split("\n")[1]}`),
            /AWS_ACCESS_KEY_ID is not set\.\n.* Of \.env, line 1 set nothing: is a quote not closed\?/,
        );
        assert.match(refused(pair("AWS_", [`\`${id}\``, secret])), /ID in \.env .* it has a quote/);
        assert.match(
            refused(`${pair().trim()} x\n`),
            /SECRET_ACCESS_KEY in \.env holds what is no key: it has white space/,
        );
        assert.match(refused(pair("AWS_", [secret, id])), /AWS_ACCESS_KEY_ID in \.env holds what is no key/);
        assert.match(refused(pair("AWS_", ["changeme", secret])), /it is too short/);
        assert.match(refused(pair("AWS_", [id, ""])), /AWS_SECRET_ACCESS_KEY is set to nothing in \.env/);
        assert.match(refused(`${pair()}AWS_SESSION_TOKEN=" "\n`), /AWS_SESSION_TOKEN in \.env .* white space/);
    });

    it("of the environment may come from a file with the line ends of Windows: they are refused", () =>
        assert.match(fault("snapshotter", {}, asEnvironment(pair().replaceAll("\n", "\r\n") + "X=1")), /white space/));
});

describe("a file with variables", () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "platform-creds-unit-"))));
    afterEach(() => rmSync(folder, { recursive: true }));

    it("is missing where nothing is, a link leads nowhere or its folder is a file", () => {
        symlinkSync(join(folder, "nowhere"), join(folder, "link"));
        writeFileSync(join(folder, "file"), "");
        for (const path of ["none", "link", "file/.env"]) {
            assert.deepEqual(readState(join(folder, path)), { kind: "missing" });
        }
    });

    it("is unreadable where it is a folder, a pipe or no text", () => {
        mkdirSync(join(folder, "folder"));
        execFileSync("mkfifo", [join(folder, "pipe")]);
        writeFileSync(join(folder, "utf16"), Buffer.from("AWS_ACCESS_KEY_ID=x", "utf16le"));
        const why = ["folder", "pipe", "utf16"].map((path) => readState(join(folder, path)));
        assert.deepEqual(why, [
            { kind: "unreadable", why: "is a folder" },
            { kind: "unreadable", why: "is no plain file" },
            { kind: "unreadable", why: "is no text in UTF-8" },
        ]);
    });
});

describe("whose keys may be used", () => {
    const arn = "arn:aws:iam::111111111111:user/mlflow-basketworld-dev";
    const expected = { accountIds: ["111111111111"], user: "mlflow-basketworld-dev" };

    it("those of the stack's account and the service's user", () => {
        assert.equal(identityFault({ account: "111111111111", arn }, expected), undefined);
        assert.match(identityFault({ account: "999999999999", arn }, expected)!, /belong to account 999999999999/);
        const others = [
            "user/mlflow-basketworld",
            "user/x/mlflow-basketworld-dev",
            "root",
            "assumed-role/a/mlflow-basketworld-dev",
        ];
        for (const resource of others) {
            const other = { account: "111111111111", arn: `arn:aws:iam::111111111111:${resource}` };
            assert.match(
                identityFault(other, expected)!,
                /and the service's are those of user\/mlflow-basketworld-dev/,
            );
        }
    });

    it("of a fallback anybody's of the account", () => {
        const role = { account: "111111111111", arn: "arn:aws:sts::111111111111:assumed-role/admin/me" };
        assert.equal(identityFault(role, { accountIds: expected.accountIds }), undefined);
        assert.match(identityFault({ ...role, account: "999999999999" }, expected)!, /account 999999999999/);
    });
});

describe("the length of a session", () => {
    it("is 15 minutes to 36 hours", () => {
        assert.deepEqual(["15m", "900s", "1h", "36h"].map(sessionSeconds), [900, 900, 3600, 129_600]);
        for (const text of ["14m", "899s", "37h", "1", "h", "1h30m", "-1h", "1.5h", "1e3s", ""]) {
            assert.throws(() => sessionSeconds(text), /Expected/);
        }
    });
});

describe("the environment of a command", () => {
    const [own, global] = sourcesOf("mlflow").sets;
    const keys = { accessKeyId: id, secretAccessKey: secret };
    const base = {
        AWS_ACCESS_KEY_ID: id,
        AWS_SECRET_ACCESS_KEY: secret,
        AWS_SESSION_TOKEN: "",
        AWS_DEFAULT_REGION: "us-east-1",
        AWS_REGION: "us-east-1",
        AWS_CONFIG_FILE: "/dev/null",
        AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
        AWS_EC2_METADATA_DISABLED: "true",
    };

    it("has these credentials, also under the service's own names, and the rest of the caller's", () => {
        const caller = { PATH: "/bin", HOME: "/home/me", AWS_PROFILE: "other", AWS_ROLE_ARN: "x", MLFLOW_AWS_X: "y" };
        const env = environmentFor(caller, { keys, set: own, region: "us-east-1", aws: {} });
        assert.deepEqual(env, {
            PATH: "/bin",
            HOME: "/home/me",
            ...base,
            MLFLOW_AWS_ACCESS_KEY_ID: id,
            MLFLOW_AWS_SECRET_ACCESS_KEY: secret,
            MLFLOW_AWS_SESSION_TOKEN: "",
            MLFLOW_AWS_DEFAULT_REGION: "us-east-1",
        });
    });

    it("leads to the local AWS where that is what there is", () => {
        const aws = { endpoint: "https://127.0.0.1:1", caBundle: "/ca.pem" };
        assert.deepEqual(environmentFor({}, { keys, set: global, region: "us-east-1", aws }), {
            ...base,
            AWS_ENDPOINT_URL: "https://127.0.0.1:1",
            AWS_CA_BUNDLE: "/ca.pem",
            NODE_EXTRA_CA_CERTS: "/ca.pem",
        });
    });
});

describe("credentials that are printed", () => {
    const [own] = sourcesOf("mlflow").sets;
    const runAs = { keys: { accessKeyId: id, secretAccessKey: "it's" }, set: own, region: "us-east-1", aws: {} };
    const caller = { AWS_PROFILE: "other", AWS_SESSION_TOKEN: "other", "AWS_$(touch x)": "", HOME: "/home/me" };

    it("are for a shell what a command with them has, and nothing of the caller's own", () => {
        const shown = execFileSync("sh", ["-c", `${exportLines(caller, runAs)}env`], {
            env: { ...caller, PATH: process.env.PATH },
        });
        const { PATH, PWD, OLDPWD, SHLVL, _, ...env } = asEnvironment(shown.toString());
        assert.ok([PATH, PWD, OLDPWD, SHLVL, _].length > 0);
        const own = Object.fromEntries(Object.entries(env).filter(([name]) => !name.includes("$")));
        assert.deepEqual(own, environmentFor({ HOME: "/home/me" }, runAs));
    });

    it("are for AWS's libraries the document of a credential_process", () => {
        const keys = { accessKeyId: id, secretAccessKey: secret };
        assert.deepEqual(JSON.parse(JSON.stringify(processDocument(keys))), {
            Version: 1,
            AccessKeyId: id,
            SecretAccessKey: secret,
        });
        const expires = new Date("2030-01-01T00:00:00Z");
        assert.deepEqual(processDocument({ ...keys, sessionToken: "t" }, expires), {
            Version: 1,
            AccessKeyId: id,
            SecretAccessKey: secret,
            SessionToken: "t",
            Expiration: "2030-01-01T00:00:00.000Z",
        });
    });
});

describe("a command that is run", () => {
    const node = (code: string) => runCommand([process.execPath, "-e", code], {});

    it("ends with its own exit code, or with 128 and the signal's number", async () => {
        assert.equal(await node("process.exit(5)"), 5);
        assert.equal(await node("process.kill(process.pid, 'SIGKILL')"), 137);
    });

    it("that does not exist is a wrong command line", () =>
        assert.rejects(runCommand(["no-such-program"], { PATH: "/bin" }), {
            exitCode: 2,
            reason: '"no-such-program" could not be started: there is no such program.',
        }));

    it("that cannot be one is a wrong command line too", async () => {
        await assert.rejects(runCommand([""], {}), {
            exitCode: 2,
            reason: '"" could not be started: there is no such program.',
        });
        await assert.rejects(runCommand(["/"], {}), { exitCode: 2, reason: '"/" could not be started: EACCES.' });
    });

    it("leaves the listeners of signals as they were", async () => {
        const listener = () => undefined;
        process.on("SIGTERM", listener);
        await node("");
        assert.ok(process.listeners("SIGTERM").includes(listener));
        process.off("SIGTERM", listener);
    });
});

describe("infra creds and infra migrate with what AWS answers", () => {
    let sts: Server;
    let calls: string[];
    let assumed: URLSearchParams | undefined;
    let answer: { status: number; body: string };
    let listed: { status: number; body: string };
    let folder: string;
    let words: { stdout: string; stderr: string };
    before(async () => {
        sts = createServer((request, response) => {
            let body = "";
            request.on("data", (part) => (body += part));
            request.on("end", () => {
                // A call of S3 has its words in the address.
                const action = new URLSearchParams(body).get("Action") ?? request.url!;
                calls.push(action);
                const { status, body: said } = action.startsWith("/") ? listed : answer;
                response.writeHead(status, { "content-type": "text/xml" });
                if (action === "AssumeRole") assumed = new URLSearchParams(body);
                response.end(action === "GetSessionToken" ? session : action === "AssumeRole" ? roleSession : said);
            });
        });
        await new Promise<void>((resolve) => sts.listen(0, "127.0.0.1", resolve));
    });
    after(() => sts.close());
    let callers: [string, string | undefined][];
    beforeEach(() => {
        callers = ofMlflow();
        for (const [name] of callers) delete process.env[name];
        calls = [];
        assumed = undefined;
        folder = mkdtempSync(join(tmpdir(), "platform-creds-unit-"));
        mkdirSync(join(folder, "backend"));
        writeFileSync(join(folder, "backend", ".env"), pair());
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
        for (const [name] of ofMlflow()) delete process.env[name];
        Object.assign(process.env, Object.fromEntries(callers));
    });

    /** What of this process mlflow would read. */
    const ofMlflow = () => Object.entries(process.env).filter(([name]) => /^(MLFLOW|AWS)_/.test(name));

    const callerIdentity = (account: string, resource: string) => ({
        status: 200,
        body:
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
            `<Arn>arn:aws:iam::${account}:${resource}</Arn><UserId>AIDA</UserId><Account>${account}</Account>` +
            "</GetCallerIdentityResult></GetCallerIdentityResponse>",
    });
    const session =
        '<GetSessionTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetSessionTokenResult><Credentials>' +
        `<AccessKeyId>ASIAEXAMPLE000000000</AccessKeyId><SecretAccessKey>${otherSecret}</SecretAccessKey>` +
        "<SessionToken>token-of-session</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>" +
        "</Credentials></GetSessionTokenResult></GetSessionTokenResponse>";
    const roleSession = session.replaceAll("GetSessionToken", "AssumeRole");
    const own = () => callerIdentity("111111111111", "user/rl-studio-rollouts-service-user-dev");

    /** Runs `infra creds` on stack `dev`. */
    const run = (
        options: { session?: number; exec?: boolean; model?: string[] },
        command: string[] = [],
        service = "rl-studio",
    ) => captured(!options.exec, (context) => creds(context, { directory: folder, ...options }, service, command));

    /** Runs a command with the answers of AWS; no secret is in what it says. */
    async function captured(json: boolean, command: (context: CommandContext) => Promise<number>, dryRun = true) {
        const endpoint = `http://127.0.0.1:${(sts.address() as AddressInfo).port}`;
        const stdout = JSON.stringify({ mlflow: mlflowOutputs, "llm-models": llmModelsOutputs });
        const context: CommandContext = {
            stack: "dev",
            json,
            dryRun,
            yes: true,
            interrupted: new AbortController().signal,
            host: {
                ...repositoryHost,
                aws: { endpoint },
                pulumi: () => Promise.resolve({ exitCode: 0, stdout, stderr: "" }),
            },
        };
        const written = { stdout: process.stdout.write, stderr: process.stderr.write };
        words = { stdout: "", stderr: "" };
        for (const stream of ["stdout", "stderr"] as const) {
            process[stream].write = (text) => ((words[stream] += String(text)), true);
        }
        try {
            return await command(context);
        } finally {
            Object.assign(process.stdout, { write: written.stdout });
            Object.assign(process.stderr, { write: written.stderr });
            for (const value of [secret, otherSecret]) assert.ok(!`${words.stdout}${words.stderr}`.includes(value));
        }
    }

    it("makes no other call with keys of another account or user than the one that asks whose they are", async () => {
        const ran = join(folder, "ran");
        for (const other of [callerIdentity("999999999999", "user/x"), callerIdentity("111111111111", "user/x")]) {
            answer = other;
            const refused = run({ session: 900, exec: true }, ["touch", ran]);
            await assert.rejects(refused, {
                exitCode: 1,
                fix: `Give the service its own: infra env rl-studio --stack dev --out ${join(folder, "backend", ".env")}`,
            });
        }
        assert.deepEqual(calls, ["GetCallerIdentity", "GetCallerIdentity"]);
        assert.ok(!existsSync(ran));
    });

    it("says which check failed where AWS refuses the keys, and that it could not be reached where it does not answer", async () => {
        const error = (code: string) => `<ErrorResponse><Error><Code>${code}</Code></Error></ErrorResponse>`;
        answer = { status: 403, body: error("InvalidClientTokenId") };
        await assert.rejects(run({}), { exitCode: 1, reason: "AWS does not take these keys: InvalidClientTokenId." });
        writeFileSync(join(folder, "backend", ".env"), `${pair()}AWS_SESSION_TOKEN=token\n`);
        await assert.rejects(run({}), {
            fix: `${id} is a user's own key, which has no session token, and one stands beside it: remove the variable that ends in SESSION_TOKEN where the key is set.`,
        });
        answer = { status: 500, body: error("InternalFailure") };
        await assert.rejects(run({}), { exitCode: 3 });
    });

    it("makes a session of the service's own keys, and gives the command that one", async () => {
        answer = own();
        assert.equal(await run({ session: 900 }), 0);
        assert.deepEqual((JSON.parse(words.stdout) as Record<string, unknown>).session, {
            accessKeyId: "ASIAEXAMPLE000000000",
            expires: "2030-01-01T00:00:00.000Z",
        });
        const out = join(folder, "out");
        const line = ["sh", "-c", `echo "$AWS_ACCESS_KEY_ID $AWS_SESSION_TOKEN" > "$0"; exit 4`, out];
        assert.equal(await run({ session: 900, exec: true }, line), 4);
        assert.equal(readFileSync(out, "utf8"), "ASIAEXAMPLE000000000 token-of-session\n");
        assert.deepEqual(calls, ["GetCallerIdentity", "GetSessionToken", "GetCallerIdentity", "GetSessionToken"]);
    });

    describe("and a session that is narrowed to models (E11)", () => {
        const narrowed = (model: string[], session: number | undefined = 3600, service = "llm-models") =>
            run({ session, model }, [], service);
        beforeEach(() => {
            llmModelsOutputs = gateless;
            writeFileSync(join(folder, ".env"), pair());
            answer = callerIdentity("111111111111", "user/deployer-ddf-llm-models-dev");
        });

        it("is one of the role that is there for it, with a policy for these models alone", async () => {
            assert.equal(await narrowed(["meta.two"]), 0);
            assert.deepEqual(calls, ["GetCallerIdentity", "AssumeRole"]);
            const { session: made } = JSON.parse(words.stdout) as { session: object };
            const expires = "2030-01-01T00:00:00.000Z";
            assert.deepEqual(made, { accessKeyId: "ASIAEXAMPLE000000000", expires, models: ["meta.two"] });
            const sent = Object.fromEntries(
                ["RoleArn", "RoleSessionName", "DurationSeconds"].map((name) => [name, assumed!.get(name)]),
            );
            assert.deepEqual(sent, {
                RoleArn: gateless.sessionRoleArn,
                RoleSessionName: "deployer-ddf-llm-models-dev",
                DurationSeconds: "3600",
            });
            const { Statement } = JSON.parse(assumed!.get("Policy")!) as { Statement: object[] };
            assert.deepEqual(Statement, [
                {
                    Sid: "AllowInvokingModels",
                    Effect: "Allow",
                    Action: ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
                    Resource: ["arn:aws:bedrock:us-east-1::foundation-model/meta.two"],
                },
            ]);
            assert.match(words.stderr, /invokes +meta\.two, and nothing else/);
        });

        it("is refused without a call of AWS where there can be none", async () => {
            const refusals: [Promise<number>, object][] = [
                [narrowed(["meta.three"]), { exitCode: 2, reason: /Stack dev has no model meta\.three/ }],
                [narrowed(["meta.one"], 3601), { exitCode: 2, reason: /lasts 1h at most/ }],
                [run({ model: ["meta.one"] }, [], "llm-models"), { exitCode: 2, fix: "Add --session 1h." }],
                [narrowed(["meta.one"], 3600, "rl-studio"), { exitCode: 2, reason: "rl-studio invokes no models." }],
            ];
            for (const [refused, expected] of refusals) await assert.rejects(refused, expected);
            const many = Array.from({ length: 30 }, (_, index) => `meta.a-model-with-a-long-name-${index}`);
            llmModelsOutputs = { ...gateless, models: many };
            await assert.rejects(narrowed(many), { exitCode: 2, fix: "Name fewer models." });
            llmModelsOutputs = { ...gateless, sessionRoleArn: undefined };
            await assert.rejects(narrowed(["meta.one"]), { exitCode: 1, reason: /no role for such sessions yet/ });
            assert.deepEqual(calls, []);
        });

        it("is refused behind a gate, with what does instead", async () => {
            const create = "infra gate keys create NAME --stack dev --model meta.one --expires 1h";
            const gate = { url: "https://a.example/", functionName: "gate", roleName: "role" };
            const limits = { requestsPerHour: 1, requestsPerDay: 2, cacheMinutes: 60 };
            llmModelsOutputs = { ...gateless, sessionRoleArn: undefined, gate: { ...gate, ...limits } };
            await assert.rejects(narrowed(["meta.one"]), {
                exitCode: 1,
                reason: /has a gate, which alone invokes the models/,
                fix: `A gate key can be narrowed. Set gate.keys: true in platform:llm-models, deploy, and run: ${create}`,
            });
            llmModelsOutputs.gate = { ...gate, ...limits, keysUrl: "https://b.example/" };
            await assert.rejects(narrowed(["meta.one"]), { fix: `Use a gate key, which can be narrowed: ${create}` });
            assert.deepEqual(calls, []);
        });
    });

    it("makes no session of temporary keys", async () => {
        answer = own();
        writeFileSync(join(folder, "backend", ".env"), `${pair()}AWS_SESSION_TOKEN=token\n`);
        await assert.rejects(run({ session: 900 }), { exitCode: 1, reason: /temporary already/ });
        assert.deepEqual(calls, []);
    });

    it("fails where there are no credentials, with a document; runs nothing then", async () => {
        rmSync(join(folder, "backend", ".env"));
        assert.equal(await run({}), 1);
        assert.equal((JSON.parse(words.stdout) as Record<string, unknown>).source, null);
        await assert.rejects(run({ exec: true }, ["true"]), {
            exitCode: 1,
            reason: /There are no credentials/,
            fix: `Write them: infra env rl-studio --stack dev --out ${join(folder, "backend", ".env")}`,
        });
        assert.deepEqual(calls, []);
    });

    it("says of variables that the environment sets to nothing over the file's that they are to be unset", async () => {
        const text = pair("MLFLOW_AWS_") + pair("AWS_", [otherId, otherSecret]);
        writeFileSync(join(folder, ".env"), `${text}MLFLOW_ARTIFACT_ROOT=s3://b/p\n`);
        process.env.MLFLOW_AWS_ACCESS_KEY_ID = process.env.MLFLOW_AWS_SECRET_ACCESS_KEY = "";
        answer = callerIdentity("111111111111", "user/somebody");
        const unset = "Unset there: MLFLOW_AWS_ACCESS_KEY_ID, MLFLOW_AWS_SECRET_ACCESS_KEY.";
        assert.equal(await run({}, [], "mlflow"), 0);
        assert.ok(words.stderr.includes(`not mlflow's own. The environment sets them to nothing`), words.stderr);
        assert.ok(words.stderr.includes(unset));
        process.env.AWS_ACCESS_KEY_ID = process.env.AWS_SECRET_ACCESS_KEY = "";
        assert.equal(await run({}, [], "mlflow"), 1);
        assert.ok(words.stderr.includes("Unset there: MLFLOW_AWS_ACCESS_KEY_ID"));
        assert.ok(!words.stderr.includes("Write them"));
    });

    it("says nothing with --quiet but what is wrong, and prints credentials only once it is known whose they are", async () => {
        answer = own();
        let printed = "";
        const print = (format: "json" | "export") =>
            captured(false, async (context) => {
                const options = { directory: folder, quiet: true, format, session: 900 };
                const code = await creds(context, options, "rl-studio", []);
                printed = words.stdout;
                words.stdout = "";
                return code;
            });
        assert.equal(await print("json"), 0);
        assert.equal((JSON.parse(printed) as { AccessKeyId: string }).AccessKeyId, "ASIAEXAMPLE000000000");
        assert.equal(words.stderr, "");
        assert.equal(await print("export"), 0);
        assert.match(printed, /^export AWS_SESSION_TOKEN='token-of-session'$/m);
        answer = callerIdentity("999999999999", "user/x");
        printed = "";
        await assert.rejects(print("json"), { exitCode: 1 });
        assert.equal(printed, "");
    });

    it("refuses a command without --exec, and --exec without one", async () => {
        await assert.rejects(run({}, ["ls"]), { exitCode: 2, fix: /add --exec/ });
        await assert.rejects(run({ exec: true }), { exitCode: 2, reason: "No command is named." });
    });

    it("refuses in words a folder that is none, whatever is there in its place", () => {
        symlinkSync("loop", join(folder, "loop"));
        for (const path of ["none", "backend/.env", "backend/.env/x", "loop", "x".repeat(300)]) {
            assert.throws(() => projectFolder(join(folder, path)), { exitCode: 2, reason: /: there is no folder / });
        }
    });

    it("says of a folder that it cannot look at why", function () {
        // Root may look everywhere.
        if (process.getuid?.() === 0) this.skip();
        chmodSync(folder, 0);
        try {
            assert.throws(() => projectFolder(join(folder, "x")), { exitCode: 3, reason: /looked at \(EACCES\)/ });
        } finally {
            chmodSync(folder, 0o700);
        }
    });

    it("says of another's keys in the environment where they are to be unset", async () => {
        answer = callerIdentity("111111111111", "user/x");
        Object.assign(process.env, asEnvironment(pair()));
        await assert.rejects(run({}, [], "snapshotter"), {
            exitCode: 1,
            fix: "Unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN in the environment.",
        });
    });

    it("falls back to global keys of the account, whoever's they are, and says so; makes no session of them", async () => {
        answer = callerIdentity("111111111111", "user/somebody");
        writeFileSync(join(folder, ".env"), pair());
        assert.equal(await run({}, [], "mlflow"), 0);
        assert.equal((JSON.parse(words.stdout) as Record<string, unknown>).own, false);
        assert.match(words.stderr, /global \(AWS_\*\), not mlflow's own\. infra migrate mlflow --stack dev/);
        await assert.rejects(run({ session: 900 }, [], "mlflow"), { exitCode: 1, reason: /not the service's own/ });
        answer = callerIdentity("999999999999", "user/somebody");
        await assert.rejects(run({}, [], "mlflow"), { exitCode: 1, reason: /belong to account 999999999999/ });
    });

    /** The new keys are mlflow's, and list what is under the artifact root. */
    const allowed = () => {
        answer = callerIdentity("111111111111", "user/mlflow-basketworld-dev");
        listed = { status: 200, body: "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>" };
    };
    const changesSaid = () => (JSON.parse(words.stdout) as { changes: object[] }).changes;
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder });

    const migrate = () => captured(true, (context) => migrateMlflow(context, { file: join(folder, ".env") }));

    it("tries the new keys under the artifact root before it writes, as the user whose they are", async () => {
        allowed();
        assert.equal(await migrate(), 0);
        assert.deepEqual(calls, [
            "GetCallerIdentity",
            "/mlflow-basketworld-dev/?list-type=2&max-keys=1&prefix=mlflow-artifacts%2F",
        ]);
        listed = { status: 403, body: "<Error><Code>AccessDenied</Code></Error>" };
        await assert.rejects(migrate(), { exitCode: 1, reason: /listing s3:.*: denied \(AccessDenied\)/ });
        answer = callerIdentity("111111111111", "user/somebody");
        await assert.rejects(migrate(), { exitCode: 1, reason: /belong to user\/somebody/ });
        assert.ok(!existsSync(join(folder, ".env")));
    });

    it("migrates nothing where the environment would take the place of what is written", async () => {
        const own = pair("MLFLOW_AWS_");
        const others: [text: string, names: string][] = [
            ["MLFLOW_ARTIFACT_ROOT=s3://other", "MLFLOW_ARTIFACT_ROOT"],
            ["MLFLOW_ARTIFACT_ROOT=", "MLFLOW_ARTIFACT_ROOT"],
            ["MLFLOW_AWS_DEFAULT_REGION=eu-west-1", "MLFLOW_AWS_DEFAULT_REGION"],
            [pair("MLFLOW_AWS_", [otherId, otherSecret]), "MLFLOW_AWS_ACCESS_KEY_ID, MLFLOW_AWS_SECRET_ACCESS_KEY"],
            [pair("MLFLOW_AWS_", [id, otherSecret]), "MLFLOW_AWS_SECRET_ACCESS_KEY"],
            [`${own}MLFLOW_AWS_SESSION_TOKEN=token`, "MLFLOW_AWS_SESSION_TOKEN"],
        ];
        for (const [text, names] of others) {
            const set = asEnvironment(text);
            Object.assign(process.env, set);
            await assert.rejects(migrate(), { exitCode: 1, fix: `Unset there: ${names}.` });
            for (const name of Object.keys(set)) delete process.env[name];
        }
        assert.deepEqual(calls, []);
        allowed();
        Object.assign(process.env, asEnvironment(own));
        assert.equal(await migrate(), 0, "the same keys are no others");
    });

    it("records a migration, without a secret, and nothing where there was nothing to change", async () => {
        allowed();
        const file = join(folder, ".env");
        for (let time = 0; time < 2; time++) {
            assert.equal(await captured(true, (context) => migrateMlflow(context, { file }), false), 0);
        }
        const lines = readFileSync(auditFile, "utf8")
            .split("\n")
            .filter((line) => line.includes(folder));
        assert.equal(lines.length, 1);
        assert.ok(!lines[0].includes(secret));
        const { command, outcome, target, changes } = JSON.parse(lines[0]) as AuditEntry;
        assert.deepEqual([command, outcome, target], ["migrate mlflow", "done", file]);
        assert.deepEqual(changes, planMigration("", mlflowOutputs).changes);
    });

    it("refuses in a dry run too what could not be written, and asks nobody", async () => {
        git("init", "--quiet");
        await assert.rejects(migrate(), { exitCode: 2, reason: /is in a git work tree and not ignored/ });
        const nowhere = captured(true, (context) => migrateMlflow(context, { file: join(folder, "no", ".env") }));
        await assert.rejects(nowhere, { exitCode: 2, reason: /There is no folder/ });
        assert.deepEqual(calls, []);
    });

    it("tightens a file that is current, and that others may read", async () => {
        allowed();
        const text = planMigration("", mlflowOutputs).text;
        writeFileSync(join(folder, ".env"), text, { mode: 0o644 });
        chmodSync(join(folder, ".env"), 0o644);
        assert.equal(await migrate(), 0);
        assert.deepEqual(changesSaid(), [{ mode: "600", was: "644" }]);
        assert.match(words.stderr, /Would change[^]* mode 644 becomes 600/);
        chmodSync(join(folder, ".env"), 0o600);
        assert.equal(await migrate(), 0);
        assert.deepEqual(changesSaid(), []);
    });

    it("of clinical-ai says how its pods get them, and runs nothing with them", async () => {
        assert.equal(await run({}, [], "clinical-ai"), 0);
        assert.equal((JSON.parse(words.stdout) as Record<string, unknown>).identityMode, "static");
        await assert.rejects(run({ exec: true }, ["ls"], "clinical-ai"), {
            exitCode: 2,
            fix: "Run the command in a pod: kubectl exec -n clinical-ai deploy/clinical-ai-prefect-worker -- COMMAND",
        });
    });
});

describe("a migration of mlflow's file (D6)", () => {
    const added =
        `MLFLOW_ARTIFACT_ROOT=${mlflowOutputs.artifactRoot}\n${pair("MLFLOW_AWS_")}` +
        "MLFLOW_AWS_DEFAULT_REGION=us-east-1\n";
    const changesOf = (text: string) =>
        planMigration(text, mlflowOutputs).changes.map(({ change, variable }) => `${change} ${variable}`);

    it("adds the project's own and leaves another's where they are", () => {
        const text = `# mine\nexport X="1" # kept\n${pair("AWS_", [otherId, otherSecret])}\n\n# end`;
        const { text: migrated, changes, globalKeyId } = planMigration(text, mlflowOutputs);
        assert.equal(migrated, `${text}\n${added}`);
        assert.equal(globalKeyId, otherId);
        assert.deepEqual(changes, [
            { variable: "MLFLOW_ARTIFACT_ROOT", change: "add", to: mlflowOutputs.artifactRoot },
            { variable: "MLFLOW_AWS_ACCESS_KEY_ID", change: "add", to: id },
            { variable: "MLFLOW_AWS_SECRET_ACCESS_KEY", change: "add" },
            { variable: "MLFLOW_AWS_DEFAULT_REGION", change: "add", to: "us-east-1" },
        ]);
    });

    it("moves the service's own key, and removes the token of an earlier one", () => {
        const text = `AWS_DEFAULT_REGION=us-east-1\n${pair()}# here\nMLFLOW_AWS_SESSION_TOKEN=x\n`;
        const { text: migrated, globalKeyId } = planMigration(text, mlflowOutputs);
        assert.equal(migrated, `AWS_DEFAULT_REGION=us-east-1\n# here\n${added}`);
        assert.equal(globalKeyId, undefined);
        assert.deepEqual(
            changesOf(text).filter((change) => change.startsWith("remove")),
            ["remove MLFLOW_AWS_SESSION_TOKEN", "remove AWS_ACCESS_KEY_ID", "remove AWS_SECRET_ACCESS_KEY"],
        );
    });

    it("replaces what is there in its place, with its comment and its line ends", () => {
        const text = "MLFLOW_ARTIFACT_ROOT='s3://old' # root\r\nX=1\r\n";
        assert.equal(
            planMigration(text, mlflowOutputs).text,
            `MLFLOW_ARTIFACT_ROOT=${mlflowOutputs.artifactRoot} # root\r\nX=1\r\n` +
                added.split("\n").slice(1).join("\r\n"),
        );
        assert.equal(changesOf(text)[0], "replace MLFLOW_ARTIFACT_ROOT");
    });

    it("of a file that is migrated changes nothing", () => {
        assert.deepEqual(planMigration(added, mlflowOutputs), { text: added, changes: [], globalKeyId: undefined });
        assert.equal(planMigration("", mlflowOutputs).text, added);
    });

    it("keeps a value over several lines that looks like what is moved", () => {
        const note = `NOTE="first\nAWS_ACCESS_KEY_ID=${id}\n"\n`;
        assert.equal(planMigration(note + pair(), mlflowOutputs).text, note + added);
    });
});
