import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { authorizationDetails, type Resource, resourcePolicies } from "./account";
import { type Exception } from "./exceptions";
import { type Extract, type Manifest } from "./extract";
import { type Judge } from "./judge";
import { apiServer, checkov, kubeconform } from "./manifests";
import { cloudsplaining, iamprover, parliament } from "./policies";
import { secretsIn } from "./secrets";
import { temporaryFolder } from "./temporary";

const accountId = "111122223333";
const arn = (principal: string) => `arn:aws:iam::${accountId}:${principal}`;
const stranger = arn("user/stranger");

const user = (name: string): Resource => ({ type: "aws:iam/user:User", inputs: { name } });
const policy = (holder: string, ...Statement: object[]): Resource => ({
    type: "aws:iam/userPolicy:UserPolicy",
    inputs: { name: "planted", user: holder, policy: JSON.stringify({ Version: "2012-10-17", Statement }) },
});
const allow = (Action: string | string[], Resource: string) => ({ Effect: "Allow", Action, Resource });
const role = (name: string, Principal: object): Resource => ({
    type: "aws:iam/role:Role",
    inputs: {
        name,
        assumeRolePolicy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }],
        }),
    },
});

/** A stack that has these, and nothing else. */
const planted = (resources: readonly Resource[], manifests: readonly Manifest[] = []): Extract => ({
    stack: "planted",
    environment: "dev",
    accountId,
    details: authorizationDetails(resources, accountId, {}),
    resourcePolicies: resourcePolicies(resources, accountId),
    manifests,
});

/** `rule subject` of all that a judge finds. */
async function found(judge: Judge, extract: Extract, exceptions: readonly Exception[] = []): Promise<string[]> {
    const verdict = await judge.ask([extract], exceptions);
    assert.ok(verdict, "there was nothing to judge");
    return verdict.findings.map(({ rule, subject }) => `${rule} ${subject}`).sort();
}

const pod = (spec: object): Manifest => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "planted", namespace: "clinical-ai" },
    ...{ spec: { containers: [{ name: "main", image: "example/image:1", ...spec }] } },
});

/** Each judge finds what is wrong where something is, and nothing where the same is right. */
describe("outside judges, with a violation planted", function () {
    // Cold, the judges are installed.
    this.timeout(15 * 60_000);

    const reader = (action: string) =>
        planted([user("reader"), policy("reader", allow(action, "arn:aws:s3:::data/*"))]);

    it("parliament: an action that does not exist", async () => {
        assert.deepEqual(await found(parliament, reader("s3:GetObject")), []);
        assert.deepEqual(await found(parliament, reader("s3:GetObjct")), ["UNKNOWN_ACTION reader/planted"]);
    });

    it("parliament: a bucket's policy that names another kind of resource", async () => {
        const bucket = (Resource: string) =>
            planted([
                {
                    type: "aws:s3/bucketPolicy:BucketPolicy",
                    inputs: {
                        bucket: "data",
                        policy: {
                            Version: "2012-10-17",
                            Statement: [{ ...allow("s3:GetObject", Resource), Principal: { AWS: stranger } }],
                        },
                    },
                },
            ]);
        assert.deepEqual(await found(parliament, bucket("arn:aws:s3:::data/*")), []);
        assert.deepEqual(await found(parliament, bucket("arn:aws:s3:::data")), ["RESOURCE_MISMATCH bucket/data"]);
    });

    it("cloudsplaining: objects of any bucket, a whole service, and rights that lead to more", async () => {
        assert.deepEqual(await found(cloudsplaining, reader("s3:GetObject")), []);
        const any = (...actions: string[]) => planted([user("reader"), policy("reader", allow(actions, "*"))]);
        assert.deepEqual(await found(cloudsplaining, any("s3:GetObject")), ["DataExfiltration planted"]);
        const rules = await found(cloudsplaining, any("sns:*", "iam:CreateAccessKey"));
        for (const rule of ["ServiceWildcard", "PrivilegeEscalation", "ResourceExposure", "CredentialsExposure"]) {
            assert.ok(rules.includes(`${rule} planted`), `${rule} is not among ${rules.join()}`);
        }
    });

    const given = (...Statement: object[]) => planted([user("stranger"), policy("stranger", ...Statement)]);
    const gate = `arn:aws:lambda:us-east-1:${accountId}:function:deployer-ddf-llm-models-dev`;

    for (const [invariant, action, resource] of [
        [
            "only-the-owner-touches-its-objects/rl-studio-rollouts-dev",
            "s3:GetObject",
            "arn:aws:s3:::rl-studio-rollouts-dev/*",
        ],
        ["only-the-owner-touches-its-objects/clinical-ai-source-dev", "s3:Get*", "arn:aws:s3:::clinical-ai-*"],
        [
            "only-the-owner-touches-its-objects/mlflow-basketworld-dev",
            "s3:PutObject",
            "arn:aws:s3:::mlflow-basketworld-dev/x",
        ],
        ["nobody-deletes-a-snapshot", "s3:DeleteObjectVersion", "arn:aws:s3:::fruitful-lab-snapshots-dev/*"],
        ["only-llm-models-or-its-gate-invokes", "bedrock:InvokeModel", "arn:aws:bedrock:*::foundation-model/*"],
        ["only-llm-models-calls-its-gate", "lambda:InvokeFunctionUrl", `${gate}:live`],
        ["only-the-deployer-changes-policies", "s3:PutBucketPolicy", "arn:aws:s3:::mlflow-basketworld-dev"],
        ["privesc-policy-version", "iam:CreatePolicyVersion", arn("policy/any")],
    ]) {
        it(`iamprover: ${invariant}`, async () => {
            const broken = await found(iamprover, given(allow(action, resource)));
            assert.ok(broken.includes(`${invariant} ${stranger}`), broken.join("\n"));
            const denied = given(allow(action, resource), { ...allow(action, resource), Effect: "Deny" });
            assert.deepEqual(await found(iamprover, denied), []);
        });
    }

    it("iamprover: what the owner may do, somebody who may become the owner may, too", async () => {
        const task = "fruitful-repo-snapshotter-task-role-dev";
        const objects = {
            ...policy("", allow("s3:GetObject", "arn:aws:s3:::fruitful-lab-snapshots-dev/*")).inputs,
            role: task,
        };
        const owner = { type: "aws:iam/rolePolicy:RolePolicy", inputs: objects };
        const trusting = (principal: object) => [
            user("stranger"),
            role(task, principal),
            role("between", { AWS: stranger }),
            owner,
        ];
        const reads = {
            ...policy("", allow("s3:GetObject", "arn:aws:s3:::fruitful-lab-snapshots-dev/*")).inputs,
            role: "between",
        };
        assert.deepEqual(await found(iamprover, planted(trusting({ Service: "ecs-tasks.amazonaws.com" }))), []);
        const between = { type: "aws:iam/rolePolicy:RolePolicy", inputs: reads };
        const rule = "only-the-owner-touches-its-objects/fruitful-lab-snapshots-dev";
        assert.deepEqual(
            await found(iamprover, planted([...trusting({ Service: "ecs-tasks.amazonaws.com" }), between])),
            [`${rule} ${arn("role/between")}`, `${rule} ${stranger}`],
        );
    });

    it("iamprover: a role that another account may become, and a bucket that anybody reads", async () => {
        const trusts = (account: string) => planted([role("open", { AWS: `arn:aws:iam::${account}:root` })]);
        assert.deepEqual(await found(iamprover, trusts(accountId)), []);
        assert.deepEqual(await found(iamprover, trusts("999988887777")), [
            `trust-stays-in-the-account ${arn("role/open")}`,
        ]);
        const Statement = [{ ...allow("s3:GetObject", "arn:aws:s3:::rl-studio-rollouts-dev/*"), Principal: "*" }];
        const open = { bucket: "rl-studio-rollouts-dev", policy: { Version: "2012-10-17", Statement } };
        const rule = "only-the-owner-touches-its-objects/rl-studio-rollouts-dev";
        assert.deepEqual(
            await found(
                iamprover,
                planted([user("stranger"), { type: "aws:s3/bucketPolicy:BucketPolicy", inputs: open }]),
            ),
            [`${rule} anonymous`, `${rule} ${stranger}`],
        );
    });

    it("iamprover: a managed policy of which nothing is known", async () => {
        const inputs = { user: "stranger", policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" };
        const attachment = { type: "aws:iam/userPolicyAttachment:UserPolicyAttachment", inputs };
        assert.deepEqual(await found(iamprover, planted([user("stranger"), attachment])), [
            `every-policy-is-known ${stranger}`,
        ]);
    });

    it("iamprover: an exception lets its one policy be attached, and no other", async () => {
        const attach = (policyArn: string) => ({
            ...allow("iam:AttachUserPolicy", arn("user/victim")),
            Condition: { ArnEquals: { "iam:PolicyARN": policyArn } },
        });
        const only = attach("arn:aws:iam::<account>:policy/brake<suffix>");
        const exception = (rule: string): Exception => ({
            ...{ judge: "iamprover", rule, subject: stranger, detail: "*", only: [only] },
            ...{ reason: "planted", until: "2026-12-31" },
        });
        const rules = ["only-the-deployer-changes-policies", "privesc-policy-attachment"];
        const exceptions = rules.map(exception);
        const excepted = rules.map((rule) => `${rule} ${stranger}`);
        assert.deepEqual(await found(iamprover, given(attach(arn("policy/brake-dev"))), exceptions), excepted);
        assert.deepEqual(
            await found(iamprover, given(attach(arn("policy/*"))), exceptions),
            [...excepted, ...rules.map((rule) => `${rule} beyond its exception ${stranger}`)].sort(),
        );
    });

    it("kubeconform: a field that no schema names, a value of another type, a kind that nobody knows", async () => {
        const secret = (refreshInterval: unknown): Manifest => ({
            apiVersion: "external-secrets.io/v1",
            kind: "ExternalSecret",
            metadata: { name: "planted" },
            ...{ spec: { refreshInterval, secretStoreRef: { name: "vault" } } },
        });
        const good = [pod({ imagePullPolicy: "Always" }), secret("1h")];
        assert.deepEqual(await found(kubeconform, planted([], good)), []);
        const bad = [pod({ imagePulPolicy: "Always" }), secret(3600), { ...secret("1h"), kind: "InternalSecret" }];
        assert.deepEqual(await found(kubeconform, planted([], bad)), [
            "statusError InternalSecret/planted",
            "statusInvalid ExternalSecret/planted",
            "statusInvalid Pod/planted",
        ]);
    });

    it("checkov: a privileged container", async () => {
        const rule = "CKV_K8S_16 Pod.clinical-ai.planted";
        const privileged = (value: boolean) => planted([], [pod({ securityContext: { privileged: value } })]);
        assert.ok(!(await found(checkov, privileged(false))).includes(rule));
        assert.ok((await found(checkov, privileged(true))).includes(rule));
    });

    it("the API server: a privileged pod, a field that it does not know, and pods below the level of the namespace", async function () {
        const [privileged, unknown, unguarded] = [
            { securityContext: { privileged: true } },
            { imagePulPolicy: "A" },
            {},
        ].map(pod);
        const { metadata, ...template } = unguarded as Manifest & { spec: object };
        const labels = { app: "planted" };
        const deployment = {
            ...{ apiVersion: "apps/v1", kind: "Deployment", metadata },
            spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: template.spec } },
        };
        const manifests = [privileged, unknown, unguarded, deployment];
        const verdict = await apiServer.ask([planted([], manifests)], []);
        if (!verdict) return this.skip();
        assert.deepEqual(
            verdict.findings.map(({ rule, detail }) => `${rule} ${detail.slice(0, 3)}`),
            ["refused 422", "refused 400", "refused 403", "warning 299"],
        );
    });

    it("secretlint: a key of AWS and a private key, and no word of either in what it says", async () => {
        await temporaryFolder(async (folder) => {
            // Put together here, so that this file has none in it.
            const secret = ["wJalrXUtnFEMI", "K7MDENG", "bPxRfiCYzzzzzzzKEY"].join("/");
            const key =
                "-----BEGIN RSA PRIVATE" +
                ` KEY-----\n${"MIIEpAIBAAKCAQEA".repeat(8)}\n-----END RSA PRIVATE KEY-----\n`;
            const file = (name: string, text: string) => {
                writeFileSync(join(folder, name), text);
                return join(folder, name);
            };
            assert.deepEqual(await secretsIn([file("clean", "AWS_REGION=us-east-1\n")]), []);
            const findings = await secretsIn([file("env", `AWS_SECRET_ACCESS_KEY=${secret}\n`), file("pem", key)]);
            assert.deepEqual(findings.map(({ rule }) => rule).sort(), ["aws", "privatekey"]);
            assert.ok(!JSON.stringify(findings).includes(secret));
        });
    });
});
