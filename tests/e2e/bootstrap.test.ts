// The first deployment to an account, from the owner's credentials to an `up` by CI, on a local AWS that enforces IAM.
// What it does not show: the local AWS does not verify the signature of a web identity's token.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import execa from "execa";
import { parse, stringify } from "yaml";

import { localDeployerPolicy } from "../../local/aws/gaps";
import { findEngine } from "../../local/engine";
import { cacheDirectory, root } from "../../local/paths";
import { pulumiEnvironment } from "../../local/pulumi";
import { clientsFor, closeClients, type Keys, requestHandler } from "../../ops/aws/clients";
import { ProposedChange } from "../support/proposed-change";
import { filledText } from "../support/stack-files";
import { TestCloud } from "../support/test-cloud";

const account = "511111111111";
const repository = "acme/platform";

interface StackFile {
    readonly config: Record<string, unknown>;
}

interface Bootstrapped {
    readonly backendUrl: string;
    readonly secretsProvider: string;
    readonly deployerRoleArn: string;
    readonly previewerRoleArn: string;
}

describe("an account's first deployment", function () {
    this.timeout(300_000);
    let cloud: TestCloud;
    let engine: string;
    let made: Bootstrapped;
    let moveState: () => Promise<string>;
    before(async function () {
        this.timeout(30 * 60_000);
        cloud = await TestCloud.create();
        await cloud.succeed(["pulumi", "stack", "ls"]);
        engine = (await findEngine(cacheDirectory())).folder;
    });
    after(() => cloud.remove());

    /** The engine's command line as somebody: with their keys, in a project of the checkout, on its copy of a stack file. */
    function engineOf(project: string, stackFile: object, keys: Keys, backend?: string) {
        const folder = join(cloud.folder, "first", project);
        mkdirSync(join(folder, "state"), { recursive: true });
        const file = join(folder, "Pulumi.dev.yaml");
        copyFileSync(join(root, project, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
        // `stack init` has added the state's key to it.
        if (!existsSync(file)) writeFileSync(file, stringify(stackFile));
        const { endpoint, caBundle } = cloud.connection;
        const home = join(cloud.folder, "pulumi-home");
        const env = {
            ...pulumiEnvironment({ engine, home, folder, server: { caBundle: caBundle! }, credentials: keys }),
            ...(keys.sessionToken ? { AWS_SESSION_TOKEN: keys.sessionToken } : {}),
            ...(backend ? { PULUMI_BACKEND_URL: `${backend}&s3ForcePathStyle=true` } : {}),
            // The state's bucket and key.
            AWS_ENDPOINT_URL: endpoint,
        };
        const run = (args: readonly string[]) =>
            execa(join(engine, "pulumi"), args, {
                cwd: join(root, project),
                env,
                extendEnv: false,
                reject: false,
                all: true,
            });
        const succeed = async (...args: string[]) => {
            const result = await run(args);
            assert.equal(result.exitCode, 0, `${args.join(" ")}:\n${result.all}`);
            return result.stdout;
        };
        return {
            folder,
            env,
            succeed,
            run: (...args: string[]) => run([...args, "--stack", "dev", "--config-file", file]),
            init: (provider: string) =>
                succeed("stack", "init", "dev", "--secrets-provider", provider, "--cwd", folder),
            on: (...args: string[]) => succeed(...args, "--stack", "dev", "--config-file", file),
            outputs: async () => JSON.parse(await succeed("stack", "output", "--json", "--stack", "dev")) as unknown,
        };
    }

    /** A stack file with the addresses of the local AWS. */
    function onLocalAws(text: string, changed: Record<string, unknown>): StackFile {
        const document = parse(text) as { config: Record<string, unknown> };
        const { config: local } = parse(filledText("local")) as { config: Record<string, unknown> };
        const port = (address: unknown) => String(address).replace(/:\d+$/, `:${cloud.port}`);
        const [services] = local["aws:endpoints"] as Record<string, string>[];
        const addresses = {
            "aws:endpoints": [Object.fromEntries(Object.entries(services).map(([name, at]) => [name, port(at)]))],
            "aws:httpProxy": `http://127.0.0.1:${cloud.port + 1}`,
            "aws:httpsProxy": `http://127.0.0.1:${cloud.port + 1}`,
            "aws:s3UsePathStyle": "true",
            "aws:skipMetadataApiCheck": "true",
        };
        return { ...document, config: { ...document.config, ...addresses, ...changed } };
    }

    /** What CI gets for a job's token; its issuer, audience and subject are what a trust is judged by. */
    async function assume(RoleArn: string, sub: string, aud = "sts.amazonaws.com"): Promise<Keys> {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
        const claims = { iss: "https://token.actions.githubusercontent.com", aud, sub };
        const sts = new STSClient({
            ...cloud.connection,
            credentials: { accessKeyId: "none", secretAccessKey: "none" },
            requestHandler: requestHandler(cloud.connection.caBundle),
        });
        const { Credentials: keys } = await sts.send(
            new AssumeRoleWithWebIdentityCommand({
                RoleArn,
                RoleSessionName: "ci",
                WebIdentityToken: `${part({ alg: "RS256" })}.${part(claims)}.${part({})}`,
            }),
        );
        sts.destroy();
        return {
            accessKeyId: keys!.AccessKeyId!,
            secretAccessKey: keys!.SecretAccessKey!,
            sessionToken: keys!.SessionToken!,
        };
    }

    it("makes the state's key and bucket and the roles of CI, and a second update changes nothing", async () => {
        const owner = { accessKeyId: account, secretAccessKey: "test" };
        const committed = readFileSync(join(root, "bootstrap/Pulumi.dev.yaml"), "utf8");
        const filled = committed.replaceAll("111111111111", account).replace("example/ai-service-platform", repository);
        const bootstrap = engineOf("bootstrap", onLocalAws(filled, {}), owner);
        await bootstrap.init("passphrase");
        await bootstrap.on("up", "--yes", "--skip-preview");
        await bootstrap.on("preview", "--refresh", "--expect-no-changes");
        made = (await bootstrap.outputs()) as Bootstrapped;
        moveState = async () => {
            const state = join(cloud.folder, "bootstrap.json");
            await bootstrap.succeed("stack", "export", "--stack", "dev", "--file", state);
            const moved = engineOf("bootstrap", {}, owner, made.backendUrl);
            await moved.init(made.secretsProvider);
            await moved.succeed("stack", "import", "--stack", "dev", "--file", state, "--cwd", moved.folder);
            await moved.on("preview", "--refresh", "--expect-no-changes");
            return readFileSync(join(moved.folder, "Pulumi.dev.yaml"), "utf8");
        };
    });

    it("its own state moves to the bucket, under the key", async () => {
        const stackFile = await moveState();
        assert.match(stackFile, /^encryptedkey: /m);
        assert.doesNotMatch(stackFile, /^encryptionsalt: /m);
    });

    it("trusts the jobs of the environment to deploy, those of pull requests and of main to preview, and no others", async () => {
        const { deployerRoleArn: deployer, previewerRoleArn: previewer } = made;
        await assume(deployer, `repo:${repository}:environment:dev`);
        await assume(previewer, `repo:${repository}:pull_request`);
        await assume(previewer, `repo:${repository}:ref:refs/heads/main`);
        for (const [role, subject, audience] of [
            [deployer, `repo:${repository}:environment:prod`],
            [deployer, `repo:${repository}:pull_request`],
            [deployer, `repo:${repository}:ref:refs/heads/main`],
            [deployer, `repo:acme/platform-fork:environment:dev`],
            [deployer, `repo:${repository}:environment:dev`, "https://github.com/acme"],
            [previewer, `repo:${repository}:ref:refs/heads/other`],
            [previewer, `repo:evil/platform:pull_request`],
        ]) {
            await assert.rejects(assume(role, subject, audience), { name: "AccessDenied" }, `${role} ${subject}`);
        }
    });

    describe("then", () => {
        let asDeployer: ReturnType<typeof engineOf>;
        let asPreviewer: ReturnType<typeof engineOf>;
        before(async () => {
            // What the local AWS asks for where AWS asks for something narrower: it judges a call by a key's alias by the
            // alias, and AWS by the key.
            const owner = clientsFor({ accessKeyId: account, secretAccessKey: "test" }, cloud.connection);
            const key = (...Action: string[]) => ({ Effect: "Allow", Action, Resource: "arn:aws:kms:*:*:alias/*" });
            const gap = localDeployerPolicy(account).Statement.find(({ Sid }) => Sid === "Emulator")!;
            const looks = (gap.Action as string[]).filter((action) => /:(Describe|List)/.test(action));
            for (const [role, Statement] of [
                [made.deployerRoleArn, [gap, key("kms:Decrypt", "kms:Encrypt")]],
                [made.previewerRoleArn, [{ ...gap, Action: looks }, key("kms:Decrypt")]],
            ] as const) {
                await owner.iam.send(
                    new PutRolePolicyCommand({
                        RoleName: role.split("/").at(-1),
                        PolicyName: "emulator",
                        PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }),
                    }),
                );
            }
            closeClients(owner);
            const dev = onLocalAws(filledText("dev"), {
                "platform:services": ["rl-studio", "snapshotter", "mlflow", "llm-models"],
            });
            const models = dev.config["platform:llm-models"] as object;
            // The local AWS has no budget actions.
            const stackFile = {
                ...dev,
                config: { ...dev.config, "platform:llm-models": { ...models, budgetAction: false } },
            };
            const deployer = await assume(made.deployerRoleArn, `repo:${repository}:environment:dev`);
            const previewer = await assume(made.previewerRoleArn, `repo:${repository}:pull_request`);
            asDeployer = engineOf(".", stackFile, deployer, made.backendUrl);
            await asDeployer.init(made.secretsProvider);
            asPreviewer = engineOf(".", stackFile, previewer, made.backendUrl);
        });

        it("the deployer's role deploys stack dev", async () => {
            await asDeployer.on("up", "--yes", "--skip-preview");
            await asDeployer.on("preview", "--expect-no-changes");
        });

        it("the previewer's role previews and looks for drift, and changes nothing", async () => {
            await asPreviewer.on("preview", "--expect-no-changes");
            await asPreviewer.on("preview", "--refresh", "--expect-no-changes");
            const refused = await asPreviewer.run("up", "--yes", "--skip-preview");
            assert.notEqual(refused.exitCode, 0);
            assert.match(refused.all!, /AccessDenied/);
        });

        it("the scripts of CI preview the stacks that a change touches, as the previewer, and write the comment", async () => {
            const file = "Pulumi.dev.yaml";
            const change = await ProposedChange.create(
                { [file]: readFileSync(join(asDeployer.folder, file), "utf8") },
                { ...asPreviewer.env, GITHUB_REPOSITORY: repository },
            );
            try {
                await change.replace("docs/deploying.md", "# Deploying", "# How to deploy");
                assert.equal(await change.script("affected", "HEAD~1"), "stacks=[]");
                assert.match(await change.script("comment"), /No stack is touched by this change\.$/);

                await change.replace("Pulumi.prod.yaml", "alertPercent: 70", "alertPercent: 60");
                assert.equal(await change.script("affected", "HEAD~1"), 'stacks=["prod"]');

                await change.replace("stacks/rl-studio.ts", "rlStudio.abortMultipartAfterDays", "3");
                assert.equal(await change.script("affected", "HEAD~1"), 'stacks=["dev","prod","staging"]');
                await change.script("preview", "dev", change.path("preview-dev.md"));
                const comment = await change.script("comment", change.path("preview-dev.md"));
                assert.match(comment, /^### dev: ~ 1 to update, \d+ unchanged$/m);
                assert.match(comment, /daysAfterInitiation: 7 => 3/);
                assert.doesNotMatch(comment, /bedrock/i);
            } finally {
                change.remove();
            }
        });

        it("the deployer's role destroys it", async () => {
            await asDeployer.on("destroy", "--yes");
        });
    });
});
