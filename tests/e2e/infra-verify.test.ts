// verify, policy-test and doctor on one local cloud: as users type them where the command line matters, else in this
// process with a host over the same cloud, which takes a quarter of the time.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import {
    AttachUserPolicyCommand,
    CreateAccessKeyCommand,
    CreateUserCommand,
    DeleteAccessKeyCommand,
    DeleteUserPolicyCommand,
    GetRoleCommand,
    ListAccessKeysCommand,
    ListUsersCommand,
    PutUserPolicyCommand,
    TagUserCommand,
    UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { ListFoundationModelsCommand } from "@aws-sdk/client-bedrock";
import { InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { DeleteBudgetCommand } from "@aws-sdk/client-budgets";
import {
    DeleteObjectCommand,
    DeleteBucketPolicyCommand,
    DeletePublicAccessBlockCommand,
    GetBucketPolicyCommand,
    CreateMultipartUploadCommand,
    ListObjectsV2Command,
    ListObjectVersionsCommand,
    PutBucketPolicyCommand,
    PutObjectCommand,
} from "@aws-sdk/client-s3";
import { stringify } from "yaml";

import { gaps } from "../../local/aws/gaps";
import { type Identities } from "../../local/aws/identities";
import { clientsFor, closeClients } from "../../ops/aws/clients";
import { askControl } from "../../ops/aws/gate-control";
import { type Host } from "../../ops/cli/host";
import { createProgram } from "../../ops/cli/program";
import { commands } from "../../ops/commands";
import { InfraError } from "../../ops/common/errors";
import { type Finding } from "../../ops/doctor";
import { readStackSettings } from "../../ops/stack/settings";
import { type CheckResult } from "../../ops/verify";
import { removeLeftObjects, Scratch } from "../../ops/verify/scratch";
import { temporaryPath, userPolicy } from "../../ops/verify/temporary-users";
import { stackConfig } from "../support/stack-files";
import { freePorts, TestCloud, until } from "../support/test-cloud";

const services = ["rl-studio", "snapshotter", "mlflow", "llm-models"];
const rollouts = "rl-studio-rollouts-dev";
const snapshots = "fruitful-lab-snapshots-dev";
const stackOfAll = stackConfig("local");
/** Without a gate, whose service invokes its models itself. */
const models = { ...(stackOfAll["platform:llm-models"] as object), gate: undefined };
const stackFileOf = (changed: object = {}) =>
    stringify({ config: { ...stackOfAll, "platform:llm-models": models, "platform:services": services, ...changed } });

interface Ended {
    readonly exitCode: number;
    /** What was printed for programs. */
    readonly json: {
        stack: string;
        service: string | null;
        checks: CheckResult[];
        cases: CheckResult[];
        failed: number;
        notTried: number;
    } & {
        findings: Finding[];
        notSeen: { what: string; why: string }[];
        error: { reason: string };
    };
    readonly words: string;
}

describe("infra verify, policy-test and doctor on the local cloud", function () {
    this.timeout(300_000);
    const place = mkdtempSync(join(tmpdir(), "platform-infra-verify-"));
    let cloud: TestCloud;
    let outputs: Record<string, Record<string, string>>;
    let identities: Identities;
    let engineRuns = 0;

    class Cloud extends TestCloud {
        static override async create(): Promise<Cloud> {
            writeFileSync(join(place, "stack.yaml"), stackFileOf());
            return new Cloud(await freePorts(2));
        }
        override get env(): NodeJS.ProcessEnv {
            return { ...super.env, PLATFORM_LOCAL_STACK_FILE: join(place, "stack.yaml") };
        }
    }

    before(async () => {
        cloud = await Cloud.create();
        const { failed, words } = await cloud.up();
        assert.equal(failed, 0, words);
        outputs = await cloud.outputs();
        identities = JSON.parse(readFileSync(join(cloud.folder, "identities.json"), "utf8")) as Identities;
    });
    after(async () => {
        await cloud.remove();
        rmSync(place, { recursive: true, force: true });
    });

    /** Like somebody's repository: nobody is the deployer unless named. */
    function someHost(changed: Partial<Host> = {}): Host {
        const { endpoint, caBundle } = cloud.connection;
        return {
            program: "infra",
            engine: "pulumi",
            locks: place,
            upCommand: () => "pulumi up",
            recover: () => Promise.resolve(false),
            aws: { endpoint, caBundle },
            gaps,
            stackFile: () => join(cloud.folder, "Pulumi.local.yaml"),
            settings: () => readStackSettings("local", cloud.folder),
            pulumi: (_stack, args) => {
                engineRuns++;
                return Promise.resolve({ exitCode: 0, stdout: JSON.stringify(engineSays(args)), stderr: "" });
            },
            credentials: (who) => Promise.resolve(identities[who]),
            cluster: () => undefined,
            ...changed,
        };
    }

    function engineSays([command, subcommand]: readonly string[]): object {
        if (command === "whoami") return { url: `file://${join(cloud.folder, "state")}` };
        return subcommand === "export" ? { version: 3, deployment: cloud.state() } : outputs;
    }

    const ids = ({ json }: Ended) => json.findings.map(({ id, service }) => `${service ?? "-"} ${id}`);

    /** Runs `infra <args> --stack local --json` in this process. */
    async function infra(args: readonly string[], host = someHost()): Promise<Ended> {
        const { stdout, stderr } = process;
        const [toStdout, toStderr] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
        let json = "";
        let words = "";
        stdout.write = (text: string | Uint8Array) => ((json += String(text)), true);
        stderr.write = (text: string | Uint8Array) => ((words += String(text)), true);
        try {
            await createProgram(commands, host).parseAsync([...args, "--stack", "local", "--json"], { from: "user" });
            return { exitCode: Number(process.exitCode), json: JSON.parse(json) as Ended["json"], words };
        } catch (error) {
            if (!(error instanceof InfraError)) throw error;
            const { exitCode, reason } = error;
            return { exitCode, json: { error: { reason } } as Ended["json"], words };
        } finally {
            [stdout.write, stderr.write] = [toStdout, toStderr];
            process.exitCode = undefined;
        }
    }

    const withDeployer = () => someHost({ onlyStack: "local" });
    const failures = (checks: readonly CheckResult[]) =>
        checks.filter(({ ok, notTried }) => !ok && !notTried).map(({ id, name, got }) => `${id} ${name}: ${got}`);

    describe("infra creds", () => {
        it("a session that is narrowed to a model invokes that one alone, and a shut-off ends it (E11)", async () => {
            const [model, other] = outputs["llm-models"].models as unknown as string[];
            const { controlName } = outputs["llm-models"].keeper as unknown as { controlName: string };
            const folder = mkdtempSync(join(place, "project-"));
            const { accessKeyId, secretAccessKey } = outputs["llm-models"];
            const lines = [`AWS_ACCESS_KEY_ID=${accessKeyId}`, `AWS_SECRET_ACCESS_KEY=${secretAccessKey}`, ""];
            writeFileSync(join(folder, ".env"), lines.join("\n"));
            const narrowed = ["--session", "15m", "--model", model, "--format", "json"];
            const ran = await cloud.run(["infra", "creds", "llm-models", "--directory", folder, ...narrowed]);
            assert.equal(ran.exitCode, 0, ran.stderr);
            assert.match(ran.stderr, new RegExp(`invokes +${model}, and nothing else`));
            const { AccessKeyId, SecretAccessKey, SessionToken } = JSON.parse(ran.stdout) as Record<string, string>;
            const session = clientsFor(
                { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
                cloud.connection,
            );
            const invoke = async (modelId: string) => {
                const body = JSON.stringify({ prompt: "Say yes.", max_gen_len: 1 });
                const command = new InvokeModelCommand({ modelId, contentType: "application/json", body });
                return session.bedrockRuntime.send(command).then(
                    () => "allowed",
                    (error: Error) => error.name,
                );
            };
            const invoked = async () => [await invoke(model), await invoke(other)];
            const denied = "AccessDeniedException";
            const { lambda } = cloud.root;
            try {
                assert.deepEqual(await invoked(), ["allowed", denied]);
                await assert.rejects(session.bedrock.send(new ListFoundationModelsCommand({})), { name: denied });
                await askControl(lambda, controlName, { task: "beginTrial", seconds: 60 });
                await askControl(lambda, controlName, { task: "keep" });
                assert.deepEqual(await invoked(), [denied, denied]);
                await askControl(lambda, controlName, { task: "endTrial" });
                assert.deepEqual(await invoked(), ["allowed", denied]);
            } finally {
                closeClients(session);
            }
        });
    });

    describe("infra verify", () => {
        it("proves the chosen services, says who asks, and prints JSON alone on standard output", async () => {
            const { exitCode, stdout, stderr } = await cloud.run(["infra", "verify", "rl-studio", "mlflow", "--json"]);
            assert.equal(exitCode, 0, stderr);
            const { checks, failed, notTried } = JSON.parse(stdout) as Ended["json"];
            assert.deepEqual([failed, notTried], [0, 0]);
            assert.deepEqual([...new Set(checks.map(({ id }) => id[0]))], ["A", "D"]);
            assert.match(stderr, /^operator: arn:aws:iam::000000000000:user\/platform-operator$/m);
            assert.match(stderr, /^deployer: arn:aws:iam::000000000000:user\/platform-deployer$/m);
        });

        it("without a deployer tries all services as far as it goes, and names what it had to leave", async () => {
            const { exitCode, json, words } = await infra(["verify"]);
            assert.deepEqual(failures(json.checks), []);
            assert.equal(exitCode, 0);
            assert.deepEqual([json.failed, json.notTried > 20], [0, true]);
            const untried = json.checks.filter(({ notTried }) => notTried);
            assert.ok(untried.every(({ got }) => got === "not tried: no deployer"));
            assert.ok(untried.some(({ identity }) => identity.startsWith("temporary user in")));
            assert.match(words, /deployer: none given/);
            const health = json.checks.filter(({ id }) => id === "E10");
            assert.deepEqual(
                health.map(({ name, got }) => [name, got]),
                [
                    ["health of meta.llama3-1-70b-instruct-v1:0", "200: answers"],
                    ["health of meta.codellama-34b-instruct-v1:0", "200: answers"],
                ],
            );
            const left = untried.find(({ name }) => name === `objects in ${snapshots}`)?.note ?? "";
            const { Contents = [] } = await cloud.root.s3.send(new ListObjectsV2Command({ Bucket: snapshots }));
            assert.ok(Contents.length > 0, "the agent may not delete");
            for (const { Key } of Contents) {
                assert.ok(left.includes(`s3://${snapshots}/${Key}`), `${Key} in: ${left}`);
                await cloud.root.s3.send(new DeleteObjectCommand({ Bucket: snapshots, Key }));
            }
        });

        it("turns the line of a missing bucket policy red, and exits 1", async () => {
            const { Policy } = await cloud.root.s3.send(new GetBucketPolicyCommand({ Bucket: rollouts }));
            await cloud.root.s3.send(new DeleteBucketPolicyCommand({ Bucket: rollouts }));
            try {
                const { exitCode, json } = await infra(["verify", "rl-studio"], withDeployer());
                assert.equal(exitCode, 1);
                assert.ok(failures(json.checks).includes("A1 TLS only: allowed"), failures(json.checks).join("\n"));
                assert.equal(json.failed, failures(json.checks).length);
            } finally {
                await cloud.root.s3.send(new PutBucketPolicyCommand({ Bucket: rollouts, Policy }));
            }
        });

        it("refuses keys of another account before it asks anything else", async () => {
            const foreign = { accessKeyId: "999999999999", secretAccessKey: "test" };
            for (const who of ["operator", "deployer"] as const) {
                engineRuns = 0;
                const host = someHost({
                    onlyStack: "local",
                    credentials: (of) => Promise.resolve(of === who ? foreign : identities[of]),
                });
                const { exitCode, json } = await infra(["verify", "rl-studio"], host);
                assert.equal(exitCode, 1);
                assert.match(json.error.reason, new RegExp(`keys of the ${who} belong to account 999999999999`));
                assert.equal(engineRuns, 0, "the stack was not asked either");
            }
        });

        it("refuses a service that the stack does not have, and one that is not deployed", async () => {
            const { exitCode, json } = await infra(["verify", "clinical-ai"]);
            assert.equal(exitCode, 2);
            assert.match(json.error.reason, /has no clinical-ai/);
            const empty = someHost({ pulumi: () => Promise.resolve({ exitCode: 0, stdout: "{}", stderr: "" }) });
            const undeployed = await infra(["verify", "mlflow"], empty);
            assert.equal(undeployed.exitCode, 1);
            assert.match(undeployed.json.error.reason, /exports nothing for mlflow/);
        });
    });

    describe("infra policy-test (C6)", () => {
        const agent = () => {
            const { accessKeyId, secretAccessKey } = outputs.snapshotter;
            return `AWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`;
        };
        const three = ["no_sse_header_should_fail", "sse_aes256_should_succeed", "sse_aws_kms_should_fail"];
        const objects = async () =>
            (await cloud.root.s3.send(new ListObjectsV2Command({ Bucket: snapshots }))).Contents ?? [];
        /** Nothing of the environment of whoever runs the tests. */
        const hidden = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        const kept = hidden.map((name) => [name, process.env[name]] as const);
        before(() => {
            for (const name of hidden) delete process.env[name];
            writeFileSync(join(place, ".env"), agent());
        });
        after(() => {
            for (const [name, value] of kept) if (value !== undefined) process.env[name] = value;
        });
        const policyTest = (args: readonly string[] = [], host = withDeployer()) =>
            infra(["policy-test", "--directory", place, ...args], host);

        it("tries the three cases with the keys of the environment, and leaves nothing", async () => {
            const { exitCode, stdout, stderr } = await cloud.start(["infra", "policy-test", "--json"], {
                AWS_ACCESS_KEY_ID: outputs.snapshotter.accessKeyId,
                AWS_SECRET_ACCESS_KEY: outputs.snapshotter.secretAccessKey,
            });
            assert.equal(exitCode, 0, stderr);
            const { cases, ...rest } = JSON.parse(stdout) as Ended["json"];
            assert.deepEqual(
                cases.map(({ name }) => name),
                three,
            );
            const { prefix } = outputs.snapshotter;
            assert.deepEqual(rest, { stack: "local", bucket: snapshots, prefix, failed: 0, notTried: 0 });
            assert.match(stderr, /^agent: arn:aws:iam::000000000000:user\/agent-repo-snapshotter-dev$/m);
            assert.ok(!`${stdout}${stderr}`.includes(outputs.snapshotter.secretAccessKey));
            assert.deepEqual(await objects(), []);
        });

        it("takes the keys from .env, and tries the wider set with --all, in the place that is named", async () => {
            engineRuns = 0;
            const named = ["--bucket", snapshots, "--prefix", outputs.snapshotter.prefix];
            const { exitCode, json } = await policyTest(["--all", ...named]);
            assert.deepEqual(failures(json.cases), []);
            assert.equal(exitCode, 0);
            assert.deepEqual(
                json.cases.slice(3).map(({ name }) => name),
                [
                    "outside_the_prefix_should_fail",
                    "sibling_prefix_should_fail",
                    "no_tls_should_fail",
                    "customer_provided_key_should_fail",
                    "list_without_prefix_should_fail",
                ],
            );
            assert.match(json.cases[5].note ?? "", /emulator/, "no TLS is simulated, and that is said");
            assert.equal(engineRuns, 0, "the stack is not asked for what is given");
        });

        it("fails in the first case once the bucket policy does not ask for the header, and clears up", async () => {
            const { Policy } = await cloud.root.s3.send(new GetBucketPolicyCommand({ Bucket: snapshots }));
            const document = JSON.parse(Policy!) as { Statement: object[] };
            const Statement = document.Statement.filter(
                (statement) => !JSON.stringify(statement).includes("s3:x-amz-server-side-encryption"),
            );
            assert.ok(Statement.length < document.Statement.length);
            await cloud.root.s3.send(
                new PutBucketPolicyCommand({ Bucket: snapshots, Policy: JSON.stringify({ ...document, Statement }) }),
            );
            try {
                const { exitCode, json } = await policyTest();
                assert.equal(exitCode, 1);
                assert.ok(failures(json.cases).includes("C6 no_sse_header_should_fail: allowed"));
                assert.deepEqual(await objects(), []);
            } finally {
                await cloud.root.s3.send(new PutBucketPolicyCommand({ Bucket: snapshots, Policy }));
            }
        });

        it("names what is left and where without a deployer", async () => {
            const { exitCode, json } = await policyTest([], someHost());
            assert.equal(exitCode, 0, "what was asked holds");
            const [{ Key }, ...more] = await objects();
            assert.deepEqual(more, []);
            assert.deepEqual(json.cases.at(-1), {
                id: "clean-up",
                name: `objects in ${snapshots}`,
                identity: "deployer",
                expected: "removed",
                ok: false,
                got: "not tried: no deployer",
                notTried: true,
                note: `Left there: s3://${snapshots}/${Key}.`,
            });
            await cloud.root.s3.send(new DeleteObjectCommand({ Bucket: snapshots, Key }));
        });

        it("refuses another user's keys, what is no key, half a set, and none", async () => {
            const { accessKeyId, secretAccessKey } = outputs.mlflow;
            const refusals: [env: string, exitCode: number, reason: RegExp][] = [
                [
                    `AWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`,
                    1,
                    /belong to user\/mlflow-basketworld-dev, and the service's are those of user\/agent-repo-snapshotter-dev/,
                ],
                [
                    "AWS_ACCESS_KEY_ID=999999999999\nAWS_SECRET_ACCESS_KEY=test\n",
                    1,
                    /AWS_ACCESS_KEY_ID in .env holds what is no key/,
                ],
                ["AWS_ACCESS_KEY_ID=A\n", 1, /Half a set/],
                ["", 1, /There are no credentials/],
            ];
            for (const [env, exitCode, reason] of refusals) {
                writeFileSync(join(place, ".env"), env);
                engineRuns = 0;
                const refused = await policyTest();
                assert.equal(refused.exitCode, exitCode);
                assert.match(refused.json.error.reason, reason);
                assert.equal(engineRuns, 0);
            }
        });
    });

    describe("infra doctor (A6)", () => {
        const deployer = "platform-deployer";
        const deny = async (Action: string | string[]) => {
            const Statement = [{ Effect: "Deny", Action, Resource: "*" }];
            await cloud.root.iam.send(
                new PutUserPolicyCommand({
                    UserName: deployer,
                    PolicyName: "deny",
                    PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }),
                }),
            );
        };
        const allow = () =>
            cloud.root.iam.send(new DeleteUserPolicyCommand({ UserName: deployer, PolicyName: "deny" }));
        const changed = (config: object): Host => {
            writeFileSync(join(place, "Pulumi.local.yaml"), stackFileOf(config));
            return someHost({ settings: () => readStackSettings("local", place) });
        };

        it("finds nothing wrong where nothing is, and says what the emulator cannot judge", async () => {
            const { exitCode, json } = await infra(["doctor"], withDeployer());
            const { stack, service, findings, notSeen } = json;
            assert.deepEqual({ stack, service, findings }, { stack: "local", service: null, findings: [] });
            assert.equal(exitCode, 0);
            assert.ok(notSeen.length > 0 && notSeen.every(({ what }) => what.startsWith("iam:PassRole on ")));
        });

        it("names the permissions that the deployer lacks, by IAM's names, for the service asked about", async () => {
            await deny(["s3:PutLifecycleConfiguration", "iam:CreateAccessKey", "sns:CreateTopic"]);
            try {
                const found = await infra(["doctor", "rl-studio"]);
                assert.equal(found.exitCode, 1);
                assert.deepEqual(ids(found), ["rl-studio permissions-missing"]);
                const [{ what, why, fix }] = found.json.findings;
                assert.match(what, /lacks 2 of \d+ permissions$/);
                assert.equal(
                    why,
                    `s3:PutLifecycleConfiguration (denied explicitly) on arn:aws:s3:::${rollouts}; ` +
                        "iam:CreateAccessKey (denied explicitly) on " +
                        "arn:aws:iam::000000000000:user/rl-studio-rollouts-service-user-dev",
                );
                assert.match(fix, /platform-deployer/);
            } finally {
                await allow();
            }
        });

        it("says so where it may not ask about its own permissions", async () => {
            await deny("iam:SimulatePrincipalPolicy");
            try {
                const { exitCode, json } = await infra(["doctor", "mlflow"]);
                assert.equal(exitCode, 0);
                assert.deepEqual(
                    json.notSeen.map(({ what }) => what),
                    ["the deployer's permissions for mlflow"],
                );
                assert.match(json.notSeen[0].why, /SimulatePrincipalPolicy on \S+ denied \(AccessDenied\)$/);
            } finally {
                await allow();
            }
        });

        it("names another account, and asks nothing more", async () => {
            engineRuns = 0;
            const found = await infra(["doctor"], changed({ "aws:allowedAccountIds": ["111111111111"] }));
            assert.equal(found.exitCode, 1);
            assert.deepEqual(ids(found), ["- wrong-account"]);
            assert.equal(engineRuns, 0);
        });

        it("names a bucket that is in another region than the settings say", async () => {
            const found = await infra(["doctor", "mlflow"], changed({ "aws:region": "eu-west-1" }));
            assert.equal(found.exitCode, 1);
            assert.deepEqual(ids(found), ["mlflow region"]);
            assert.equal(found.json.findings[0].why, "it is in us-east-1, the settings say eu-west-1");
        });

        it("names a key that is inactive and one that nobody knows", async () => {
            const { userName: UserName, accessKeyId: AccessKeyId } = outputs.mlflow;
            const status = (Status: "Active" | "Inactive") =>
                cloud.root.iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status }));
            const { AccessKey: other } = await cloud.root.iam.send(new CreateAccessKeyCommand({ UserName }));
            await status("Inactive");
            try {
                const found = await infra(["doctor", "mlflow"]);
                assert.equal(found.exitCode, 1);
                assert.deepEqual(ids(found), ["mlflow key-inactive", "mlflow key-foreign"]);
                assert.ok(found.json.findings[0].why.includes(AccessKeyId));
                assert.ok(found.json.findings[1].fix.includes(other!.AccessKeyId!));
            } finally {
                await status("Active");
                await cloud.root.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: other!.AccessKeyId! }));
            }
        });

        it("names what was changed by hand, and what repairs it: public access, bucket policy, rights, budget", async () => {
            const { s3, iam, budgets } = cloud.root;
            const { userName: UserName, bucketName: Bucket } = outputs["rl-studio"];
            const everyone = { Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` };
            const documentOf = (statement: object) =>
                JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
            const added = { UserName, PolicyName: "by-hand" };
            await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
            await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: documentOf(everyone) }));
            const PolicyDocument = documentOf({ Action: "*", Resource: "*" });
            await iam.send(new PutUserPolicyCommand({ ...added, PolicyDocument }));
            const BudgetName = outputs["llm-models"].budgetName;
            await budgets.send(new DeleteBudgetCommand({ AccountId: "000000000000", BudgetName }));

            const { exitCode, json } = await infra(["doctor"], withDeployer());
            assert.equal(exitCode, 1);
            const found = json.findings.map(({ id, what }) => `${id}: ${what}`).join("\n");
            for (const expected of [
                /not-as-declared: rl-studio: .*public.* is not as declared/,
                /not-as-declared: rl-studio: bucket policy of \S+ is not as declared/,
                /not-as-declared: rl-studio: user's policy.* is not as declared/,
                /not-as-declared: llm-models: .*budget.* is not as declared/,
            ]) {
                assert.match(found, expected);
            }
            assert.ok(
                json.findings.every(({ service }) => service === "rl-studio" || service === "llm-models"),
                found,
            );

            const [{ fix }] = json.findings.filter(({ what }) => what.includes("user's policy"));
            assert.match(fix, /^pulumi up --refresh --stack local; if it stays, .* --user-name rl-studio-\S+,/);
            await cloud.succeed(["pulumi", "up", "--refresh", "--yes", "--skip-preview"]);
            assert.deepEqual(ids(await infra(["doctor"], withDeployer())), ["rl-studio not-as-declared"]);
            await iam.send(new DeleteUserPolicyCommand(added));
            assert.deepEqual((await infra(["doctor"], withDeployer())).json.findings, []);
        });

        it("looks at nothing and exits 3 where AWS does not answer, or there are no credentials", async () => {
            const silent = someHost({ aws: { endpoint: "http://127.0.0.1:1" } });
            assert.equal((await infra(["doctor", "mlflow"], silent)).exitCode, 3);
            const without = someHost({ credentials: () => Promise.reject(new InfraError(3, "nobody is logged in")) });
            const { exitCode, json } = await infra(["doctor", "mlflow"], without);
            assert.equal(exitCode, 3);
            assert.deepEqual(json.notSeen, [{ what: "AWS", why: "nobody is logged in" }]);
        });

        it("is the same for a cloud that is not to be started: npm run local -- doctor", async () => {
            const { exitCode, stdout } = await cloud.run(["doctor", "--json"]);
            assert.equal(exitCode, 0, stdout);
            assert.deepEqual((JSON.parse(stdout) as Ended["json"]).findings, []);
        });
    });

    describe("a run of verify that is killed", () => {
        const path = { PathPrefix: temporaryPath };
        const temporary = async () => (await cloud.root.iam.send(new ListUsersCommand(path))).Users ?? [];

        it("leaves users that doctor names and the next run removes", async () => {
            const running = cloud.start(["infra", "verify"]);
            const withKey = async () => {
                for (const { UserName } of await temporary()) {
                    const { AccessKeyMetadata = [] } = await cloud.root.iam.send(
                        new ListAccessKeysCommand({ UserName }),
                    );
                    if (AccessKeyMetadata.length > 0) return true;
                }
                return false;
            };
            await until("a temporary user with a key", withKey);
            process.kill(running.pid!, "SIGKILL");
            await running;
            const names = (await temporary()).map(({ UserName }) => UserName!);
            assert.ok(names.length > 0);
            const found = await infra(["doctor", "mlflow"]);
            assert.equal(found.exitCode, 1);
            assert.deepEqual(
                found.json.findings.map(({ id, why }) => [id, why.split(" ")[0]]),
                names.map((name) => ["verify-user-left", name]),
            );
            const { all } = await cloud.succeed(["infra", "verify", "mlflow"]);
            for (const name of names) assert.match(all!, new RegExp(`${name}: temporary user of .*: removed`));
            assert.deepEqual(await temporary(), []);
        });

        it("leaves users that can do nothing once their time is over", async () => {
            const UserName = "verify-over";
            const { taskRoleArn: mayAssume } = outputs.snapshotter;
            await cloud.root.iam.send(new CreateUserCommand({ UserName, Path: temporaryPath }));
            const { AccessKey } = await cloud.root.iam.send(new CreateAccessKeyCommand({ UserName }));
            const keys = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
            const clients = clientsFor(keys, cloud.connection);
            const mayReadRole = async (end: Date) => {
                const PolicyDocument = JSON.stringify(userPolicy({ mayAssume }, end));
                await cloud.root.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "verify", PolicyDocument }));
                return clients.iam.send(new GetRoleCommand({ RoleName: mayAssume.split("/").at(-1) })).then(
                    () => "allowed",
                    (error: Error) => error.name,
                );
            };
            assert.equal(await mayReadRole(new Date(Date.now() + 60_000)), "allowed");
            assert.equal(await mayReadRole(new Date(Date.now() - 1_000)), "AccessDenied");
            const { all } = await cloud.succeed(["infra", "verify", "mlflow"]);
            assert.match(all!, /verify-over: temporary user of .*: removed/);
        });

        it("leaves objects that a run removes once no run can be at them any more, versions and uploads too", async () => {
            const { s3 } = cloud.root;
            const left = new Scratch();
            const place = { bucket: rollouts, under: "" };
            const removed: string[] = [];
            const remove = (minutesLater: number) =>
                removeLeftObjects(s3, place, new Date(Date.now() + minutesLater * 60_000), (target, what, work) => {
                    removed.push(`${target} ${what}`);
                    return work();
                });
            // What the runs above have left may be as old as that already.
            await remove(31);
            removed.length = 0;
            for (let version = 0; version < 2; version++) {
                const Key = `verify-${left.runId}/x`;
                await s3.send(
                    new PutObjectCommand({ Bucket: rollouts, Key, Body: "x", ServerSideEncryption: "AES256" }),
                );
            }
            await s3.send(new CreateMultipartUploadCommand({ Bucket: rollouts, Key: `verify-${left.runId}/y` }));
            const others = ["verify", "verify-2024/report", "verify-results.csv"];
            const put = { Bucket: rollouts, Body: "not a run's", ServerSideEncryption: "AES256" } as const;
            for (const Key of others) await s3.send(new PutObjectCommand({ ...put, Key }));
            await remove(29);
            assert.deepEqual(removed, []);
            await remove(31);
            assert.deepEqual(removed, [
                `s3://${rollouts}/verify- 3 objects and uploads of runs that were killed: removed`,
            ]);
            const { Versions = [] } = await s3.send(
                new ListObjectVersionsCommand({ Bucket: rollouts, Prefix: "verify" }),
            );
            assert.deepEqual(
                Versions.map(({ Key }) => Key),
                others,
            );
            for (const Key of others) await s3.send(new DeleteObjectCommand({ Bucket: rollouts, Key }));
        });

        it("leaves a shut-off that it tried, which doctor names and the next run detaches", async () => {
            const { userName: UserName, denyPolicyArn: PolicyArn } = outputs["llm-models"];
            const Value = `${new Date(Date.now() + 60_000).toISOString()} ${hostname()} 4194305`;
            const tag = { UserName, Tags: [{ Key: "platform:shut-off-trial", Value }] };
            await cloud.root.iam.send(new TagUserCommand(tag));
            await cloud.root.iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
            assert.deepEqual(ids(await infra(["doctor", "llm-models"])), ["llm-models shut-off-trial-left"]);
            const { all } = await cloud.succeed(["infra", "verify", "llm-models"]);
            assert.match(all!, /: shut-off that a run tried .*: detached/);
            assert.deepEqual(ids(await infra(["doctor", "llm-models"])), []);
        });
    });

    describe("together", () => {
        it("leave no user behind", async () => {
            const { Users = [] } = await cloud.root.iam.send(new ListUsersCommand({}));
            assert.deepEqual(
                Users.filter(({ UserName }) => UserName?.startsWith("verify-")),
                [],
            );
        });
    });
});
