import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { deploy } from "../../stacks/clinical-ai";
import { networkRules } from "../../stacks/clinical-ai/network";
import { trustPodIdentity, trustPrincipal, trustServiceAccount } from "../../stacks/clinical-ai/trust";
import { stackContext } from "../../stacks/context";
import { parseSettings } from "../../stacks/settings";
import { RecordingMocks, runWithMocks, valueOf } from "../support/mocks";

/** When Vault wrote the version. */
const created = "2026-01-02T03:04:05.678Z";

const image = `registry.example.com/worker@sha256:${"a".repeat(64)}`;
const issuer = "oidc.eks.us-east-1.amazonaws.com/id/ABC";
const oidcProviderArn = `arn:aws:iam::123456789012:oidc-provider/${issuer}`;
const vaultPrincipalArn = "arn:aws:iam::123456789012:user/vault";
const scope = { partition: "aws", accountId: "123456789012", region: "us-east-1" };
const account = { namespace: "clinical-ai", name: "clinical-ai-prefect-worker" };

const modes = {
    static: { mode: "static", accessKeys: { revision: 1, generations: [1], published: 1 } },
    irsa: { mode: "irsa", oidcProviderArn },
    podIdentity: { mode: "podIdentity", clusterName: "a-cluster" },
    vaultDynamic: { mode: "vaultDynamic", vaultPrincipalArn, ttlSeconds: 3600, refreshSeconds: 1200 },
} as const;
type Mode = keyof typeof modes;

const cluster = { kubernetes: {}, vault: { address: "https://vault.example.com:8200" }, image };

interface Changes {
    readonly environment?: string;
    readonly identity?: object;
    readonly cluster?: { readonly kubernetes?: object; readonly vault?: object; readonly replicas?: number } | null;
    readonly preview?: boolean;
    readonly vaultVersion?: string;
}

/** The name of the provider of each resource, by the resource's name. */
const providers: Record<string, string> = {};

async function run(mode: Mode, changes: Changes = {}) {
    const settings = parseSettings({
        environment: changes.environment ?? "dev",
        region: "us-east-1",
        allowedAccountIds: ["123456789012"],
        services: ["clinical-ai"],
        "clinical-ai": {
            identity: { ...modes[mode], ...changes.identity },
            ...(changes.cluster === null ? {} : { cluster: { ...cluster, ...changes.cluster } }),
        },
    });
    const mocks = new RecordingMocks({
        outputs: new Proxy(
            {},
            {
                get: (_, type) => (resource: pulumi.runtime.MockResourceArgs) => {
                    providers[resource.name] = resource.provider?.split("::").at(-2) ?? "";
                    const version = changes.vaultVersion ?? "3";
                    return type === "vault:kv/secretV2:SecretV2"
                        ? { metadata: { version, created_time: created } }
                        : {};
                },
            },
        ),
    });
    const outputs = await runWithMocks(mocks, () => deploy(settings["clinical-ai"]!, stackContext(settings)), {
        preview: changes.preview,
    });
    return { mocks, outputs };
}

/** What is not made of the buckets, whose own tests name their parts. */
function list(mocks: RecordingMocks): string[] {
    return mocks.list().filter((name) => !/ clinical-ai-(source|destination)-/.test(name));
}

const onAws = [
    "platform:identity:ScopedIdentity clinical-ai-worker",
    "platform:storage:SecureBucket clinical-ai-destination",
    "platform:storage:SecureBucket clinical-ai-source",
    "pulumi:pulumi:Stack platform-test",
];
const asUser = [
    "aws:iam/accessKey:AccessKey clinical-ai-worker-access-key-1",
    "aws:iam/user:User clinical-ai-worker-user",
    "aws:iam/userPolicy:UserPolicy clinical-ai-worker-policy",
];
const asRole = ["aws:iam/role:Role clinical-ai-worker-role", "aws:iam/rolePolicy:RolePolicy clinical-ai-worker-policy"];
const association = "aws:eks/podIdentityAssociation:PodIdentityAssociation clinical-ai-worker-association";
const inCluster = [
    "kubernetes:apps/v1:Deployment clinical-ai-prefect-worker",
    "kubernetes:core/v1:ConfigMap clinical-ai-config",
    "kubernetes:core/v1:Namespace clinical-ai-namespace",
    "kubernetes:core/v1:Service clinical-ai-service",
    "kubernetes:core/v1:ServiceAccount clinical-ai-service-account",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy clinical-ai-network-policy",
    "kubernetes:policy/v1:PodDisruptionBudget clinical-ai-disruption-budget",
    "pulumi:providers:kubernetes clinical-ai-kubernetes",
];
const throughVault = [
    "kubernetes:core/v1:SecretPatch clinical-ai-keys-synced",
    "kubernetes:external-secrets.io/v1:ExternalSecret clinical-ai-keys-external-secret",
    "platform:secrets:VaultSecretPipeline clinical-ai-keys",
    "pulumi:providers:vault clinical-ai-vault",
    "vault:index/policy:Policy clinical-ai-keys-policy",
    "vault:kubernetes/authBackendRole:AuthBackendRole clinical-ai-keys-role",
];
const everything: Record<Mode, string[]> = {
    static: [
        ...onAws,
        ...asUser,
        ...inCluster,
        ...throughVault,
        "kubernetes:external-secrets.io/v1:SecretStore clinical-ai-keys-store",
        "vault:kv/secretV2:SecretV2 clinical-ai-keys-secret",
    ],
    irsa: [...onAws, ...asRole, ...inCluster],
    podIdentity: [...onAws, ...asRole, ...inCluster, association],
    vaultDynamic: [
        ...onAws,
        ...asRole,
        ...inCluster,
        ...throughVault,
        "kubernetes:generators.external-secrets.io/v1alpha1:VaultDynamicSecret clinical-ai-keys-generator",
        "vault:aws/secretBackendRole:SecretBackendRole clinical-ai-keys-aws-role",
    ],
};

const fromSecret = (name: string, key: string) => ({
    name,
    valueFrom: { secretKeyRef: { name: "clinical-ai-aws-credentials", key } },
});
const fromConfig = (name: string, key: string) => ({
    name,
    valueFrom: { configMapKeyRef: { name: "clinical-ai-config", key } },
});
const keyVariables = [
    fromSecret("AWS_ACCESS_KEY_ID", "aws-access-key-id"),
    fromSecret("AWS_SECRET_ACCESS_KEY", "aws-secret-access-key"),
];
const configVariables = [
    fromConfig("AWS_REGION", "aws-region"),
    fromConfig("STORAGE_ENVIRONMENT", "storage-environment"),
    fromConfig("PREFECT_API_URL", "prefect-api-url"),
    { name: "HOME", value: "/tmp" },
];
const variables: Record<Mode, object[]> = {
    static: [...keyVariables, ...configVariables],
    irsa: configVariables,
    podIdentity: configVariables,
    vaultDynamic: [...keyVariables, fromSecret("AWS_SESSION_TOKEN", "aws-session-token"), ...configVariables],
};

const deployment = (mocks: RecordingMocks) =>
    mocks.get("kubernetes:apps/v1:Deployment", "clinical-ai-prefect-worker").inputs;
const labels = { "app.kubernetes.io/name": "clinical-ai-prefect-worker" };

describe("clinical-ai", () => {
    for (const mode of Object.keys(modes) as Mode[]) {
        describe(`identity ${mode}`, () => {
            for (const preview of [false, true]) {
                it(`makes these resources and no others${preview ? ", in a preview too" : ""}`, async () => {
                    const { mocks } = await run(mode, { preview });
                    assert.deepEqual(list(mocks), [...everything[mode]].sort());
                });
            }

            it("joins the cluster and the Vault of the settings, never the deployer's own", async () => {
                const { mocks } = await run(mode);
                for (const { type, name } of mocks.resources) {
                    const expected = /^(kubernetes|vault):/.exec(type);
                    if (expected) assert.equal(providers[name], `clinical-ai-${expected[1]}`, `${type} ${name}`);
                }
            });

            it("makes the AWS side alone where there is no cluster", async () => {
                const { mocks } = await run(mode, { cluster: null });
                const expected = everything[mode].filter((name) =>
                    /^(aws|platform:(identity|storage)|pulumi:pulumi):/.test(name),
                );
                assert.deepEqual(list(mocks), expected.sort());
            });

            it("B6: the container's variables", async () => {
                const { mocks } = await run(mode);
                assert.deepEqual(deployment(mocks).spec.template.spec.containers[0].env, variables[mode]);
            });

            it("B6: the network", async () => {
                const { mocks } = await run(mode);
                const policy = mocks.get(
                    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
                    "clinical-ai-network-policy",
                ).inputs;
                assert.deepEqual(policy.spec, {
                    podSelector: { matchLabels: labels },
                    policyTypes: ["Ingress", "Egress"],
                    ...networkRules(mode === "podIdentity"),
                });
            });

            it("B1: four kinds of access to both buckets, to nothing else", async () => {
                const { mocks } = await run(mode);
                const policies = mocks.resources.filter(({ type }) => /:(User|Role)Policy$/.test(type));
                assert.equal(policies.length, 1);
                const statements = JSON.parse(policies[0].inputs.policy).Statement;
                const allowed = statements.flatMap((statement: { Action: string[]; Resource: string[] }) =>
                    statement.Action.flatMap((action) => statement.Resource.map((resource) => `${action} ${resource}`)),
                );
                const expected = ["source", "destination"].flatMap((bucket) => [
                    `s3:ListBucket arn:aws:s3:::clinical-ai-${bucket}-dev`,
                    ...["GetObject", "PutObject", "DeleteObject"].map(
                        (action) => `s3:${action} arn:aws:s3:::clinical-ai-${bucket}-dev/*`,
                    ),
                ]);
                assert.deepEqual(allowed.sort(), expected.sort());
            });

            it("names the identity in its outputs", async () => {
                const { outputs } = await run(mode);
                const { secretAccessKey, ...rest } = outputs;
                const roleArn = "arn:aws:iam::123456789012:role/clinical-ai-prefect-worker-dev";
                const oidcProviderArn =
                    "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC";
                const identity = {
                    static: {
                        userName: "clinical-ai-prefect-worker-dev",
                        accessKeyId: "clinical-ai-worker-access-key-1-id",
                        accessKeyIds: ["clinical-ai-worker-access-key-1-id"],
                        inactiveAccessKeyIds: [],
                    },
                    irsa: { roleArn, oidcProviderArn },
                    podIdentity: { roleArn, clusterName: "a-cluster" },
                    vaultDynamic: { roleArn, vaultPrincipalArn },
                }[mode];
                const inVault = {
                    static: { vaultRole: "clinical-ai-prefect", vaultVersion: "3", vaultCreated: created },
                    irsa: {},
                    podIdentity: {},
                    vaultDynamic: {
                        vaultRole: "clinical-ai-prefect-dynamic",
                        dynamic: { awsMount: "aws", ttlSeconds: 3600, refreshSeconds: 1200 },
                    },
                }[mode];
                // The state has no keys without a value.
                assert.deepEqual(JSON.parse(JSON.stringify(await valueOf(pulumi.output(rest)))), {
                    region: "us-east-1",
                    sourceBucket: "clinical-ai-source-dev",
                    destinationBucket: "clinical-ai-destination-dev",
                    identityMode: mode,
                    ...identity,
                    cluster: {
                        namespace: "clinical-ai",
                        vaultAddress: "https://vault.example.com:8200",
                        audience: "vault",
                        image,
                        replicas: 1,
                        ...inVault,
                    },
                });
                assert.equal(secretAccessKey !== undefined, mode === "static");
                if (secretAccessKey) assert.ok(await pulumi.isSecret(pulumi.output(secretAccessKey)));
            });
        });
    }

    it("the buckets: versioned, and protected in production under their plain names", async () => {
        for (const environment of ["dev", "prod"]) {
            const { mocks } = await run("static", { environment, cluster: null });
            const suffix = environment === "prod" ? "" : "-dev";
            const buckets = mocks.all("aws:s3/bucket:Bucket");
            assert.deepEqual(buckets.map(({ inputs, options }) => [inputs.bucket, options.protect]).sort(), [
                [`clinical-ai-destination${suffix}`, environment === "prod"],
                [`clinical-ai-source${suffix}`, environment === "prod"],
            ]);
            assert.equal(mocks.all("aws:s3/bucketVersioning:BucketVersioning").length, 2);
        }
    });
});

describe("clinical-ai: static keys", () => {
    it("B1, B2, B3, B5: every name", async () => {
        const { mocks } = await run("static");
        const secret = mocks.get("vault:kv/secretV2:SecretV2", "clinical-ai-keys-secret").inputs;
        assert.equal(secret.mount, "secret");
        assert.equal(secret.name, "clinical-ai/aws");
        assert.deepEqual(JSON.parse(pulumi.runtime.unwrapRpcSecret(secret.dataJson)), {
            aws_access_key_id: "clinical-ai-worker-access-key-1-id",
            aws_secret_access_key: "secret-of-clinical-ai-worker-access-key-1",
        });
        assert.deepEqual(mocks.get("vault:index/policy:Policy", "clinical-ai-keys-policy").inputs, {
            name: "clinical-ai-aws-read",
            policy: 'path "secret/data/clinical-ai/aws" {\n  capabilities = ["read"]\n}\n',
        });
        assert.deepEqual(
            mocks.get("vault:kubernetes/authBackendRole:AuthBackendRole", "clinical-ai-keys-role").inputs,
            {
                backend: "kubernetes",
                roleName: "clinical-ai-prefect",
                boundServiceAccountNames: ["clinical-ai-prefect-worker"],
                boundServiceAccountNamespaces: ["clinical-ai"],
                audience: "vault",
                tokenPolicies: ["clinical-ai-aws-read"],
                tokenTtl: 3600,
                tokenMaxTtl: 3600,
            },
        );
        const store = mocks.get("kubernetes:external-secrets.io/v1:SecretStore", "clinical-ai-keys-store").inputs;
        assert.deepEqual(store.metadata, { name: "vault-backend", namespace: "clinical-ai" });
        const external = mocks.get(
            "kubernetes:external-secrets.io/v1:ExternalSecret",
            "clinical-ai-keys-external-secret",
        ).inputs;
        assert.equal(external.metadata.name, "clinical-ai-aws-credentials");
        assert.equal(external.metadata.namespace, "clinical-ai");
        assert.deepEqual(external.spec, {
            refreshInterval: "1h",
            secretStoreRef: { kind: "SecretStore", name: "vault-backend" },
            target: {
                name: "clinical-ai-aws-credentials",
                creationPolicy: "Owner",
                template: {
                    engineVersion: "v2",
                    metadata: { annotations: { "vault-version": "3", "vault-created": created } },
                },
            },
            data: [
                {
                    secretKey: "aws-access-key-id",
                    remoteRef: { key: "clinical-ai/aws", property: "aws_access_key_id" },
                },
                {
                    secretKey: "aws-secret-access-key",
                    remoteRef: { key: "clinical-ai/aws", property: "aws_secret_access_key" },
                },
            ],
        });
    });

    it("B6: a new version of the keys replaces the pods", async () => {
        const annotations = async (vaultVersion: string) =>
            deployment((await run("static", { vaultVersion })).mocks).spec.template.metadata.annotations;
        assert.deepEqual(await annotations("3"), {
            "clinical-ai/vault-secret-version": "3",
            "clinical-ai/vault-secret-created": created,
        });
        assert.deepEqual(await annotations("4"), {
            "clinical-ai/vault-secret-version": "4",
            "clinical-ai/vault-secret-created": created,
        });
    });

    it("gives the keys to Vault alone", async () => {
        const { mocks } = await run("static");
        const others = mocks.resources.filter(({ name }) => name !== "clinical-ai-keys-secret");
        assert.doesNotMatch(JSON.stringify(others.map(({ inputs }) => inputs)), /secret-of-/);
    });

    it("has the namespace and the service account there before what the operator acts on", async () => {
        const { mocks } = await run("static");
        const before = (type: string, name: string) => mocks.get(type, name).options.dependsOn;
        assert.ok(
            before("kubernetes:core/v1:ServiceAccount", "clinical-ai-service-account").includes(
                "clinical-ai-namespace",
            ),
        );
        for (const kind of ["SecretStore clinical-ai-keys-store", "ExternalSecret clinical-ai-keys-external-secret"]) {
            const [type, name] = kind.split(" ");
            const dependencies = before(`kubernetes:external-secrets.io/v1:${type}`, name);
            assert.ok(dependencies.includes("clinical-ai-service-account"), kind);
        }
        const pods = before("kubernetes:apps/v1:Deployment", "clinical-ai-prefect-worker");
        assert.ok(pods.includes("clinical-ai-keys-synced"));
        assert.ok(pods.includes("clinical-ai-namespace"));
    });

    it("waits for External Secrets as long as the settings say", async () => {
        const { mocks } = await run("static", { cluster: { vault: { ...cluster.vault, syncTimeoutSeconds: 15 } } });
        const { metadata } = mocks.get("kubernetes:core/v1:SecretPatch", "clinical-ai-keys-synced").inputs;
        assert.equal(metadata.annotations["pulumi.com/timeoutSeconds"], "15");
    });

    it("connects to the cluster and the Vault of the settings, and tells the operator whom to trust", async () => {
        const folder = mkdtempSync(join(tmpdir(), "clinical-ai-"));
        const caCertFile = join(folder, "ca.pem");
        writeFileSync(caCertFile, "PEM\n");
        try {
            const { mocks } = await run("static", {
                cluster: {
                    kubernetes: { kubeconfig: "a/kubeconfig", context: "a-context" },
                    vault: { ...cluster.vault, caCertFile },
                },
            });
            assert.deepEqual(mocks.get("pulumi:providers:kubernetes", "clinical-ai-kubernetes").inputs, {
                kubeconfig: "a/kubeconfig",
                context: "a-context",
                enableConfigMapMutable: "true",
                enablePatchForce: "true",
            });
            const vault = mocks.get("pulumi:providers:vault", "clinical-ai-vault").inputs;
            assert.equal(vault.address, "https://vault.example.com:8200");
            assert.equal(vault.caCertFile, caCertFile);
            const store = mocks.get("kubernetes:external-secrets.io/v1:SecretStore", "clinical-ai-keys-store").inputs;
            assert.equal(store.spec.provider.vault.caBundle, "UEVNCg==");
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});

describe("clinical-ai: what a Vault and a cluster have once (B11)", () => {
    const create = { mount: "create", auth: "create", audit: "create", namespace: "dev", audience: "ours" };
    const shared = [
        "platform:secrets:SharedVault clinical-ai-shared",
        "vault:index/audit:Audit clinical-ai-shared-audit",
        "vault:index/authBackend:AuthBackend clinical-ai-shared-auth",
        "vault:index/mount:Mount clinical-ai-shared-mount",
        "vault:kubernetes/authBackendConfig:AuthBackendConfig clinical-ai-shared-auth-config",
    ];
    const vaultProvider = "pulumi:providers:vault clinical-ai-vault";

    for (const mode of Object.keys(modes) as Mode[]) {
        it(`${mode}: is made where it is this stack's to make, so that a change of the mode finds it there`, async () => {
            const { mocks } = await run(mode, { cluster: { vault: { ...cluster.vault, ...create } } });
            assert.deepEqual(list(mocks), [...new Set([...everything[mode], ...shared, vaultProvider])].sort());
            for (const name of shared.slice(1)) {
                const [type, resource] = name.split(" ");
                assert.equal(mocks.get(type, resource).options.retainOnDelete, true, name);
                assert.equal(mocks.get(type, resource).inputs.namespace, "dev", name);
            }
        });
    }

    for (const [setting, names] of [
        ["mount", ["Mount clinical-ai-shared-mount"]],
        ["auth", ["AuthBackend clinical-ai-shared-auth", "AuthBackendConfig clinical-ai-shared-auth-config"]],
        ["audit", ["Audit clinical-ai-shared-audit"]],
    ] as const) {
        it(`makes the ${setting} alone where the rest exists`, async () => {
            const { mocks } = await run("static", { cluster: { vault: { ...cluster.vault, [setting]: "create" } } });
            const made = list(mocks).filter((name) => name.startsWith("vault:") && name.includes("-shared-"));
            assert.deepEqual(
                made.map((name) => name.replace(/^.*:/, "")),
                names,
            );
        });
    }

    it("the audit device writes to Vault's standard output, or where the settings say", async () => {
        for (const [given, file] of [
            [{}, "stdout"],
            [{ auditFile: "/vault/audit.log" }, "/vault/audit.log"],
        ] as const) {
            const { mocks } = await run("static", { cluster: { vault: { ...cluster.vault, ...create, ...given } } });
            assert.deepEqual(mocks.get("vault:index/audit:Audit", "clinical-ai-shared-audit").inputs, {
                path: "file",
                type: "file",
                options: { file_path: file },
                namespace: "dev",
            });
        }
    });

    it("B3: a Vault in the cluster asks its own API server, and roles want the audience of the settings", async () => {
        const { mocks } = await run("static", { cluster: { vault: { ...cluster.vault, ...create } } });
        assert.deepEqual(
            mocks.get("vault:kubernetes/authBackendConfig:AuthBackendConfig", "clinical-ai-shared-auth-config").inputs,
            {
                backend: "kubernetes",
                kubernetesHost: "https://kubernetes.default.svc",
                disableIssValidation: true,
                namespace: "dev",
            },
        );
        const role = mocks.get("vault:kubernetes/authBackendRole:AuthBackendRole", "clinical-ai-keys-role").inputs;
        assert.equal(role.audience, "ours");
        assert.equal(role.backend, "kubernetes");
    });

    it("says where it told Vault to ask, and nothing where it did not", async () => {
        for (const auth of ["create", "existing"] as const) {
            const { outputs } = await run("irsa", { cluster: { vault: { ...cluster.vault, auth } } });
            const { vaultKubernetesHost } = (await valueOf(outputs.cluster))!;
            assert.equal(vaultKubernetesHost, auth === "create" ? "https://kubernetes.default.svc" : undefined);
        }
    });

    it("B3: a Vault outside of the cluster gets a reviewer, which stays too", async () => {
        const folder = mkdtempSync(join(tmpdir(), "clinical-ai-"));
        const caCertFile = join(folder, "ca.pem");
        writeFileSync(caCertFile, "PEM\n");
        try {
            const outside = { kubernetes: { host: "https://api.example.com", caCertFile } };
            const vault = { ...cluster.vault, ...create, ...outside };
            const { mocks } = await run("irsa", { cluster: { vault }, preview: true });
            const reviewer = [
                "kubernetes:core/v1:Secret clinical-ai-shared-reviewer-token",
                "kubernetes:core/v1:ServiceAccount clinical-ai-shared-reviewer",
                "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding clinical-ai-shared-reviewer-binding",
            ];
            assert.deepEqual(list(mocks), [...everything.irsa, ...shared, ...reviewer, vaultProvider].sort());
            for (const name of reviewer) {
                const { inputs, options } = mocks.get(...(name.split(" ") as [string, string]));
                assert.equal(inputs.metadata.name, "vault-token-reviewer", name);
                assert.equal(options.retainOnDelete, true, name);
            }
            const config = mocks.get(
                "vault:kubernetes/authBackendConfig:AuthBackendConfig",
                "clinical-ai-shared-auth-config",
            ).inputs;
            assert.equal(config.kubernetesHost, "https://api.example.com");
            assert.equal(config.kubernetesCaCert, "PEM\n");
            const existing = await run("irsa", { cluster: { vault: { ...cluster.vault, ...outside } } });
            assert.deepEqual(list(existing.mocks), [...everything.irsa].sort());
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});

describe("clinical-ai: identities without static keys (B9)", () => {
    const role = (mocks: RecordingMocks) => {
        const { assumeRolePolicy, name } = mocks.get("aws:iam/role:Role", "clinical-ai-worker-role").inputs;
        return { name, trust: JSON.parse(assumeRolePolicy) };
    };
    const serviceAccount = (mocks: RecordingMocks) =>
        mocks.get("kubernetes:core/v1:ServiceAccount", "clinical-ai-service-account").inputs;

    it("IRSA: the role that the service account names trusts that account", async () => {
        const { mocks } = await run("irsa");
        assert.deepEqual(role(mocks), {
            name: "clinical-ai-prefect-worker-dev",
            trust: trustServiceAccount(oidcProviderArn, account),
        });
        assert.deepEqual(serviceAccount(mocks), {
            apiVersion: "v1",
            kind: "ServiceAccount",
            metadata: {
                ...account,
                annotations: {
                    "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/clinical-ai-prefect-worker-dev",
                },
            },
            automountServiceAccountToken: false,
        });
    });

    for (const mode of ["static", "podIdentity", "vaultDynamic"] as const) {
        it(`${mode}: the service account names no role`, async () => {
            const { mocks } = await run(mode);
            assert.deepEqual(serviceAccount(mocks).metadata, account);
        });
    }

    it("Pod Identity: the association is there before the first pod", async () => {
        const { mocks } = await run("podIdentity");
        assert.deepEqual(role(mocks).trust, trustPodIdentity(scope, "a-cluster", account));
        const { tags, ...inputs } = mocks.get(
            "aws:eks/podIdentityAssociation:PodIdentityAssociation",
            "clinical-ai-worker-association",
        ).inputs;
        assert.deepEqual(inputs, {
            clusterName: "a-cluster",
            namespace: "clinical-ai",
            serviceAccount: "clinical-ai-prefect-worker",
            roleArn: "arn:aws:iam::123456789012:role/clinical-ai-prefect-worker-dev",
        });
        assert.deepEqual(tags, { "platform:environment": "dev", "platform:service": "clinical-ai" });
        const { dependsOn } = mocks.get("kubernetes:apps/v1:Deployment", "clinical-ai-prefect-worker").options;
        assert.ok(dependsOn.includes("clinical-ai-worker-association"));
    });

    for (const mode of ["irsa", "podIdentity", "vaultDynamic"] as const) {
        it(`${mode}: the role has its permissions before the first pod, and pods carry no version`, async () => {
            const { mocks } = await run(mode);
            const { dependsOn } = mocks.get("kubernetes:apps/v1:Deployment", "clinical-ai-prefect-worker").options;
            assert.ok(dependsOn.includes("clinical-ai-worker-policy"));
            assert.equal(deployment(mocks).spec.template.metadata.annotations, undefined);
        });
    }

    it("Vault: a role, a token and keys of their own, and a controller that replaces the pods", async () => {
        const { mocks } = await run("vaultDynamic", { identity: { vaultAwsMount: "aws-dev" } });
        assert.deepEqual(role(mocks).trust, trustPrincipal(vaultPrincipalArn));
        assert.deepEqual(
            mocks.get("vault:aws/secretBackendRole:SecretBackendRole", "clinical-ai-keys-aws-role").inputs,
            {
                backend: "aws-dev",
                name: "clinical-ai-prefect",
                credentialType: "assumed_role",
                roleArns: ["arn:aws:iam::123456789012:role/clinical-ai-prefect-worker-dev"],
                defaultStsTtl: 3600,
                maxStsTtl: 3600,
            },
        );
        const login = mocks.get("vault:kubernetes/authBackendRole:AuthBackendRole", "clinical-ai-keys-role").inputs;
        assert.equal(login.roleName, "clinical-ai-prefect-dynamic");
        assert.deepEqual([login.tokenTtl, login.tokenMaxTtl], [3600, 3600]);
        assert.deepEqual(mocks.get("vault:index/policy:Policy", "clinical-ai-keys-policy").inputs, {
            name: "clinical-ai-aws-make",
            policy: 'path "aws-dev/creds/clinical-ai-prefect" {\n  capabilities = ["read"]\n}\n',
        });
        assert.deepEqual(deployment(mocks).metadata.annotations, {
            "secret.reloader.stakater.com/reload": "clinical-ai-aws-credentials",
        });
    });

    for (const mode of ["static", "irsa", "podIdentity"] as const) {
        it(`${mode}: no controller replaces the pods`, async () => {
            assert.equal(deployment((await run(mode)).mocks).metadata.annotations, undefined);
        });
    }
});

describe("clinical-ai: from one mode to another (B9)", () => {
    /** What a resource is outside of the state; undefined for what is none of its own. */
    function physical({ type, inputs }: RecordingMocks["resources"][number]): string | undefined {
        if (type.endsWith(":SecretPatch")) return undefined;
        if (type.startsWith("kubernetes:")) return `${type} ${inputs.metadata.namespace}/${inputs.metadata.name}`;
        if (type.startsWith("vault:")) {
            return `${type} ${inputs.backend ?? inputs.mount}/${inputs.roleName ?? inputs.name}`;
        }
        if (/^aws:iam.*:(User|Role)$/.test(type)) return `${type} ${inputs.name}`;
        return undefined;
    }

    it("nothing is made under a second name while it is still there under the first: what is old goes last", async () => {
        const names = new Map<string, Set<string>>();
        for (const mode of Object.keys(modes) as Mode[]) {
            for (const resource of (await run(mode)).mocks.resources) {
                const id = physical(resource);
                if (id) names.set(id, (names.get(id) ?? new Set()).add(resource.name));
            }
        }
        assert.ok(names.size > 15);
        assert.deepEqual(
            [...names].filter(([, of]) => of.size > 1),
            [],
        );
    });

    it("the keys in use stay readable until the new ones are there: their policy and role are not changed in place", async () => {
        const namesIn = async (mode: Mode) => {
            const { mocks } = await run(mode);
            return [
                mocks.get("vault:index/policy:Policy", "clinical-ai-keys-policy").inputs.name,
                mocks.get("vault:kubernetes/authBackendRole:AuthBackendRole", "clinical-ai-keys-role").inputs.roleName,
            ];
        };
        assert.deepEqual(await namesIn("static"), ["clinical-ai-aws-read", "clinical-ai-prefect"]);
        assert.deepEqual(await namesIn("vaultDynamic"), ["clinical-ai-aws-make", "clinical-ai-prefect-dynamic"]);
    });

    it("between keys of two kinds, the pods change only when the Secret holds those of the new mode", async () => {
        const marks = async (mode: Mode) => {
            const { mocks } = await run(mode);
            const { dependsOn } = mocks.get("kubernetes:apps/v1:Deployment", "clinical-ai-prefect-worker").options;
            assert.ok(dependsOn.includes("clinical-ai-keys-synced"), mode);
            const { annotations } = mocks.get("kubernetes:core/v1:SecretPatch", "clinical-ai-keys-synced").inputs
                .metadata;
            return annotations["pulumi.com/waitFor"];
        };
        assert.equal(
            await marks("static"),
            JSON.stringify([
                "jsonpath={.metadata.annotations['vault-version']}=3",
                `jsonpath={.metadata.annotations['vault-created']}=${created}`,
            ]),
        );
        assert.equal(
            await marks("vaultDynamic"),
            "jsonpath={.metadata.annotations['vault-path']}=aws/creds/clinical-ai-prefect",
        );
    });
});

describe("clinical-ai: the workload (B6)", () => {
    it("the namespace is at the level restricted, or there already", async () => {
        const { mocks } = await run("irsa");
        const { inputs, options } = mocks.get("kubernetes:core/v1:Namespace", "clinical-ai-namespace");
        assert.deepEqual(inputs.metadata, {
            name: "clinical-ai",
            labels: { "pod-security.kubernetes.io/enforce": "restricted" },
        });
        // Destroying the stack must not destroy what others have in the namespace.
        assert.equal(options.retainOnDelete, true);
        const existing = await run("irsa", { cluster: { kubernetes: { namespace: "existing" } } });
        assert.deepEqual(list(existing.mocks), everything.irsa.filter((name) => !name.includes(":Namespace ")).sort());
    });

    it("B4: External Secrets is required to be there, or installed by its chart before anything that it reads", async () => {
        const kind = "kubernetes:helm.sh/v3:Release";
        assert.ok(!list((await run("static")).mocks).some((name) => name.startsWith(kind)));
        const kubernetes = { externalSecrets: "create", externalSecretsVersion: "0.20.1" };
        const { mocks } = await run("static", { cluster: { kubernetes } });
        const { inputs, options } = mocks.get(kind, "clinical-ai-external-secrets");
        assert.deepEqual(
            { chart: inputs.chart, version: inputs.version, repository: inputs.repositoryOpts, values: inputs.values },
            {
                chart: "external-secrets",
                version: "0.20.1",
                repository: { repo: "https://charts.external-secrets.io" },
                values: { installCRDs: true },
            },
        );
        // It serves the whole cluster.
        assert.equal(options.retainOnDelete, true);
        const account = mocks.get("kubernetes:core/v1:ServiceAccount", "clinical-ai-service-account");
        assert.ok(account.options.dependsOn.includes("clinical-ai-external-secrets"));
    });

    it("the ConfigMap", async () => {
        const { mocks } = await run("irsa");
        assert.deepEqual(mocks.get("kubernetes:core/v1:ConfigMap", "clinical-ai-config").inputs, {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "clinical-ai-config", namespace: "clinical-ai", labels },
            data: {
                "storage-environment": "production",
                "aws-region": "us-east-1",
                "prefect-api-url": "http://clinical-ai-prefect-server.clinical-ai.svc.cluster.local:4200/api",
            },
        });
    });

    it("the Deployment, whose pods the level restricted admits", async () => {
        const { mocks } = await run("irsa", { cluster: { replicas: 2 } });
        assert.deepEqual(deployment(mocks), {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "clinical-ai-prefect-worker", namespace: "clinical-ai", labels },
            spec: {
                replicas: 2,
                revisionHistoryLimit: 3,
                progressDeadlineSeconds: 300,
                selector: { matchLabels: labels },
                strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
                template: {
                    metadata: { labels },
                    spec: {
                        serviceAccountName: "clinical-ai-prefect-worker",
                        automountServiceAccountToken: false,
                        enableServiceLinks: false,
                        terminationGracePeriodSeconds: 60,
                        securityContext: {
                            runAsNonRoot: true,
                            runAsUser: 1000,
                            runAsGroup: 1000,
                            fsGroup: 1000,
                            seccompProfile: { type: "RuntimeDefault" },
                        },
                        containers: [
                            {
                                name: "worker",
                                image,
                                env: configVariables,
                                ports: [{ name: "health", containerPort: 8080, protocol: "TCP" }],
                                readinessProbe: { httpGet: { path: "/health", port: "health" } },
                                livenessProbe: {
                                    httpGet: { path: "/health", port: "health" },
                                    initialDelaySeconds: 30,
                                    periodSeconds: 30,
                                },
                                resources: {
                                    requests: { cpu: "250m", memory: "512Mi" },
                                    limits: { cpu: "1", memory: "1Gi" },
                                },
                                securityContext: {
                                    allowPrivilegeEscalation: false,
                                    capabilities: { drop: ["ALL"] },
                                    privileged: false,
                                    readOnlyRootFilesystem: true,
                                },
                                volumeMounts: [{ name: "scratch", mountPath: "/tmp" }],
                            },
                        ],
                        volumes: [{ name: "scratch", emptyDir: {} }],
                    },
                },
            },
        });
    });

    it("the Service and the disruption budget", async () => {
        const { mocks } = await run("irsa");
        const service = mocks.get("kubernetes:core/v1:Service", "clinical-ai-service").inputs;
        assert.deepEqual(service, {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "clinical-ai-prefect-worker", namespace: "clinical-ai", labels },
            spec: {
                type: "ClusterIP",
                selector: labels,
                ports: [{ name: "health", port: 8080, targetPort: "health", protocol: "TCP" }],
            },
        });
        const budget = mocks.get("kubernetes:policy/v1:PodDisruptionBudget", "clinical-ai-disruption-budget").inputs;
        assert.deepEqual(budget.spec, { maxUnavailable: 1, selector: { matchLabels: labels } });
    });

    it("waits for no pod behind the Service where there is none", async () => {
        const { mocks } = await run("irsa", { cluster: { replicas: 0 } });
        const { annotations } = mocks.get("kubernetes:core/v1:Service", "clinical-ai-service").inputs.metadata;
        assert.deepEqual(annotations, { "pulumi.com/skipAwait": "true" });
    });
});
