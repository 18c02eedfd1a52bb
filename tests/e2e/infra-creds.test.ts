import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { CreateAccessKeyCommand, CreateUserCommand } from "@aws-sdk/client-iam";
import execa from "execa";
import { parseDocument } from "yaml";

import { cacheDirectory, root } from "../../local/paths";
import { clientsFor, closeClients } from "../../ops/aws/clients";
import { freePorts, TestCloud, until } from "../support/test-cloud";

/** A local cloud with three services. */
class ThreeServices extends TestCloud {
    static override async create(): Promise<ThreeServices> {
        const cloud = new ThreeServices(await freePorts(2));
        const document = parseDocument(readFileSync(join(root, "Pulumi.local.yaml"), "utf8"));
        document.setIn(["config", "platform:services"], document.createNode(["rl-studio", "snapshotter", "mlflow"]));
        for (const other of ["clinical-ai", "llm-models"]) document.deleteIn(["config", `platform:${other}`]);
        writeFileSync(cloud.file("Pulumi.local.yaml"), document.toString());
        return cloud;
    }

    override get env(): NodeJS.ProcessEnv {
        return { ...super.env, PLATFORM_LOCAL_STACK_FILE: this.file("Pulumi.local.yaml") };
    }
}

interface Keys {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
}

const asVariables = ({ accessKeyId, secretAccessKey }: Keys, prefix = "AWS_") =>
    `${prefix}ACCESS_KEY_ID=${accessKeyId}\n${prefix}SECRET_ACCESS_KEY=${secretAccessKey}\n`;

/** Lists a prefix with whatever credentials and address an AWS SDK finds by itself, and ends with 7. */
const listing = `
    const { S3Client, ListObjectsV2Command } = require("@aws-sdk/client-s3");
    const s3 = new S3Client({ forcePathStyle: true });
    const [Bucket, Prefix] = process.argv.slice(-2);
    Promise.all([s3.config.credentials(), s3.send(new ListObjectsV2Command({ Bucket, Prefix }))]).then(
        ([{ accessKeyId, sessionToken }, { KeyCount }]) => {
            console.log(JSON.stringify({ accessKeyId, temporary: Boolean(sessionToken), KeyCount }));
            process.exitCode = 7;
        },
    );`;

describe("infra creds and infra migrate (A4, C6, D3–D6, E11)", function () {
    this.timeout(300_000);
    let cloud: ThreeServices;
    let folder: string;
    let outputs: Record<string, Record<string, string>>;
    let secrets: string[];
    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "platform-creds-"));
        cloud = await ThreeServices.create();
        await cloud.succeed(["pulumi", "up", "--yes", "--skip-preview"]);
        outputs = await cloud.outputs();
        secrets = Object.values(outputs).map(({ secretAccessKey }) => secretAccessKey);
        assert.equal(secrets.length, 3);
        mkdirSync(join(folder, "home", ".aws"), { recursive: true });
        writeFileSync(join(folder, "home", ".aws", "credentials"), `[default]\n${asVariables(keysOf("snapshotter"))}`);
        writeFileSync(join(folder, "home", ".aws", "config"), "[profile other]\nregion = eu-west-1\n");
    });
    after(async () => {
        await cloud.remove();
        rmSync(folder, { recursive: true });
    });

    const keysOf = (service: string) => outputs[service] as unknown as Keys;

    /** A project's folder with these files. */
    function project(files: Readonly<Record<string, string>>): string {
        const place = mkdtempSync(join(folder, "project-"));
        for (const [path, text] of Object.entries(files)) {
            mkdirSync(dirname(join(place, path)), { recursive: true });
            writeFileSync(join(place, path), text);
        }
        return place;
    }

    /** What a caller has that no command may use: a profile, and keys of another service. */
    const foreign = () => ({
        AWS_PROFILE: "other",
        AWS_ACCESS_KEY_ID: keysOf("rl-studio").accessKeyId,
        AWS_SECRET_ACCESS_KEY: keysOf("rl-studio").secretAccessKey,
        AWS_DEFAULT_REGION: "eu-west-1",
    });

    /** Runs `infra <args>`; whatever it says, it never says a secret. */
    async function infra(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
        const result = await cloud.run(["infra", ...args], env);
        for (const secret of secrets) assert.ok(!result.all!.includes(secret), "a secret is in the output");
        assert.doesNotMatch(result.stderr, /\n {4}at /, "a stack trace");
        return result;
    }

    async function json<Document>(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Document> {
        const { stdout, all, exitCode } = await infra([...args, "--json"], env);
        assert.equal(exitCode, 0, all);
        return JSON.parse(stdout) as Document;
    }

    it("rl-studio: takes the first of its files that exists, and nothing of the caller's", async () => {
        const place = project({
            "backend/tokens/prod.txt": asVariables(keysOf("rl-studio")),
            "backend/tokens/dev.txt": asVariables(keysOf("mlflow")),
        });
        const env = { ...foreign(), AWS_ACCESS_KEY_ID: keysOf("mlflow").accessKeyId };
        const { why, ...found } = await json<Record<string, object>>(["creds", "rl-studio", "--directory", place], env);
        assert.deepEqual(found, {
            stack: "local",
            service: "rl-studio",
            source: { place: "backend/tokens/prod.txt", variables: "AWS_*" },
            own: true,
            accessKeyId: keysOf("rl-studio").accessKeyId,
            temporary: false,
            region: { name: "us-east-1", from: "the service's default, since no variable says one" },
            identity: {
                account: "000000000000",
                arn: "arn:aws:iam::000000000000:user/rl-studio-rollouts-service-user-dev",
            },
            session: null,
        });
        assert.match(String(why), /There is no backend\/\.env\./);
    });

    it("refuses keys of another account, though the user has the same name, and runs nothing with them", async () => {
        const other = clientsFor({ accessKeyId: "999999999999", secretAccessKey: "test" }, cloud.connection);
        await other.iam.send(new CreateUserCommand({ UserName: "mlflow-basketworld-dev" }));
        const { AccessKey: key } = await other.iam.send(
            new CreateAccessKeyCommand({ UserName: "mlflow-basketworld-dev" }),
        );
        closeClients(other);
        const keys = { accessKeyId: key!.AccessKeyId!, secretAccessKey: key!.SecretAccessKey! };
        const place = project({ ".env": asVariables(keys, "MLFLOW_AWS_") });
        const args = ["creds", "mlflow", "--directory", place, "--exec", "--", "touch", join(place, "ran")];
        const { exitCode, stderr } = await infra(args);
        assert.equal(exitCode, 1);
        assert.match(stderr, /belong to account 999999999999, and the stack's is 000000000000/);
        assert.ok(!existsSync(join(place, "ran")));
    });

    it("mlflow: a command has the project's own credentials, and the caller's environment and files stay (D5)", async () => {
        const { bucketName, prefix, region } = outputs.mlflow;
        const own = `${asVariables(keysOf("mlflow"), "MLFLOW_AWS_")}MLFLOW_AWS_DEFAULT_REGION=${region}\n`;
        const place = project({ ".env": own });
        const script = join(place, "list.js");
        writeFileSync(script, listing);
        symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
        const home = join(folder, "home");
        // Its own environment is what a shell has before and after.
        const shell =
            'env | LC_ALL=C sort > "$1/before"; shift; "$@"; code=$?; env | LC_ALL=C sort > "$OUT/after"; exit $code';
        const before = fingerprint(join(home, ".aws"));
        const line = [process.execPath, "-r", "ts-node/register/transpile-only", "local/cli.ts", "infra", "creds"];
        const words = ["mlflow", "--directory", place, "--exec", "--", process.execPath, script, bucketName, prefix];
        const result = await execa("bash", ["-c", shell, "bash", place, ...line, ...words], {
            cwd: root,
            env: { ...cloud.env, ...foreign(), HOME: home, PLATFORM_CACHE_DIR: cacheDirectory(cloud.env), OUT: place },
            reject: false,
        });
        assert.equal(result.exitCode, 7, result.stderr);
        assert.deepEqual(JSON.parse(result.stdout), {
            accessKeyId: keysOf("mlflow").accessKeyId,
            temporary: false,
            KeyCount: 0,
        });
        assert.deepEqual(fingerprint(join(home, ".aws")), before);
        const [then, now] = ["before", "after"].map((name) =>
            readFileSync(join(place, name), "utf8").replace(/^_=.*\n/m, ""),
        );
        assert.match(then, /^AWS_PROFILE=other$/m);
        assert.equal(now, then);
        assert.match(result.stderr, /credentials +project-specific \(MLFLOW_AWS_\*\)/);
    });

    it("snapshotter: a command has a session of the environment's keys, its input, its words and its signals", async () => {
        const { bucketName, prefix } = outputs.snapshotter;
        const place = project({ ".env": asVariables(keysOf("mlflow")), "list.js": listing });
        symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
        const { accessKeyId, secretAccessKey } = keysOf("snapshotter");
        const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_PROFILE: "other" };
        const code = `
            require(process.argv[1]);
            process.stdin.on("data", (text) => console.log(String(text).trim(), ...process.argv.slice(2, -2)));
            process.on("SIGTERM", () => process.exit(9));`;
        const asked = ["creds", "snapshotter", "--directory", place, "--session", "15m", "--exec", "--"];
        const words = ["node", "-e", code, "--", join(place, "list.js"), "--json", "--stack=other", bucketName, prefix];
        const running = cloud.start(["infra", ...asked, ...words], env);
        running.stdin!.write("hello\n");
        let said = "";
        running.stdout!.on("data", (text) => (said += String(text)));
        const ended = running.then(() => (said += "\n(ended)"));
        await until("the command's answer", () => /hello[^]*KeyCount|KeyCount[^]*hello|ended/.test(said));
        running.kill("SIGTERM");
        await ended;
        const { exitCode, all } = await running;
        assert.equal(exitCode, 9, all);
        assert.match(said, /^hello --json --stack=other$/m);
        const found = JSON.parse(/^\{.*\}$/m.exec(said)![0]) as { accessKeyId: string; temporary: boolean };
        assert.notEqual(found.accessKeyId, accessKeyId);
        assert.equal(found.temporary, true);
    });

    it("mlflow: is migrated from global credentials to its own, after a dry run that changes nothing (D6)", async () => {
        const settings = `# of the project\nMLFLOW_TRACKING_URI=http://u:hunter2@mlflow:5000\nexport OTHER="kept" # too\n`;
        const place = project({ ".env": settings + asVariables(keysOf("rl-studio")) });
        const file = join(place, ".env");
        const text = readFileSync(file, "utf8");
        const dry = await infra(["migrate", "mlflow", "--file", file, "--dry-run"]);
        assert.equal(dry.exitCode, 0, dry.all);
        assert.match(dry.stderr, /tracking URI +http:\/\/\*\*\*@mlflow:5000\n/);
        assert.match(dry.stderr, /Would change[^]*add +MLFLOW_AWS_SECRET_ACCESS_KEY=\(secret\)/);
        assert.equal(readFileSync(file, "utf8"), text);

        const { changes, before, after } = await json<Record<string, { credentials: string }[]>>([
            ...["migrate", "mlflow", "--file", file, "--yes"],
        ]);
        assert.equal(changes.length, 5);
        assert.deepEqual(changes.at(-1), { mode: "600", was: "644" });
        assert.deepEqual(
            [before, after].map((summary) => (summary as unknown as { credentials: string }).credentials),
            ["global (AWS_*)", "project-specific (MLFLOW_AWS_*)"],
        );
        const { artifactRoot, region } = outputs.mlflow;
        assert.equal(
            readFileSync(file, "utf8"),
            text +
                `MLFLOW_ARTIFACT_ROOT=${artifactRoot}\n${asVariables(keysOf("mlflow"), "MLFLOW_AWS_")}` +
                `MLFLOW_AWS_DEFAULT_REGION=${region}\n`,
        );
        assert.equal((statSync(file).mode & 0o777).toString(8), "600");
    });
});

/** What of a folder's files would tell that one was touched. */
function fingerprint(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => {
            const path = join(parentPath, name);
            const { mtimeMs, ctimeMs, mode } = statSync(path);
            const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
            return [path, hash, mtimeMs, ctimeMs, mode].join(" ");
        });
}
