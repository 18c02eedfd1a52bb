import { strict as assert } from "node:assert";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument, type PolicyStatement } from "../../components/policy-document";
import {
    type Grant,
    refuseOlderKeysHook,
    type RolePrincipal,
    ScopedIdentity,
    type ScopedIdentityArgs,
    type UserPrincipal,
} from "../../components/scoped-identity";
import { identityPolicy } from "../../components/scoped-identity/policy";
import { RecordingMocks, runWithMocks, valueOf } from "../support/mocks";

const hookName = "refuse-older-access-keys: revision=3 generations=1+2 published=2";
const user: UserPrincipal = { kind: "user", userName: "worker" };
const keys = { revision: 3, generations: [1, 2], published: 2 };
const trust = policyDocument({
    Sid: "AllowCluster",
    Effect: "Allow",
    Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/cluster" },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { "cluster:sub": "system:serviceaccount:a:b" } },
});
const role: RolePrincipal = { kind: "role", roleName: "worker", trust };
const grant: Grant = { bucketArn: "arn:aws:s3:::data", prefix: "artifacts/", actions: ["list", "read"] };
const statement: PolicyStatement = {
    Sid: "AllowInvoke",
    Effect: "Allow",
    Action: ["bedrock:InvokeModel"],
    Resource: ["arn:aws:bedrock:us-east-1::foundation-model/m"],
};

/** Mocks that also note which changes replace a resource. */
class ReplacingMocks extends RecordingMocks {
    readonly replaceOnChanges: Record<string, string[]> = {};

    override listen(monitor: Parameters<RecordingMocks["listen"]>[0]): void {
        super.listen(monitor);
        const registerResource = monitor.registerResource.bind(monitor);
        monitor.registerResource = (request, answer) => {
            this.replaceOnChanges[request.getName()] = request.getReplaceonchangesList();
            return registerResource(request, answer);
        };
    }
}

async function deploy(args: ScopedIdentityArgs, preview = false) {
    const mocks = new RecordingMocks();
    const identity = await runWithMocks(mocks, () => new ScopedIdentity("id", args), { preview });
    return { mocks, identity };
}

const frame = ["platform:identity:ScopedIdentity id", "pulumi:pulumi:Stack platform-test"];

describe("ScopedIdentity", () => {
    it("a user without grants, groups and keys has no policy, membership or key", async () => {
        const { mocks } = await deploy({ principal: user });
        assert.deepEqual(mocks.list(), ["aws:iam/user:User id-user", ...frame]);
        assert.deepEqual(mocks.get("aws:iam/user:User", "id-user").inputs, { name: "worker" });
        assert.deepEqual(mocks.hooks, []);
    });

    it("empty grants and groups make no child", async () => {
        const { mocks } = await deploy({ principal: { ...user, groups: [] }, grants: [] });
        assert.deepEqual(mocks.list(), ["aws:iam/user:User id-user", ...frame]);
    });

    it("a user has exactly its grants, its statements, its groups and its keys", async () => {
        const { mocks } = await deploy({
            principal: { ...user, groups: [pulumi.output("agents")], accessKeys: keys },
            grants: [{ ...grant, bucketArn: pulumi.output("arn:aws:s3:::data") }],
            statements: pulumi.output([statement]),
            permissionsBoundaryArn: "arn:aws:iam::123456789012:policy/boundary",
            tags: { service: "lab" },
        });
        assert.deepEqual(mocks.list(), [
            "aws:iam/accessKey:AccessKey id-access-key-1",
            "aws:iam/accessKey:AccessKey id-access-key-2",
            "aws:iam/user:User id-user",
            "aws:iam/userGroupMembership:UserGroupMembership id-groups",
            "aws:iam/userPolicy:UserPolicy id-policy",
            ...frame,
        ]);
        assert.deepEqual(mocks.get("aws:iam/user:User", "id-user").inputs, {
            name: "worker",
            permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary",
            tags: { service: "lab", "platform:access-keys": "revision=3 generations=1+2 published=2" },
        });
        const { policy, ...rest } = mocks.get("aws:iam/userPolicy:UserPolicy", "id-policy").inputs;
        assert.deepEqual(rest, { user: "worker", name: "worker-policy" });
        const known = [{ bucketArn: "arn:aws:s3:::data", prefix: "artifacts/", actions: ["list", "read"] as const }];
        assert.deepEqual(JSON.parse(policy), identityPolicy(known, [statement]));
        assert.deepEqual(mocks.get("aws:iam/userGroupMembership:UserGroupMembership", "id-groups").inputs, {
            user: "worker",
            groups: ["agents"],
        });
        for (const key of mocks.all("aws:iam/accessKey:AccessKey")) assert.deepEqual(key.inputs, { user: "worker" });
        for (const { custom, name, options } of mocks.resources) if (custom) assert.equal(options.parent, "id", name);
    });

    it("a role has exactly its trust and its grants", async () => {
        const { mocks, identity } = await deploy({
            principal: { ...role, trust: pulumi.output(trust) },
            grants: [grant],
            policyName: "reads",
            permissionsBoundaryArn: "arn:aws:iam::123456789012:policy/boundary",
            tags: { service: "lab" },
        });
        assert.deepEqual(mocks.list(), [
            "aws:iam/role:Role id-role",
            "aws:iam/rolePolicy:RolePolicy id-policy",
            ...frame,
        ]);
        const { assumeRolePolicy, ...rest } = mocks.get("aws:iam/role:Role", "id-role").inputs;
        assert.deepEqual(rest, {
            name: "worker",
            permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary",
            tags: { service: "lab" },
        });
        assert.deepEqual(JSON.parse(assumeRolePolicy), trust);
        const { policy, ...policyRest } = mocks.get("aws:iam/rolePolicy:RolePolicy", "id-policy").inputs;
        assert.deepEqual(policyRest, { role: "worker", name: "reads" });
        assert.deepEqual(JSON.parse(policy), identityPolicy([{ ...grant, bucketArn: "arn:aws:s3:::data" }]));
        assert.equal(await valueOf(identity.arn), "arn:aws:iam::123456789012:role/worker");
        assert.equal(await valueOf(identity.roleName), "worker");
    });

    it("statements alone make a policy", async () => {
        const { mocks } = await deploy({ principal: user, statements: [statement] });
        const { policy } = mocks.get("aws:iam/userPolicy:UserPolicy", "id-policy").inputs;
        assert.deepEqual(JSON.parse(policy), policyDocument(statement));
    });

    it("a user that something may deny is deleted before what denies it, and in spite of it (E4)", async () => {
        const deploy = async (changed: Partial<ScopedIdentityArgs>) => {
            const mocks = new RecordingMocks();
            await runWithMocks(mocks, () => {
                const deniedBy = ["one", "two"].map((name) => new aws.iam.Policy(name, { policy: "{}" }));
                new ScopedIdentity("id", { principal: user, deniedBy, ...changed });
            });
            const { inputs, options } = mocks.get("aws:iam/user:User", "id-user");
            // Attached by others: `up` would take away what it attached itself.
            assert.deepEqual(mocks.all("aws:iam/userPolicyAttachment:UserPolicyAttachment"), []);
            return [inputs.forceDestroy, options.dependsOn, options.protect];
        };
        assert.deepEqual(await deploy({}), [true, ["one", "two"], false]);
        assert.deepEqual(await deploy({ adopt: { policy: false } }), [true, ["one", "two"], false]);
        assert.deepEqual(await deploy({ adopt: { user: true } }), [undefined, ["one", "two"], true]);
        assert.deepEqual(await deploy({ deniedBy: undefined }), [undefined, [], false]);
    });

    it("a role that something may deny is, too (E11)", async () => {
        const deploy = async (denied: boolean) => {
            const mocks = new RecordingMocks();
            await runWithMocks(mocks, () => {
                const policy = new aws.iam.Policy("one", { policy: "{}" });
                new ScopedIdentity("id", { principal: role, ...(denied ? { deniedBy: [policy] } : {}) });
            });
            const { inputs, options } = mocks.get("aws:iam/role:Role", "id-role");
            return [inputs.forceDetachPolicies, options.dependsOn];
        };
        assert.deepEqual(await deploy(true), [true, ["one"]]);
        assert.deepEqual(await deploy(false), [undefined, []]);
    });

    it("a preview registers the same resources as an update", async () => {
        const args: ScopedIdentityArgs = { principal: { ...user, accessKeys: keys }, grants: [grant] };
        const [update, preview] = [await deploy(args), await deploy(args, true)];
        assert.deepEqual(preview.mocks.list(), update.mocks.list());
        assert.deepEqual(
            preview.mocks.resources.map(({ inputs }) => inputs),
            update.mocks.resources.map(({ inputs }) => inputs),
        );
    });

    it("protect concerns the user or role only", async () => {
        for (const principal of [user, role]) {
            const { mocks } = await deploy({ principal, grants: [grant], protect: true });
            const isProtected = mocks.resources.filter(({ options }) => options.protect).map(({ name }) => name);
            assert.deepEqual(isProtected, [`id-${principal.kind}`]);
        }
    });

    it("a user that is renamed is replaced, as what belongs to it is: its deletes name the old user", async () => {
        const mocks = new ReplacingMocks();
        await runWithMocks(mocks, () => new ScopedIdentity("id", { principal: { ...user, accessKeys: keys } }));
        assert.deepEqual(mocks.replaceOnChanges["id-user"], ["name"]);
        assert.deepEqual(mocks.replaceOnChanges["id-access-key-1"], []);
    });

    it("what exists already is imported and protected, the rest is created (A3)", async () => {
        const imported = async (principal: UserPrincipal | RolePrincipal, adopt: ScopedIdentityArgs["adopt"]) => {
            const { mocks } = await deploy({ principal, grants: [grant], adopt });
            return mocks.resources
                .filter(({ custom, importId, options }) => custom && (importId || options.protect))
                .map(({ name, importId, options }) => [name, importId, options.protect]);
        };
        assert.deepEqual(await imported(user, undefined), []);
        assert.deepEqual(await imported(user, { user: false, policy: false }), []);
        assert.deepEqual(await imported(user, { user: true }), [["id-user", "worker", true]]);
        assert.deepEqual(await imported(user, { policy: true }), [["id-policy", "worker:worker-policy", true]]);
        assert.deepEqual(await imported(role, { policy: true }), [["id-policy", "worker:worker-policy", true]]);
    });
});

describe("access keys of a ScopedIdentity", () => {
    it("the published generation's secret is a secret, and its key says so from birth (A2)", async () => {
        for (const published of [1, 2]) {
            const accessKeys = { revision: 1, generations: [1, 2], published };
            const { mocks, identity } = await deploy({ principal: { ...user, accessKeys } });
            assert.equal(await valueOf(identity.secretAccessKey), `secret-of-id-access-key-${published}`);
            assert.equal(await valueOf(identity.accessKeyId), `id-access-key-${published}-id`);
            assert.equal(await pulumi.isSecret(identity.secretAccessKey), true);
            assert.equal(await pulumi.isSecret(identity.accessKeyId), false);
            for (const { options } of mocks.all("aws:iam/accessKey:AccessKey")) {
                for (const output of ["secret", "sesSmtpPasswordV4"]) {
                    assert.equal(options.additionalSecretOutputs.includes(output), true, output);
                }
            }
        }
    });

    it("a rotation keeps the names of the keys that stay", async () => {
        const names = async (...generations: number[]) => {
            const accessKeys = { revision: 1, generations, published: generations[0] };
            const { mocks } = await deploy({ principal: { ...user, accessKeys } });
            return mocks.all("aws:iam/accessKey:AccessKey").map(({ name }) => name);
        };
        assert.deepEqual(await names(1), ["id-access-key-1"]);
        assert.deepEqual(await names(1, 2), ["id-access-key-1", "id-access-key-2"]);
        assert.deepEqual(await names(2), ["id-access-key-2"]);
    });

    it("older settings stop the update of the user, in a preview too, before any key is touched", async () => {
        const { mocks } = await deploy({ principal: { ...user, accessKeys: keys } });
        assert.deepEqual(
            mocks.hooks.map(({ name, onDryRun }) => [name, onDryRun]),
            [[hookName, true]],
        );
        const options = mocks.get("aws:iam/user:User", "id-user").options;
        assert.deepEqual(options.beforeUpdate, [hookName]);
        for (const key of mocks.all("aws:iam/accessKey:AccessKey")) {
            assert.deepEqual(key.options.dependsOn, ["id-user"]);
        }

        const update = (tag?: string) =>
            mocks.hooks[0].run({ oldInputs: tag ? { tags: { "platform:access-keys": tag } } : {} });
        assert.equal(await update(), undefined);
        assert.equal(await update("revision=2 generations=1+2 published=1"), undefined);
        assert.equal(await update("revision=3 generations=1+2 published=2"), undefined);
        assert.equal(
            await update("revision=4 generations=2 published=2"),
            "accessKeys of revision 3 is older than revision 4, which was applied last (generations 2, published 2)",
        );
    });

    it("identities of a stack share a hook where they have the same settings, and only there", async () => {
        const mocks = new RecordingMocks();
        const later = { revision: 4, generations: [2], published: 2 };
        await runWithMocks(mocks, () => {
            new ScopedIdentity("one", { principal: { ...user, userName: "one", accessKeys: keys } });
            new ScopedIdentity("two", { principal: { ...user, userName: "two", accessKeys: keys } });
            new ScopedIdentity("three", { principal: { ...user, userName: "three", accessKeys: later } });
        });
        const laterHook = "refuse-older-access-keys: revision=4 generations=2 published=2";
        assert.deepEqual(mocks.hooks.map(({ name }) => name).sort(), [hookName, laterHook]);
        const used = (name: string) => mocks.get("aws:iam/user:User", `${name}-user`).options.beforeUpdate;
        assert.deepEqual(["one", "two", "three"].map(used), [[hookName], [hookName], [laterHook]]);
    });

    it("the hook reads the tag of the old inputs, and a user without tags passes", async () => {
        const hook = refuseOlderKeysHook({ revision: 1, generations: [1], published: 1 });
        const about = { urn: "urn", id: "worker", name: "id-user", type: "aws:iam/user:User" } as const;
        await hook({ ...about, oldInputs: undefined });
        await hook({ ...about, oldInputs: { tags: { service: "lab" } } });
        assert.throws(
            () =>
                hook({
                    ...about,
                    oldInputs: { tags: { "platform:access-keys": "revision=4 generations=2 published=2" } },
                }),
            {
                message:
                    "accessKeys of revision 1 is older than revision 4, which was applied last " +
                    "(generations 2, published 2)",
            },
        );
    });
});

describe("what ScopedIdentity refuses", () => {
    const refused: [args: ScopedIdentityArgs, sentence: string][] = [
        [
            { principal: { ...user, userName: "a b" } },
            'principal.userName is "a b", expected 1 to 64 letters, digits and +=,.@_-',
        ],
        [
            { principal: { ...role, roleName: "a/b" } },
            'principal.roleName is "a/b", expected 1 to 64 letters, digits and +=,.@_-',
        ],
        [{ principal: user, policyName: "a:b" }, 'policyName is "a:b", expected 1 to 128 letters, digits and +=,.@_-'],
        [
            { principal: user, grants: [grant, { ...grant, prefix: "*/" }] },
            `grants[1].prefix is "*/", expected segments of letters, digits and !_.'()=- that each end with "/", ` +
                'such as "artifacts/2024/"',
        ],
        [
            { principal: user, grants: [{ ...grant, prefix: "" }] },
            `grants[0].prefix is "", expected segments of letters, digits and !_.'()=- that each end with "/", ` +
                'such as "artifacts/2024/"',
        ],
        [
            { principal: user, grants: [{ ...grant, actions: [] }] },
            "grants[0].actions is [], expected at least one set of actions",
        ],
        [
            { principal: user, grants: [grant, { ...grant, bucketArn: pulumi.output("arn:aws:s3:::*") }] },
            'grants[1].bucketArn is "arn:aws:s3:::*", expected the ARN of one bucket',
        ],
        [
            { principal: { ...user, accessKeys: { ...keys, generations: [2, 1] } } },
            "principal.accessKeys.generations is [2,1], expected one or two different whole numbers from 1, ascending " +
                "(IAM allows a user two keys)",
        ],
        [
            { principal: { ...user, accessKeys: { ...keys, generations: [1] } } },
            "principal.accessKeys.published is 2, expected one of 1",
        ],
        [
            { principal: { ...user, accessKeys: { ...keys, revision: 0 } } },
            "principal.accessKeys.revision is 0, expected a whole number from 1",
        ],
        [
            { principal: role, adopt: { user: true } },
            "adopt.user is true, expected false where the principal is a role",
        ],
        [
            { principal: user, adopt: { policy: true } },
            "adopt.policy is true, expected false where neither grants nor statements are set",
        ],
    ];
    const sentenceOf = (args: ScopedIdentityArgs) =>
        deploy(args).then(
            () => assert.fail("was accepted"),
            (error) => {
                assert.equal(pulumi.ResourceError.isInstance(error) && error.hideStack, true);
                return error.message as string;
            },
        );
    for (const [args, sentence] of refused) {
        it(sentence, async () => assert.equal(await sentenceOf(args), sentence));
    }

    it("a statement with a wildcard in an allowed action", async () => {
        const statements = pulumi.output([{ ...statement, Action: "bedrock:*" }]);
        assert.match(
            await sentenceOf({ principal: user, statements }),
            /^the policy of grants and statements is .*, expected actions without a wildcard in what is allowed, but "AllowInvoke" has one$/,
        );
    });

    it("a policy that a user's inline policies cannot hold, though a role's can", async () => {
        const Resource = Array.from({ length: 40 }, (_, index) => `${statement.Resource}-${"x".repeat(20)}-${index}`);
        const statements = [{ ...statement, Resource }];
        assert.match(await sentenceOf({ principal: user, statements }), /expected at most 2048 characters/);
        await deploy({ principal: role, statements });
    });

    it("an output that the identity does not have", async () => {
        const withoutKeys = (await deploy({ principal: user })).identity;
        const ofRole = (await deploy({ principal: role })).identity;
        assert.throws(() => withoutKeys.accessKeyId, {
            message: 'principal of id, asked for its accessKeyId, is "user", expected a user with accessKeys',
        });
        assert.throws(() => withoutKeys.secretAccessKey, { message: /asked for its secretAccessKey/ });
        assert.throws(() => withoutKeys.roleName, { message: /roleName, is "user", expected a role$/ });
        assert.throws(() => ofRole.userName, { message: /userName, is "role", expected a user$/ });
    });
});
