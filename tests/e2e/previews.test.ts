import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";

import { CreateAliasCommand, CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import execa from "execa";
import { parse } from "yaml";

import { clusterProviders } from "../../local/cluster/install";
import { findEngine } from "../../local/engine";
import { cacheDirectory, root } from "../../local/paths";
import { installProviders } from "../../local/providers";
import { pulumiEnvironment } from "../../local/pulumi";
import { examples, writeExample } from "../support/examples";
import { filledText, stackConfig } from "../support/stack-files";
import { TestCloud } from "../support/test-cloud";

/** What a preview says of one step, as `pulumi preview --json` prints it. */
interface Step {
    readonly op: string;
    readonly newState: { readonly type: string; readonly inputs?: Record<string, unknown> };
}

/**
 * The committed stack files on the real engine and the real plugins. Overridden are the endpoints and the proxy, the
 * credentials (the emulator's root of the account that the file names) and the KMS endpoint of the secrets provider, and
 * nothing else. AWS Budgets' actions, which the local AWS lacks, are planned here; the mocks check what they say.
 */
describe("pulumi preview on the real engine", function () {
    this.timeout(300_000);
    let cloud: TestCloud;
    let engine: string;
    before(async function () {
        // Cold, two plugins are built.
        this.timeout(30 * 60_000);
        cloud = await TestCloud.create();
        await cloud.succeed(["pulumi", "stack", "ls"]);
        const cache = cacheDirectory();
        engine = (await findEngine(cache)).folder;
        const places = { cache, env: process.env, unreachable: new Set<string>() };
        await installProviders(clusterProviders, join(cloud.folder, "pulumi-home"), places);
    });
    after(() => cloud.remove());

    async function stackOf(stack: "dev" | "staging" | "prod") {
        const [account] = stackConfig(stack)["aws:allowedAccountIds"] as string[];
        const folder = join(cloud.folder, stack);
        const project = join(folder, "project");
        mkdirSync(join(folder, "state"), { recursive: true });
        mkdirSync(project, { recursive: true });
        copyFileSync(join(root, "Pulumi.yaml"), join(project, "Pulumi.yaml"));
        const file = join(project, `Pulumi.${stack}.yaml`);
        writeFileSync(file, filledText(stack));
        const { endpoint, caBundle } = cloud.connection;
        const server = { caBundle: caBundle! };
        const credentials = { accessKeyId: account, secretAccessKey: "test" };
        const home = join(cloud.folder, "pulumi-home");
        const env = {
            ...pulumiEnvironment({ engine, home, folder, server, credentials }),
            AWS_ENDPOINT_URL_KMS: endpoint,
        };
        const pulumi = (args: string[]) =>
            execa(join(engine, "pulumi"), args, { cwd: root, env, extendEnv: false, reject: false, all: true });
        return { account, file, project, pulumi };
    }

    /** The KMS key that the stack file names, made as an account's owner would. */
    async function makeKey(account: string, alias: string) {
        const kms = new KMSClient({
            endpoint: cloud.connection.endpoint,
            region: "us-east-1",
            credentials: { accessKeyId: account, secretAccessKey: "test" },
            requestHandler: new NodeHttpHandler({
                httpsAgent: new Agent({ ca: readFileSync(cloud.connection.caBundle!) }),
            }),
        });
        const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}));
        await kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: key!.KeyId }));
        kms.destroy();
    }

    /** What stack `local` adds to the others so that the provider calls the local AWS. */
    const toLocalAws = () => {
        const { config } = parse(readFileSync(join(cloud.folder, "Pulumi.local.yaml"), "utf8")) as {
            config: Record<string, unknown>;
        };
        return ["aws:endpoints", "aws:httpProxy", "aws:httpsProxy", "aws:s3UsePathStyle"].flatMap((key) => {
            const value = config[key];
            return ["-c", `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`];
        });
    };

    for (const stack of ["dev", "staging", "prod"] as const) {
        it(`shows all of ${stack}, its state encrypted by the KMS key that its file names`, async () => {
            const { account, file, project, pulumi } = await stackOf(stack);
            await makeKey(account, `alias/platform-state-${stack}`);
            const provider = /^secretsprovider: (.*)$/m.exec(readFileSync(file, "utf8"))![1];
            const made = await pulumi(["stack", "init", stack, "--secrets-provider", provider, "--cwd", project]);
            assert.equal(made.exitCode, 0, made.all);
            const previewed = await pulumi([
                ...["preview", "--json", "--stack", stack, "--config-file", file],
                ...toLocalAws(),
            ]);
            assert.equal(previewed.exitCode, 0, previewed.all);
            const { steps, changeSummary } = JSON.parse(previewed.stdout) as {
                steps: Step[];
                changeSummary: Record<string, number>;
            };
            assert.deepEqual(Object.keys(changeSummary), ["create"]);
            const count = (type: string) => steps.filter(({ newState }) => newState.type === type).length;
            assert.equal(count("aws:s3/bucket:Bucket"), 5);
            assert.equal(count("aws:iam/accessKey:AccessKey"), 5);
            assert.equal(count("aws:budgets/budgetAction:BudgetAction"), 1);
            assert.equal(count("kubernetes:apps/v1:Deployment"), 1);
            assert.equal(count("vault:kv/secretV2:SecretV2"), 1);
        });
    }

    it("refuses credentials of an account that the file does not allow", async () => {
        const { file, pulumi } = await stackOf("staging");
        const { all, exitCode } = await pulumi([
            ...["preview", "--stack", "staging", "--config-file", file],
            ...[...toLocalAws(), "-c", 'aws:allowedAccountIds=["444444444444"]'],
        ]);
        assert.notEqual(exitCode, 0);
        assert.match(all!, /AWS account ID not allowed: 522222222222/i);
    });

    it("shows what the transforms of components/README.md make of a component", async () => {
        const folder = join(cloud.folder, "example");
        // Without what stands beside the component: a built plugin has the program's own types alone.
        const file = writeExample(
            folder,
            examples()
                .get("What no argument offers")!
                .replace(/^new aws\.[^]*/m, ""),
        );
        writeFileSync(
            join(folder, "Pulumi.yaml"),
            `name: example\nruntime: { name: nodejs, options: { typescript: true } }\nmain: ${file}\n`,
        );
        mkdirSync(join(folder, "state"));
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const server = { caBundle: cloud.connection.caBundle! };
        const home = join(cloud.folder, "pulumi-home");
        const env = pulumiEnvironment({ engine, home, folder, server, credentials });
        const pulumi = (...args: string[]) =>
            execa(join(engine, "pulumi"), args, { cwd: folder, env, extendEnv: false, reject: false, all: true });
        await pulumi("stack", "init", "example");
        const previewed = await pulumi("preview", "--json", ...toLocalAws(), "-c", "aws:region=us-east-1");
        assert.equal(previewed.exitCode, 0, previewed.all);
        const { steps } = JSON.parse(previewed.stdout) as { steps: Step[] };
        const inputs = (type: string) =>
            steps.find(({ newState }) => newState.type === `aws:s3/${type}`)!.newState.inputs!;
        const encryption = "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
        assert.match(JSON.stringify(inputs(encryption).rules), /"sseAlgorithm":"aws:kms"/);
        const policy = String(inputs("bucketPolicy:BucketPolicy").policy);
        assert.ok(policy.includes('"aws:kms"') && !policy.includes("AES256"), policy);
    });

    it("says which stack is unknown", async () => {
        const { pulumi } = await stackOf("dev");
        const { all, exitCode } = await pulumi(["preview", "--stack", "qa"]);
        assert.notEqual(exitCode, 0);
        assert.match(all!, /no stack named 'qa' found/);
    });

    it("says that the backend or the passphrase of a state is missing", async () => {
        const server = { caBundle: cloud.connection.caBundle! };
        const env: NodeJS.ProcessEnv = pulumiEnvironment({
            engine,
            home: join(cloud.folder, "pulumi-home"),
            folder: cloud.folder,
            server,
            credentials: { accessKeyId: "test", secretAccessKey: "test" },
        });
        const preview = (more: NodeJS.ProcessEnv) =>
            execa(
                join(engine, "pulumi"),
                [
                    "preview",
                    "--stack",
                    "local",
                    "--config-file",
                    join(cloud.folder, "Pulumi.local.yaml"),
                    "--non-interactive",
                ],
                { cwd: root, env: { ...env, ...more }, extendEnv: false, reject: false, all: true },
            );
        const elsewhere = await preview({ PULUMI_BACKEND_URL: "file:///nonexistent/state" });
        assert.notEqual(elsewhere.exitCode, 0);
        assert.match(elsewhere.all!, /\/nonexistent\/state/);
        delete env.PULUMI_CONFIG_PASSPHRASE;
        const { all, exitCode } = await preview({});
        assert.notEqual(exitCode, 0);
        assert.match(all!, /passphrase must be set/);
    });
});
