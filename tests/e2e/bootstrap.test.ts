// The first deployment to an account, by the commands that docs/deploying.md gives, from the owner's credentials to an
// `up` by CI, on a local AWS that enforces IAM. What it does not show: the local AWS does not verify the signature of a
// web identity's token.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
    CreateAccessKeyCommand,
    CreateRoleCommand,
    CreateUserCommand,
    ListAttachedRolePoliciesCommand,
    PutRolePolicyCommand,
    PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { parse, stringify } from "yaml";

import { localDeployerPolicy } from "../../local/aws/gaps";
import { findEngine } from "../../local/engine";
import { cacheDirectory, root } from "../../local/paths";
import { pulumiEnvironment } from "../../local/pulumi";
import { clientsFor, type Clients, closeClients, type Keys, requestHandler } from "../../ops/aws/clients";
import { Checkout } from "../support/checkout";
import { codeIn } from "../support/markdown";
import { pythonClients } from "../support/python-clients";
import { filledText } from "../support/stack-files";
import { TestCloud } from "../support/test-cloud";

const account = "511111111111";
const repository = "acme/platform";
const deployer = `arn:aws:iam::${account}:role/platform-deployer-dev`;
const previewer = `arn:aws:iam::${account}:role/platform-previewer-dev`;

describe("an account's first deployment, by docs/deploying.md", function () {
    this.timeout(300_000);
    let cloud: TestCloud;
    let engine: string;
    let checkout: Checkout;
    let aws: string;
    let owner: Clients;
    before(async function () {
        this.timeout(30 * 60_000);
        const python = await pythonClients();
        if (!python) return this.skip();
        aws = python.commands;
        cloud = await TestCloud.create();
        await cloud.succeed(["pulumi", "stack", "ls"]);
        engine = (await findEngine(cacheDirectory())).folder;
        owner = clientsFor(ownerKeys, cloud.connection);
        const bootstrap = readFileSync(join(root, "bootstrap/Pulumi.dev.yaml"), "utf8");
        checkout = await Checkout.create({
            "bootstrap/Pulumi.dev.yaml": onLocalAws(
                bootstrap.replaceAll("111111111111", account).replace("example/ai-service-platform", repository),
            ),
            "Pulumi.dev.yaml": onLocalAws(filledText("dev").replaceAll("111111111111", account)),
        });
    });
    after(async () => {
        if (owner) closeClients(owner);
        checkout?.remove();
        await cloud?.remove();
    });

    const ownerKeys = { accessKeyId: account, secretAccessKey: "test" };

    /** A shell with somebody's credentials, in which the engine asks nobody. */
    function shellOf(keys: Keys): NodeJS.ProcessEnv {
        const { endpoint, caBundle } = cloud.connection;
        const home = join(cloud.folder, "pulumi-home");
        const own = pulumiEnvironment({
            engine,
            home,
            folder: cloud.folder,
            server: { caBundle: caBundle! },
            credentials: keys,
        });
        // The document says where the state is, and what encrypts it.
        const env = Object.entries(own).filter(([name]) => !/^PULUMI_(BACKEND_URL|CONFIG_PASSPHRASE)$/.test(name));
        return {
            ...Object.fromEntries(env),
            ...(keys.sessionToken ? { AWS_SESSION_TOKEN: keys.sessionToken } : {}),
            PATH: `${aws}:${own.PATH}`,
            PULUMI_SKIP_CONFIRMATIONS: "true",
            AWS_ENDPOINT_URL: endpoint,
            // The AWS CLI asks for it where it is given an endpoint.
            AWS_DEFAULT_REGION: "us-east-1",
        };
    }

    const profile = (name: string, { accessKeyId, secretAccessKey, sessionToken }: Keys) =>
        `[profile ${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n` +
        (sessionToken ? `aws_session_token = ${sessionToken}\n` : "");

    /** A shell with profiles, and with the keys of somebody else, which a profile is not to give way to. */
    function withProfiles(name: string, text: string): NodeJS.ProcessEnv {
        const AWS_CONFIG_FILE = join(cloud.folder, `profiles-${name}`);
        writeFileSync(AWS_CONFIG_FILE, text, { mode: 0o600 });
        // The AWS CLI keeps a role's session in the home folder, and another cloud's is of no use here.
        const HOME = mkdtempSync(join(cloud.folder, "home-"));
        return { ...shellOf({ accessKeyId: "nobody", secretAccessKey: "none" }), AWS_CONFIG_FILE, HOME };
    }

    /** The document's block that has a text in it, with what a reader fills in. */
    function block(text: string): string {
        const blocks = codeIn("docs/deploying.md").filter((one) => one.includes(text));
        assert.equal(blocks.length, 1, text);
        return (
            blocks[0]
                .replaceAll("<account>", account)
                .replaceAll("<state bucket>", `platform-state-${account}`)
                .replaceAll("<role of the operators>", "operators")
                .replaceAll("<your own profile>", "mine")
                // The packages are there.
                .replace(/^npm ci$/m, ":")
                // The local AWS has no name for each bucket.
                .replace('"$backend"', '"$backend&s3ForcePathStyle=true"')
                .replace(/('s3:[^']*)'/, "$1&s3ForcePathStyle=true'")
        );
    }

    /** A stack file with the addresses of the local AWS, and without what it lacks. */
    function onLocalAws(text: string): string {
        const document = parse(text) as { config: Record<string, unknown> };
        const { config: local } = parse(filledText("local")) as { config: Record<string, unknown> };
        const port = (address: unknown) => String(address).replace(/:\d+$/, `:${cloud.port}`);
        const [services] = local["aws:endpoints"] as Record<string, string>[];
        const models = document.config["platform:llm-models"] as object | undefined;
        return stringify({
            ...document,
            config: {
                ...document.config,
                "aws:endpoints": [Object.fromEntries(Object.entries(services).map(([name, at]) => [name, port(at)]))],
                "aws:httpProxy": `http://127.0.0.1:${cloud.port + 1}`,
                "aws:httpsProxy": `http://127.0.0.1:${cloud.port + 1}`,
                "aws:s3UsePathStyle": "true",
                "aws:skipMetadataApiCheck": "true",
                ...(models
                    ? {
                          "platform:services": ["rl-studio", "snapshotter", "mlflow", "llm-models"],
                          "platform:llm-models": { ...models, budgetAction: false },
                      }
                    : {}),
            },
        });
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

    it("makes the state's key and bucket and the roles of CI, and its own state moves to the bucket", async () => {
        const steps = [block("pulumi login file://"), block("pulumi stack export")];
        await checkout.succeed(steps.join("\n"), shellOf(ownerKeys));
        // In a shell that knows nothing of the passphrase.
        const preview = "cd bootstrap\npulumi preview --refresh --expect-no-changes --stack dev";
        await checkout.succeed(preview, shellOf(ownerKeys));
        const stackFile = readFileSync(checkout.path("bootstrap/Pulumi.dev.yaml"), "utf8");
        assert.match(stackFile, /^encryptedkey: /m);
        assert.doesNotMatch(stackFile, /^encryptionsalt: /m);
    });

    it("trusts the jobs of the environment to deploy, those of pull requests and of main to preview, and no others", async () => {
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
        let asSomebody: NodeJS.ProcessEnv;
        let asProfile: NodeJS.ProcessEnv;
        let asDeployer: NodeJS.ProcessEnv;
        let asPreviewer: NodeJS.ProcessEnv;
        before(async () => {
            // What the local AWS asks for where AWS asks for something narrower: it judges a call by a key's alias by the
            // alias, and AWS by the key.
            const keyRight = (...Action: string[]) => ({
                Effect: "Allow",
                Action,
                Resource: "arn:aws:kms:*:*:alias/*",
            });
            const gap = localDeployerPolicy(account).Statement.find(({ Sid }) => Sid === "Emulator")!;
            const looks = (gap.Action as string[]).filter((action) => /:(Describe|List)/.test(action));
            for (const [role, Statement] of [
                [deployer, [gap, keyRight("kms:Decrypt", "kms:Encrypt")]],
                [previewer, [{ ...gap, Action: looks }, keyRight("kms:Decrypt")]],
            ] as const) {
                await owner.iam.send(
                    new PutRolePolicyCommand({
                        RoleName: role.split("/").at(-1),
                        PolicyName: "emulator",
                        PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }),
                    }),
                );
            }
            await owner.iam.send(new CreateUserCommand({ UserName: "somebody" }));
            await owner.iam.send(
                new PutUserPolicyCommand({
                    UserName: "somebody",
                    PolicyName: "deploy",
                    PolicyDocument: JSON.stringify({
                        Version: "2012-10-17",
                        Statement: { Effect: "Allow", Action: "sts:AssumeRole", Resource: deployer },
                    }),
                }),
            );
            const { AccessKey: key } = await owner.iam.send(new CreateAccessKeyCommand({ UserName: "somebody" }));
            const mine = profile("mine", { accessKeyId: key!.AccessKeyId!, secretAccessKey: key!.SecretAccessKey! });
            asSomebody = withProfiles("people", mine + block("[profile platform-dev]"));
            const session = await assume(deployer, `repo:${repository}:environment:dev`);
            // With the session's keys: for a profile's role the engine asks AWS's own STS, whatever address it is given.
            asProfile = withProfiles("session", profile("platform-dev", session));
            asDeployer = shellOf(session);
            asPreviewer = shellOf(await assume(previewer, `repo:${repository}:pull_request`));
        });

        it("a profile takes the deployer's role", async () => {
            const identity = "aws sts get-caller-identity --profile platform-dev --query Arn --output text";
            const taken = `unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY\n${identity}`;
            assert.match(await checkout.succeed(taken, asSomebody), /:assumed-role\/platform-deployer-dev\//);
        });

        it("the deployer's role creates stack dev, and a job of CI deploys it", async () => {
            await checkout.succeed(block("--secrets-provider 'awskms:"), asProfile);
            await checkout.succeed("ci/deploy dev", asDeployer);
            await checkout.succeed("pulumi preview --expect-no-changes --stack dev", asDeployer);
            assert.match(readFileSync(checkout.path("Pulumi.dev.yaml"), "utf8"), /^encryptedkey: /m);
        });

        it("the previewer's role previews and looks for drift, and changes nothing", async () => {
            await checkout.succeed("ci/drift dev", asPreviewer);
            const refused = await checkout.run("pulumi up --skip-preview --stack dev", asPreviewer);
            assert.notEqual(refused.exitCode, 0);
            assert.match(refused.all!, /AccessDenied/);
        });

        it("the verifier and the operators get their rights", async () => {
            await owner.iam.send(
                new CreateRoleCommand({
                    RoleName: "operators",
                    AssumeRolePolicyDocument: JSON.stringify({
                        Version: "2012-10-17",
                        Statement: {
                            Effect: "Allow",
                            Principal: { AWS: `arn:aws:iam::${account}:root` },
                            Action: "sts:AssumeRole",
                        },
                    }),
                }),
            );
            await checkout.succeed([block("verifier.json"), block("operator.json")].join("\n"), shellOf(ownerKeys));
            for (const [RoleName, wanted] of [
                ["platform-deployer-dev", "platform-verifier"],
                ["operators", "platform-operator"],
            ]) {
                const found = await owner.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
                assert.ok(found.AttachedPolicies!.some(({ PolicyName }) => PolicyName === wanted));
            }
        });

        it("the scripts of CI preview the stacks that a change touches, as the previewer, and write the comment", async () => {
            const script = (line: string) => checkout.succeed(`ci/${line}`, asPreviewer);
            await checkout.commit();
            await checkout.replace("docs/deploying.md", "# Deploying", "# How to deploy");
            assert.equal(await script("affected HEAD~1"), "stacks=[]");
            assert.match(await script("comment ."), /No stack is touched by this change\.$/);

            await checkout.replace("Pulumi.prod.yaml", "alertPercent: 70", "alertPercent: 60");
            assert.equal(await script("affected HEAD~1"), 'stacks=["prod"]');

            await checkout.replace("stacks/rl-studio.ts", "rlStudio.abortMultipartAfterDays", "3");
            assert.equal(await script("affected HEAD~1"), 'stacks=["dev","prod","staging"]');
            await script("preview dev preview-dev.md");
            const comment = await script("comment . dev");
            assert.match(comment, /^### dev: ~ 1 to update, \d+ unchanged$/m);
            assert.match(comment, /daysAfterInitiation: 7 => 3/);
            assert.doesNotMatch(comment, /bedrock/i);
        });

        it("the deployer's role destroys it", async () => {
            await checkout.succeed("pulumi destroy --stack dev", asDeployer);
        });
    });
});
