import { strict as assert } from "node:assert";

import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";

import {
    type DynamicSource,
    SharedVault,
    type SharedVaultArgs,
    type StaticSource,
    VaultSecretPipeline,
    type VaultSecretPipelineArgs,
} from "../../components/vault-secret-pipeline";
import { placeFault } from "../../components/vault-secret-pipeline/kv";
import { RecordingMocks, runWithMocks, valueOf } from "../support/mocks";

/** When Vault wrote the version. */
const created = "2026-01-02T03:04:05.678Z";

type Args = Omit<VaultSecretPipelineArgs, "providers">;

const staticSource: StaticSource = {
    kind: "static",
    mount: "secret",
    path: "team/aws",
    // Not in order, to see that they are written in order.
    fields: { secret_key: pulumi.output("very secret"), access_key: "AKIA" },
    keys: { "access-key": "access_key", "secret-key": "secret_key" },
    secretStoreName: "the-store",
};

const dynamicSource: DynamicSource = {
    kind: "dynamic",
    awsMount: "aws",
    awsRole: "the-aws-role",
    roleArn: "arn:aws:iam::123456789012:role/worker",
    keys: { accessKeyId: "access-key", secretAccessKey: "secret-key", sessionToken: "session-token" },
    generatorName: "the-generator",
    ttlSeconds: 3600,
    refreshSeconds: 1200,
};

const args: Args = {
    source: staticSource,
    authPath: "kubernetes",
    policyName: "the-policy",
    roleName: "the-role",
    audience: "vault",
    vaultAddress: "https://vault.example.com:8200",
    namespace: "the-namespace",
    serviceAccount: "the-account",
    externalSecretName: "the-external-secret",
    secretName: "the-secret",
};

/** @param inVault what Vault answers when the secret is read; default: that there is none */
async function run(changes: Partial<Args> = {}, preview = false, inVault?: Record<string, unknown> | Error) {
    const mocks = new RecordingMocks({
        outputs: { "vault:kv/secretV2:SecretV2": () => ({ metadata: { version: "7", created_time: created } }) },
        ...(inVault
            ? { invokes: { [getSecret]: ({ path }) => (path === "secret/data/team/aws" ? inVault : none) } }
            : {}),
    });
    const pipeline = await runWithMocks(
        mocks,
        () => new VaultSecretPipeline("keys", { ...args, ...changes, providers: connect() }),
        { preview },
    );
    return { mocks, pipeline };
}

const none = new Error("permission denied");
const getSecret = "vault:kv/getSecret:getSecret";
const connect = () => ({
    vault: new vault.Provider("the-vault", { address: "https://vault.example.com:8200" }),
    kubernetes: new kubernetes.Provider("the-cluster"),
});

const store = "kubernetes:external-secrets.io/v1:SecretStore";
const externalSecret = "kubernetes:external-secrets.io/v1:ExternalSecret";
const secretPatch = "kubernetes:core/v1:SecretPatch";
const generator = "kubernetes:generators.external-secrets.io/v1alpha1:VaultDynamicSecret";
const always = [
    "platform:secrets:VaultSecretPipeline keys",
    "pulumi:providers:kubernetes the-cluster",
    "pulumi:providers:vault the-vault",
    "pulumi:pulumi:Stack platform-test",
    `${externalSecret} keys-external-secret`,
    `${secretPatch} keys-synced`,
    "vault:index/policy:Policy keys-policy",
    "vault:kubernetes/authBackendRole:AuthBackendRole keys-role",
];
const ofStatic = [...always, `${store} keys-store`, "vault:kv/secretV2:SecretV2 keys-secret"].sort();
const ofDynamic = [
    ...always,
    `${generator} keys-generator`,
    "vault:aws/secretBackendRole:SecretBackendRole keys-aws-role",
].sort();

const login = {
    mountPath: "kubernetes",
    role: "the-role",
    serviceAccountRef: { name: "the-account", audiences: ["vault"] },
};

describe("VaultSecretPipeline, static", () => {
    it("makes nothing that exists, and no more than the way needs", async () => {
        const { mocks } = await run();
        assert.deepEqual(mocks.list(), ofStatic);
        for (const { name, type, options } of mocks.resources) {
            if (name.startsWith("keys-")) assert.equal(options.parent, "keys", `${type} ${name}`);
            assert.equal(options.retainOnDelete, false, name);
        }
    });

    it("declares the same in a preview", async () => {
        const { mocks } = await run({}, true);
        assert.deepEqual(mocks.list(), ofStatic);
    });

    it("joins the Vault and the cluster that it is given", async () => {
        const given: Record<string, string> = {};
        const note = (what: string) => (resource: pulumi.runtime.MockResourceArgs) => {
            given[what] = resource.provider!.split("::").at(-2)!;
            return {};
        };
        const mocks = new RecordingMocks({
            outputs: { "vault:index/policy:Policy": note("vault"), [store]: note("cluster") },
        });
        await runWithMocks(mocks, () => {
            const providers = {
                vault: new vault.Provider("the-vault", {}),
                kubernetes: new kubernetes.Provider("the-cluster"),
            };
            return new VaultSecretPipeline("keys", { ...args, providers });
        });
        assert.deepEqual(given, { vault: "the-vault", cluster: "the-cluster" });
    });

    it("B1: keeps the values secret, in order, with no older version left behind", async () => {
        const { mocks } = await run();
        const { dataJson, ...rest } = mocks.get("vault:kv/secretV2:SecretV2", "keys-secret").inputs;
        const customMetadata = { data: { "written-over-version": "0" } };
        assert.deepEqual(rest, { mount: "secret", name: "team/aws", deleteAllVersions: true, customMetadata });
        assert.ok(pulumi.runtime.isRpcSecret(dataJson));
        assert.equal(pulumi.runtime.unwrapRpcSecret(dataJson), '{"access_key":"AKIA","secret_key":"very secret"}');
    });

    describe("B1: what Vault holds already", () => {
        const declared = { access_key: "AKIA", secret_key: "very secret" };
        const found = (values: unknown, customMetadata?: object) => ({
            dataJson: JSON.stringify({
                data: values,
                metadata: { version: 5, custom_metadata: customMetadata ?? null },
            }),
        });
        const overVersion = async (inVault: Record<string, unknown> | Error) => {
            const { mocks } = await run({}, false, inVault);
            const { customMetadata } = mocks.get("vault:kv/secretV2:SecretV2", "keys-secret").inputs;
            return (customMetadata as { data: object }).data;
        };
        const earlier = { "written-over-version": "2", somebody: "else" };

        for (const [what, inVault, version] of [
            ["the declared values: nothing changes", found(declared, earlier), "2"],
            [
                "the declared values in another order",
                found({ secret_key: "very secret", access_key: "AKIA" }, earlier),
                "2",
            ],
            ["the declared values without a note", found(declared), "0"],
            [
                "values of somebody else: the secret is written again",
                found({ ...declared, access_key: "B" }, earlier),
                "5",
            ],
            ["a field more", found({ ...declared, added: "by hand" }, earlier), "5"],
            ["a latest version that was deleted", found(null, earlier), "5"],
            [
                "somebody else's fields that were given to the stack",
                found({ old: "x" }, { "written-over-version": "0" }),
                "5",
            ],
            ["nothing", new Error('no secret found at "secret/data/team/aws"'), "0"],
            ["nobody knows what", new Error("connection refused"), "0"],
        ] as const) {
            it(what, async () => assert.deepEqual(await overVersion(inVault), { "written-over-version": version }));
        }
    });

    describe("B1: refuses, and writes nothing, where", () => {
        const fields = { access_key: "AKIA", secret_key: "very secret" };
        const [mount, path] = ["secret", "team/aws"];
        const latest = (data: object | null, custom?: Record<string, string>) => ({
            data: data as Record<string, string>,
            metadata: { version: 3, custom_metadata: custom ?? null },
        });
        const ours = { "written-over-version": "2" };

        it("somebody else's fields are, by their names alone", async () => {
            const inVault = { dataJson: JSON.stringify(latest({ old: "their value" })) };
            await assert.rejects(run({}, false, inVault), ({ message }: Error) => {
                assert.match(
                    message,
                    /^Path team\/aws in mount secret of Vault is not managed by this stack: it holds the fields old,/,
                );
                assert.match(
                    message,
                    /vault kv metadata patch -mount=secret -custom-metadata=written-over-version=0 team\/aws$/,
                );
                return !message.includes("their value");
            });
        });

        for (const [what, place, expected] of [
            ["the engine has version 1", { engineVersion: "1" }, /version 1, .* vault kv enable-versioning secret\/$/],
            ["a version was deleted that is not the stack's", { latest: latest(null) }, /it holds a deleted version,/],
            [
                "the mount asks for a version",
                { checkAndSet: "mount" },
                /vault write secret\/config cas_required=false$/,
            ],
            [
                "the path asks for a version",
                { checkAndSet: "path", latest: latest({}, ours) },
                /vault kv metadata patch -mount=secret -cas-required=false team\/aws$/,
            ],
        ] as const) {
            it(what, () => assert.match(placeFault({ mount, path, ...place }, fields) ?? "nothing", expected));
        }

        const asJson = (value: object) => ({ dataJson: JSON.stringify(value) });
        for (const [what, answers, expected] of [
            [
                "the mount says that the engine has version 1",
                { "sys/internal/ui/mounts/secret": asJson({ type: "kv", options: null }) },
                /is the KV engine of version 1/,
            ],
            [
                "the secret's own metadata asks for a version",
                {
                    "secret/data/team/aws": asJson(latest({ old: "x" }, ours)),
                    "secret/metadata/team/aws": asJson({ cas_required: true }),
                },
                /\(cas_required of the path\)/,
            ],
            [
                "the mount's configuration does",
                { "secret/config": asJson({ cas_required: true }) },
                /\(cas_required of the mount\)/,
            ],
        ] as const) {
            it(`${what}, as Vault answers`, async () => {
                const given: Readonly<Record<string, object>> = answers;
                const mocks = new RecordingMocks({
                    invokes: {
                        [getSecret]: ({ path }) => (given[path] as Record<string, unknown> | undefined) ?? none,
                    },
                });
                const pipeline = () => new VaultSecretPipeline("keys", { ...args, providers: connect() });
                await assert.rejects(runWithMocks(mocks, pipeline), expected);
                assert.deepEqual(mocks.all("vault:kv/secretV2:SecretV2"), []);
            });
        }

        it("not where nothing has to be written, or what is there is the stack's", () => {
            for (const place of [
                { latest: latest(fields), checkAndSet: "mount" as const },
                { latest: latest({ other: "x" }, ours), engineVersion: "2" },
                {},
            ]) {
                assert.equal(placeFault({ mount, path, ...place }, fields), undefined);
            }
        });
    });

    it("asks whether the Secret is free before the operator owns it", async () => {
        const mocks = new RecordingMocks();
        await runWithMocks(mocks, () => {
            const beforeSync = new pulumi.ResourceHook("free", () => undefined);
            return new VaultSecretPipeline("keys", { ...args, beforeSync, providers: connect() });
        });
        assert.deepEqual(mocks.get(externalSecret, "keys-external-secret").options.beforeCreate, ["free"]);
    });

    it("gives no value to anything but the Vault secret", async () => {
        const { mocks } = await run();
        const others = mocks.resources.filter(({ name }) => name !== "keys-secret");
        assert.doesNotMatch(JSON.stringify(others), /very secret|AKIA/);
    });

    it("B2, B3: one path for one service account", async () => {
        const { mocks } = await run({ tokenTtlSeconds: 600 });
        assert.deepEqual(mocks.get("vault:index/policy:Policy", "keys-policy").inputs, {
            name: "the-policy",
            policy: 'path "secret/data/team/aws" {\n  capabilities = ["read"]\n}\n',
        });
        assert.deepEqual(mocks.get("vault:kubernetes/authBackendRole:AuthBackendRole", "keys-role").inputs, {
            backend: "kubernetes",
            roleName: "the-role",
            boundServiceAccountNames: ["the-account"],
            boundServiceAccountNamespaces: ["the-namespace"],
            audience: "vault",
            tokenPolicies: ["the-policy"],
            tokenTtl: 600,
            tokenMaxTtl: 600,
        });
    });

    it("B3: a login lasts an hour if nothing else is said", async () => {
        const { mocks } = await run();
        const role = mocks.get("vault:kubernetes/authBackendRole:AuthBackendRole", "keys-role");
        assert.deepEqual([role.inputs.tokenTtl, role.inputs.tokenMaxTtl], [3600, 3600]);
    });

    it("B5: the store and the external secret, whose Secret carries the version", async () => {
        const { mocks } = await run();
        assert.deepEqual(mocks.get(store, "keys-store").inputs, {
            apiVersion: "external-secrets.io/v1",
            kind: "SecretStore",
            metadata: { name: "the-store", namespace: "the-namespace" },
            spec: {
                provider: {
                    vault: {
                        server: "https://vault.example.com:8200",
                        path: "secret",
                        version: "v2",
                        auth: { kubernetes: login },
                    },
                },
            },
        });
        assert.deepEqual(mocks.get(externalSecret, "keys-external-secret").inputs, {
            apiVersion: "external-secrets.io/v1",
            kind: "ExternalSecret",
            metadata: {
                name: "the-external-secret",
                namespace: "the-namespace",
                annotations: { "pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "120" },
            },
            spec: {
                refreshInterval: "1h",
                secretStoreRef: { kind: "SecretStore", name: "the-store" },
                target: {
                    name: "the-secret",
                    creationPolicy: "Owner",
                    template: {
                        engineVersion: "v2",
                        metadata: { annotations: { "vault-version": "7", "vault-created": created } },
                    },
                },
                data: [
                    { secretKey: "access-key", remoteRef: { key: "team/aws", property: "access_key" } },
                    { secretKey: "secret-key", remoteRef: { key: "team/aws", property: "secret_key" } },
                ],
            },
        });
    });

    it("has what the operator reads in place before the operator is told of it", async () => {
        const { mocks } = await run();
        assert.deepEqual(mocks.get(store, "keys-store").options.dependsOn, ["keys-role", "keys-secret"]);
        const { dependsOn } = mocks.get(externalSecret, "keys-external-secret").options;
        assert.deepEqual([...dependsOn].sort(), ["keys-secret", "keys-store"]);
    });

    it("waits until the Secret carries the version, which only the sync of that version writes", async () => {
        const { mocks } = await run({ syncTimeoutSeconds: 30 });
        const { inputs, options } = mocks.get(secretPatch, "keys-synced");
        assert.deepEqual(inputs, {
            apiVersion: "v1",
            kind: "Secret",
            metadata: {
                name: "the-secret",
                namespace: "the-namespace",
                annotations: {
                    "pulumi.com/waitFor": JSON.stringify([
                        "jsonpath={.metadata.annotations['vault-version']}=7",
                        `jsonpath={.metadata.annotations['vault-created']}=${created}`,
                    ]),
                    "pulumi.com/timeoutSeconds": "30",
                },
            },
        });
        assert.ok(options.dependsOn.includes("keys-external-secret"));
        const { annotations } = mocks.get(externalSecret, "keys-external-secret").inputs.metadata;
        assert.equal(annotations["pulumi.com/timeoutSeconds"], "30");
    });

    it("lets what uses the Secret wait for the sync", async () => {
        for (const source of [staticSource, dynamicSource]) {
            const mocks = new RecordingMocks();
            await runWithMocks(mocks, () => {
                const { secretName } = new VaultSecretPipeline("keys", { ...args, source, providers: connect() });
                new kubernetes.core.v1.ConfigMap("user", { data: { secretName } });
            });
            assert.ok(mocks.get("kubernetes:core/v1:ConfigMap", "user").options.dependsOn.includes("keys-synced"));
        }
    });

    it("refreshes as often as it is told", async () => {
        const { mocks } = await run({ source: { ...staticSource, refreshSeconds: 90 } });
        assert.equal(mocks.get(externalSecret, "keys-external-secret").inputs.spec.refreshInterval, "90s");
    });

    it("fails when a refreshed Secret does not carry the version: an update that was not made to wait", async () => {
        const stale = ({ inputs }: pulumi.runtime.MockResourceArgs) => ({
            metadata: { ...inputs.metadata, annotations: { "vault-version": "6", "vault-created": created } },
        });
        const mocks = (preview: boolean) =>
            runWithMocks(
                new RecordingMocks({
                    outputs: {
                        [secretPatch]: stale,
                        "vault:kv/secretV2:SecretV2": () => ({ metadata: { version: "7", created_time: created } }),
                    },
                }),
                () => new VaultSecretPipeline("keys", { ...args, providers: connect() }),
                { preview },
            );
        await assert.rejects(
            mocks(false),
            /carries vault-version 6, and Vault has 7: External Secrets had not copied it/,
        );
        await mocks(true);
    });

    it("ends at the Secret", async () => {
        const { pipeline } = await run();
        assert.equal(await valueOf(pipeline.secretName), "the-secret");
        assert.equal(await valueOf(pipeline.vaultVersion!), "7");
    });

    it("trusts the certificate authority that it is given", async () => {
        const { mocks } = await run({ vaultCaCert: "PEM\n" });
        assert.equal(mocks.get(store, "keys-store").inputs.spec.provider.vault.caBundle, "UEVNCg==");
    });
});

describe("SharedVault", () => {
    const inCluster = { path: "cluster", vaultRuns: "inCluster", host: "https://kubernetes.default.svc" } as const;
    const outside = {
        path: "cluster",
        vaultRuns: "outside",
        host: "https://api.example.com",
        caCert: "PEM\n",
        reviewer: { namespace: "the-system", name: "the-reviewer" },
    } as const;
    const all = { kvMount: "secret", auth: inCluster, audit: { path: "file", file: "stdout" } };

    async function share(
        shared: Omit<SharedVaultArgs, "providers">,
        token: string | null = "dG9rZW4=",
        preview = false,
    ) {
        const mocks = new RecordingMocks({
            outputs: { "kubernetes:core/v1:Secret": () => (token === null ? {} : { data: { token } }) },
        });
        const made = await runWithMocks(mocks, () => new SharedVault("shared", { ...shared, providers: connect() }), {
            preview,
        });
        return { mocks, made };
    }

    const own = (mocks: RecordingMocks) =>
        mocks.list().filter((name) => !/^(pulumi:|platform:secrets:SharedVault )/.test(name));

    it("makes nothing that is left alone", async () => {
        const { mocks, made } = await share({});
        assert.deepEqual(own(mocks), []);
        assert.equal(made.kvMount, undefined);
        assert.equal(made.authPath, undefined);
    });

    it("B1, B3, B11: makes the mount, the auth method and the audit device, and keeps them on destroy", async () => {
        const { mocks, made } = await share(all);
        const expected: [string, string, object][] = [
            [
                "vault:index/audit:Audit",
                "shared-audit",
                { path: "file", type: "file", options: { file_path: "stdout" } },
            ],
            ["vault:index/authBackend:AuthBackend", "shared-auth", { type: "kubernetes", path: "cluster" }],
            ["vault:index/mount:Mount", "shared-mount", { path: "secret", type: "kv", options: { version: "2" } }],
            [
                "vault:kubernetes/authBackendConfig:AuthBackendConfig",
                "shared-auth-config",
                { backend: "cluster", kubernetesHost: "https://kubernetes.default.svc", disableIssValidation: true },
            ],
        ];
        assert.deepEqual(
            own(mocks),
            expected.map(([type, name]) => `${type} ${name}`),
        );
        for (const [type, name, inputs] of expected) {
            assert.deepEqual(mocks.get(type, name).inputs, inputs);
            assert.equal(mocks.get(type, name).options.retainOnDelete, true, name);
            assert.equal(mocks.get(type, name).options.parent, "shared", name);
        }
        assert.equal(await valueOf(made.kvMount!), "secret");
        assert.equal(await valueOf(made.authPath!), "cluster");
    });

    it("B3: a Vault outside of the cluster asks with a token that does not expire", async () => {
        const { mocks } = await share({ auth: outside });
        const expected: [string, string, object][] = [
            [
                "kubernetes:core/v1:Secret",
                "shared-reviewer-token",
                {
                    apiVersion: "v1",
                    kind: "Secret",
                    metadata: {
                        name: "the-reviewer",
                        namespace: "the-system",
                        annotations: { "kubernetes.io/service-account.name": "the-reviewer" },
                    },
                    type: "kubernetes.io/service-account-token",
                },
            ],
            [
                "kubernetes:core/v1:ServiceAccount",
                "shared-reviewer",
                {
                    apiVersion: "v1",
                    kind: "ServiceAccount",
                    metadata: { name: "the-reviewer", namespace: "the-system" },
                    automountServiceAccountToken: false,
                },
            ],
            [
                "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
                "shared-reviewer-binding",
                {
                    apiVersion: "rbac.authorization.k8s.io/v1",
                    kind: "ClusterRoleBinding",
                    metadata: { name: "the-reviewer" },
                    roleRef: {
                        apiGroup: "rbac.authorization.k8s.io",
                        kind: "ClusterRole",
                        name: "system:auth-delegator",
                    },
                    subjects: [{ kind: "ServiceAccount", name: "the-reviewer", namespace: "the-system" }],
                },
            ],
            ["vault:index/authBackend:AuthBackend", "shared-auth", { type: "kubernetes", path: "cluster" }],
        ];
        const config = "vault:kubernetes/authBackendConfig:AuthBackendConfig";
        assert.deepEqual(own(mocks), [
            ...expected.map(([type, name]) => `${type} ${name}`),
            `${config} shared-auth-config`,
        ]);
        for (const [type, name, inputs] of expected) {
            assert.deepEqual(mocks.get(type, name).inputs, inputs);
            assert.equal(mocks.get(type, name).options.retainOnDelete, true, name);
        }
        const { tokenReviewerJwt, ...rest } = mocks.get(config, "shared-auth-config").inputs;
        assert.deepEqual(rest, {
            backend: "cluster",
            kubernetesHost: "https://api.example.com",
            disableIssValidation: true,
            kubernetesCaCert: "PEM\n",
        });
        assert.ok(pulumi.runtime.isRpcSecret(tokenReviewerJwt));
        assert.equal(pulumi.runtime.unwrapRpcSecret(tokenReviewerJwt), "token");
        // The token may ask from the moment at which Vault has it.
        assert.ok(
            mocks
                .get("kubernetes:core/v1:Secret", "shared-reviewer-token")
                .options.dependsOn.includes("shared-reviewer-binding"),
        );
    });

    it("previews without the reviewer's token and makes nothing without it", async () => {
        const { mocks } = await share({ auth: outside }, null, true);
        assert.ok(own(mocks).includes("vault:kubernetes/authBackendConfig:AuthBackendConfig shared-auth-config"));
        await assert.rejects(share({ auth: outside }, null), { message: /no token into the reviewer's Secret$/ });
    });

    it("B11: everything in Vault lives in the namespace", async () => {
        const { mocks } = await share({ ...all, vaultNamespace: "dev" });
        const inVault = mocks.resources.filter(({ type }) => type.startsWith("vault:"));
        assert.equal(inVault.length, 4);
        for (const { name, inputs } of inVault) assert.equal(inputs.namespace, "dev", name);
    });

    it("has its parts in place before a pipeline uses them", async () => {
        const mocks = new RecordingMocks();
        await runWithMocks(mocks, () => {
            const providers = connect();
            const { kvMount, authPath } = new SharedVault("shared", { ...all, providers });
            const source = { ...staticSource, mount: kvMount! };
            return new VaultSecretPipeline("keys", { ...args, source, authPath: authPath!, providers });
        });
        const dependencies = (type: string, name: string) => mocks.get(type, name).options.dependsOn;
        const role = dependencies("vault:kubernetes/authBackendRole:AuthBackendRole", "keys-role");
        assert.ok(role.includes("shared-auth-config"));
        assert.ok(dependencies("vault:kv/secretV2:SecretV2", "keys-secret").includes("shared-mount"));
        const provider = mocks.get(store, "keys-store").inputs.spec.provider.vault;
        assert.deepEqual([provider.path, provider.auth.kubernetes.mountPath], ["secret", "cluster"]);
        assert.match(mocks.get("vault:index/policy:Policy", "keys-policy").inputs.policy, /"secret\/data\/team\/aws"/);
    });

    for (const [shared, message] of [
        [{ kvMount: "/secret" }, 'kvMount is "/secret", expected '],
        [{ auth: { ...inCluster, path: "a b" } }, 'auth.path is "a b", expected '],
        [{ audit: { path: "", file: "stdout" } }, 'audit.path is "", expected '],
    ] as [Omit<SharedVaultArgs, "providers">, string][]) {
        it(`refuses: ${message}`, async () => {
            const path = "letters, digits, `_`, `.` and `-`, in parts joined by single slashes";
            await assert.rejects(share(shared), { message: message + path });
        });
    }
});

describe("VaultSecretPipeline in a namespace of Vault", () => {
    it("B11: everything in Vault lives in the namespace, and the operator logs in to it", async () => {
        for (const source of [staticSource, dynamicSource]) {
            const { mocks } = await run({ source, vaultNamespace: "dev" });
            const inVault = mocks.resources.filter(({ type }) => type.startsWith("vault:"));
            assert.equal(inVault.length, 3);
            for (const { name, inputs } of inVault) assert.equal(inputs.namespace, "dev", name);
            const provider =
                source.kind === "static"
                    ? mocks.get(store, "keys-store").inputs.spec.provider.vault
                    : mocks.get(generator, "keys-generator").inputs.spec.provider;
            assert.equal(provider.namespace, "dev");
        }
    });
});

describe("VaultSecretPipeline, dynamic", () => {
    it("B9: makes a generator instead of a store and a secret", async () => {
        const { mocks } = await run({ source: dynamicSource });
        assert.deepEqual(mocks.list(), ofDynamic);
    });

    it("B9: keys and the token that makes them live equally long", async () => {
        const { mocks } = await run({ source: dynamicSource, tokenTtlSeconds: 60 });
        assert.deepEqual(mocks.get("vault:aws/secretBackendRole:SecretBackendRole", "keys-aws-role").inputs, {
            backend: "aws",
            name: "the-aws-role",
            credentialType: "assumed_role",
            roleArns: ["arn:aws:iam::123456789012:role/worker"],
            defaultStsTtl: 3600,
            maxStsTtl: 3600,
        });
        const role = mocks.get("vault:kubernetes/authBackendRole:AuthBackendRole", "keys-role");
        assert.deepEqual([role.inputs.tokenTtl, role.inputs.tokenMaxTtl], [3600, 3600]);
        assert.equal(
            mocks.get("vault:index/policy:Policy", "keys-policy").inputs.policy,
            'path "aws/creds/the-aws-role" {\n  capabilities = ["read"]\n}\n',
        );
    });

    it("B9: the generator asks Vault, the external secret asks the generator", async () => {
        const { mocks } = await run({ source: dynamicSource, vaultCaCert: "PEM\n" });
        assert.deepEqual(mocks.get(generator, "keys-generator").inputs, {
            apiVersion: "generators.external-secrets.io/v1alpha1",
            kind: "VaultDynamicSecret",
            metadata: { name: "the-generator", namespace: "the-namespace" },
            spec: {
                path: "aws/creds/the-aws-role",
                method: "GET",
                resultType: "Data",
                provider: {
                    server: "https://vault.example.com:8200",
                    caBundle: "UEVNCg==",
                    auth: { kubernetes: login },
                },
            },
        });
        assert.deepEqual(mocks.get(generator, "keys-generator").options.dependsOn, ["keys-role", "keys-aws-role"]);
        const { inputs, options } = mocks.get(externalSecret, "keys-external-secret");
        assert.deepEqual(inputs, {
            apiVersion: "external-secrets.io/v1",
            kind: "ExternalSecret",
            metadata: {
                name: "the-external-secret",
                namespace: "the-namespace",
                annotations: { "pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "120" },
            },
            spec: {
                refreshInterval: "20m",
                target: {
                    name: "the-secret",
                    creationPolicy: "Owner",
                    template: {
                        engineVersion: "v2",
                        metadata: { annotations: { "vault-path": "aws/creds/the-aws-role" } },
                        data: {
                            "access-key": "{{ .access_key }}",
                            "secret-key": "{{ .secret_key }}",
                            "session-token": "{{ .security_token }}",
                        },
                    },
                },
                dataFrom: [
                    {
                        sourceRef: {
                            generatorRef: {
                                apiVersion: "generators.external-secrets.io/v1alpha1",
                                kind: "VaultDynamicSecret",
                                name: "the-generator",
                            },
                        },
                    },
                ],
            },
        });
        assert.deepEqual(options.dependsOn, ["keys-generator"]);
        const synced = mocks.get(secretPatch, "keys-synced").inputs.metadata.annotations;
        assert.equal(
            synced["pulumi.com/waitFor"],
            "jsonpath={.metadata.annotations['vault-path']}=aws/creds/the-aws-role",
        );
    });

    it("ends at the Secret, which has no version", async () => {
        const { pipeline } = await run({ source: dynamicSource });
        assert.equal(await valueOf(pipeline.secretName), "the-secret");
        assert.equal(pipeline.vaultVersion, undefined);
    });
});

describe("VaultSecretPipeline refuses", () => {
    const path = "letters, digits, `_`, `.` and `-`, in parts joined by single slashes";
    const seconds = "a whole number of seconds above 0";
    const faults: [Partial<Args>, string][] = [
        [{ authPath: "/kubernetes" }, `authPath is "/kubernetes", expected ${path}`],
        [{ syncTimeoutSeconds: 0.5 }, `syncTimeoutSeconds is 0.5, expected ${seconds}`],
        [{ audience: "" }, 'audience is "", expected the audience that a token must carry'],
        [{ tokenTtlSeconds: 0 }, `tokenTtlSeconds is 0, expected ${seconds}`],
        [{ source: { ...staticSource, mount: "secret/" } }, `source.mount is "secret/", expected ${path}`],
        [{ source: { ...staticSource, path: "team/*" } }, `source.path is "team/*", expected ${path}`],
        [{ source: { ...staticSource, path: "+/aws" } }, `source.path is "+/aws", expected ${path}`],
        ...["data/team/aws", "secret/team/aws"].map((given): [Partial<Args>, string] => [
            { source: { ...staticSource, path: given } },
            `source.path is "${given}", expected a path without the mount and without \`data/\`, which are added`,
        ]),
        [{ source: { ...staticSource, keys: {} } }, "source.keys is {}, expected at least one key"],
        [
            { source: { ...staticSource, keys: { key: "no_field" } } },
            'source.keys[key] is "no_field", expected one of the fields secret_key, access_key',
        ],
        [{ source: { ...staticSource, refreshSeconds: 1.5 } }, `source.refreshSeconds is 1.5, expected ${seconds}`],
        [{ source: { ...dynamicSource, awsMount: "" } }, `source.awsMount is "", expected ${path}`],
        [{ source: { ...dynamicSource, awsRole: "*" } }, `source.awsRole is "*", expected ${path}`],
        [{ source: { ...dynamicSource, refreshSeconds: 0 } }, `source.refreshSeconds is 0, expected ${seconds}`],
        [{ source: { ...dynamicSource, ttlSeconds: -1 } }, `source.ttlSeconds is -1, expected ${seconds}`],
        [
            { source: { ...dynamicSource, ttlSeconds: 3599 } },
            "source.ttlSeconds is 3599, expected at least three times refreshSeconds, 3600",
        ],
        [
            { source: { ...dynamicSource, ttlSeconds: 899, refreshSeconds: 60 } },
            "source.ttlSeconds is 899, expected at least 900, the shortest session of AWS",
        ],
    ];
    for (const [changes, sentence] of faults) {
        it(sentence, async () => {
            await assert.rejects(
                run(changes),
                (error: Error) => pulumi.ResourceError.isInstance(error) && error.message === sentence,
            );
        });
    }
});
