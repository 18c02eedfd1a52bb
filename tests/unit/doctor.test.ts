import assert from "node:assert/strict";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { type Declared, diagnosisOf } from "../../ops/doctor";
import { causeOf } from "../../ops/doctor/cause";
import { accessOf } from "../../ops/doctor/command";
import { type Facts, type Look } from "../../ops/doctor/facts";
import { diagnosisInWords, remediesOf } from "../../ops/doctor/finding";
import { doctorSettings } from "../../ops/doctor/settings";
import { repository } from "../../ops/stack/repository";
import { callersAccess } from "../../ops/stack/repository-host";
import { certificateAuthority } from "../../ops/vault/client";
import { parseSettings } from "../../stacks/settings";

const now = new Date("2026-01-01T12:00:00Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const found = <Value>(value: Value): Look<Value> => ({ state: "found", value });
const absent = { state: "absent" } as const;
const unseen = { state: "unseen", why: "denied (Forbidden)" } as const;

const declared: Declared = {
    stack: "prod",
    mode: "static",
    replicas: 1,
    audience: "vault",
    refreshSeconds: 3600,
    userName: "worker",
    makesAudit: true,
};

const external = {
    ready: true,
    messages: [],
    version: "3",
    refreshed: ago(60),
    seen: true,
    created: ago(9999),
    changed: ago(700),
};
const running = { desired: 1, available: 1, version: "3", trouble: [] };
const pod = { name: "worker-1", version: "3", created: ago(600), ready: true, waiting: [] };

const well: Facts = {
    now,
    missingKinds: found([]),
    store: found({ ready: true, messages: [] }),
    externalSecret: found(external),
    secret: found({ version: "3", keyId: "AKIAONE", changed: ago(700) }),
    deployment: found(running),
    pods: found([pod]),
    vaultVersion: found(3),
    policy: found("read on secret/data/clinical-ai/aws"),
    role: found([]),
    authMethod: found("kubernetes"),
    audit: found("on"),
    login: found("logged in"),
    keys: found({ active: ["AKIAONE"], inactive: [] }),
};

const remedies = remediesOf("prod");
const up = "pulumi up --stack prod";
const refresh = "pulumi up --refresh --stack prod";

function diagnose(changed: Partial<Facts>, of: Partial<Declared> = {}) {
    return diagnosisOf({ ...well, ...changed }, { ...declared, ...of }, remedies);
}

const notReady = (...messages: string[]) => found({ ...external, ready: false, messages });
const of = (version: string | undefined, changed = {}) => found({ version, keyId: "AKIAONE", ...changed });

describe("doctor's findings", () => {
    it("are none where all is well", () => {
        assert.deepEqual(diagnose({}), {
            findings: [],
            looked: ["clinical-ai's objects in Kubernetes", "its secret, policy and role in Vault"],
            notSeen: [],
            unreachable: false,
        });
    });

    const cases: [string, Partial<Facts>, [id: string, fix: string][], Partial<Declared>?][] = [
        [
            "the Kubernetes API is unreachable",
            { kubernetesFault: "refused", secret: unseen, externalSecret: unseen, deployment: unseen, pods: unseen },
            [["kubernetes-unreachable", remedies.kubernetes]],
        ],
        [
            "Vault is unreachable",
            { vaultFault: { kind: "unreachable", why: "x" } },
            [["vault-unreachable", remedies.vault]],
        ],
        ["Vault is sealed", { vaultFault: { kind: "sealed", why: "x" } }, [["vault-sealed", remedies.unseal]]],
        [
            "Vault is not initialised",
            { vaultFault: { kind: "uninitialized", why: "x" } },
            [["vault-uninitialized", "vault operator init, by the Vault's owner"]],
        ],
        [
            "Vault does not take the caller's token",
            { vaultFault: { kind: "token", why: "x" } },
            [["vault-token", "vault login, and VAULT_TOKEN in the environment"]],
        ],
        [
            "Vault is sealed, and External Secrets says so too",
            {
                vaultFault: { kind: "sealed", why: "x" },
                externalSecret: notReady("Code: 503. Errors: * Vault is sealed"),
            },
            [["vault-sealed", remedies.unseal]],
        ],
        [
            "External Secrets does not reach a Vault that the caller reaches",
            { externalSecret: notReady("dial tcp: connection refused") },
            [
                [
                    "sync-vault-unreachable-from-cluster",
                    `${remedies.vault}; then the network between the cluster and Vault`,
                ],
            ],
        ],
        [
            "External Secrets is not installed",
            { missingKinds: found(["externalsecrets of x/v1"]), externalSecret: absent, store: absent },
            [
                [
                    "kinds-missing",
                    "install the External Secrets Operator with its custom resource definitions (Helm chart external-secrets)",
                ],
            ],
        ],
        ["the ExternalSecret is gone", { externalSecret: absent }, [["externalsecret-missing", refresh]]],
        ["the SecretStore is gone", { store: absent }, [["secretstore-missing", refresh]]],
        [
            "nobody has said anything about the ExternalSecret",
            { externalSecret: found({ ...external, ready: undefined }) },
            [["operator-stopped", remedies.externalSecrets]],
        ],
        ["it was made just now", { externalSecret: found({ ...external, ready: undefined, created: ago(5) }) }, []],
        [
            "a change of the ExternalSecret was not acted on",
            { externalSecret: found({ ...external, seen: false }) },
            [["operator-stopped", remedies.externalSecrets]],
        ],
        [
            "the ExternalSecret was changed two minutes ago at most",
            { externalSecret: found({ ...external, seen: false, changed: ago(119) }) },
            [],
        ],
        [
            "Vault was not read for longer than the refresh",
            { externalSecret: found({ ...external, refreshed: ago(3600 + 121) }) },
            [["operator-stopped", remedies.externalSecrets]],
        ],
        ["the refresh is hardly late", { externalSecret: found({ ...external, refreshed: ago(3600 + 60) }) }, []],
        [
            "the policy is gone",
            { policy: absent, externalSecret: notReady("permission denied") },
            [["policy", refresh]],
        ],
        ["the policy was changed", { policy: found("read on secret/*") }, [["policy", refresh]]],
        [
            "the policy cannot be seen, and External Secrets may not read",
            { policy: unseen, externalSecret: notReady("* permission denied") },
            [["sync-policy", refresh]],
        ],
        ["the role is gone", { role: absent, login: found("login refused (invalid role name)") }, [["role", refresh]]],
        [
            "the role was changed",
            { role: found(["audience is x"]), login: found("login refused (x)") },
            [["role", refresh]],
        ],
        [
            "the reviewer's token is not valid",
            { login: found("login refused (permission denied)") },
            [["reviewer", `${refresh}, by the stack that made the auth method`]],
        ],
        [
            "the auth method is off",
            { authMethod: absent, role: absent, login: found("login refused (x)") },
            [
                ["auth-method", `${refresh}, by the stack that made the auth method`],
                ["role", refresh],
            ],
        ],
        [
            "the secret was deleted in Vault",
            { vaultVersion: absent, externalSecret: notReady("err: Secret does not exist") },
            [["secret-deleted", refresh]],
        ],
        ["the audit device is off", { audit: found("off") }, [["audit", refresh]]],
        [
            "somebody else's audit device is off",
            { audit: found("off") },
            [["audit", "vault audit enable file file_path=stdout, by the Vault's owner"]],
            { makesAudit: false },
        ],
        ["somebody wrote the secret by hand", { vaultVersion: found(4) }, [["foreign-write", refresh]]],
        ["the Secret is gone", { secret: absent }, [["secret-missing", remedies.externalSecrets]]],
        [
            "the Secret is gone since it cannot be made",
            { secret: absent, externalSecret: notReady("Secret does not exist") },
            [["sync-secret-deleted", refresh]],
        ],
        [
            "the Secret is behind",
            { secret: of("2"), pods: found([{ ...pod, version: "2" }]) },
            [["secret-stale", `${remedies.externalSecrets}; then ${up}`]],
        ],
        [
            "the Secret has no version",
            { secret: of(undefined) },
            [["secret-stale", `${remedies.externalSecrets}; then ${up}`]],
        ],
        [
            "the template is behind, and its pods",
            { deployment: found({ ...running, version: "2" }), pods: found([{ ...pod, version: "2" }]) },
            [
                ["template-old", up],
                ["pods-old", up],
            ],
        ],
        ["one pod is behind", { pods: found([pod, { ...pod, version: "2" }]) }, [["pods-old", up]]],
        [
            "the secret was deleted and written again, counts from 1 again, and the Secret is behind",
            {
                vaultVersion: found(1),
                externalSecret: found({ ...external, version: "1", written: "later" }),
                secret: of("1", { written: "earlier" }),
                deployment: found({ ...running, version: "1", written: "earlier" }),
                pods: found([{ ...pod, version: "1", written: "earlier" }]),
            },
            [["secret-stale", `${remedies.externalSecrets}; then ${up}`]],
        ],
        [
            "the same, and template and pods are behind",
            {
                vaultVersion: found(1),
                externalSecret: found({ ...external, version: "1", written: "later" }),
                secret: of("1", { written: "later" }),
                deployment: found({ ...running, version: "1", written: "earlier" }),
                pods: found([{ ...pod, version: "1", written: "earlier" }]),
            },
            [
                ["template-old", up],
                ["pods-old", up],
            ],
        ],
        ["a pod has no version", { pods: found([{ ...pod, version: undefined }]) }, [["pods-old", up]]],
        [
            "the key is unknown to IAM",
            { keys: found({ active: ["AKIATWO"], inactive: [] }) },
            [["key-unknown", refresh]],
        ],
        ["the key is inactive", { keys: found({ active: [], inactive: ["AKIAONE"] }) }, [["key-inactive", refresh]]],
        ["the keys were not looked at", { keys: unseen }, []],
        ["the Deployment is gone", { deployment: absent, pods: unseen }, [["deployment-missing", refresh]]],
        [
            "the Deployment was scaled",
            { deployment: found({ ...running, desired: 0, available: 0 }), pods: found([]) },
            [["replicas", refresh]],
        ],
        [
            "a pod does not start",
            {
                deployment: found({ ...running, available: 0 }),
                pods: found([{ ...pod, ready: false, waiting: ["CreateContainerConfigError: no Secret"] }]),
            },
            [["not-available", "fix what the pods wait for; what they wait for from Vault is in the other lines"]],
        ],
    ];
    for (const [what, changed, expected, ofStack] of cases) {
        it(`when ${what}: ${expected.map(([id]) => id).join(", ") || "none"}`, () => {
            assert.deepEqual(
                diagnose(changed, ofStack).findings.map(({ id, fix }) => [id, fix]),
                expected,
            );
        });
    }

    it("say what the pods wait for", () => {
        const [finding] = diagnose({
            deployment: found({ ...running, available: 0 }),
            pods: found([{ ...pod, ready: false, waiting: ["ImagePullBackOff"] }]),
        }).findings;
        assert.equal(finding.why, "0 of 1 pods are available; worker-1: ImagePullBackOff");
    });

    it("name a rollout that is stuck while the old pods work", () => {
        const [{ id, why }] = diagnose({ deployment: found({ ...running, trouble: ["FailedCreate: no"] }) }).findings;
        assert.deepEqual([id, why], ["rollout-stuck", "1 of 1 pods are available; FailedCreate: no"]);
    });

    it("name one that is stuck before its controller says so, by what a new pod waits for", () => {
        const stuck = { ...pod, name: "worker-2", ready: false, waiting: ["Unschedulable: Insufficient cpu"] };
        const [{ id, why }] = diagnose({ pods: found([pod, stuck]) }).findings;
        assert.deepEqual(
            [id, why],
            ["rollout-stuck", "1 of 1 pods are available; worker-2: Unschedulable: Insufficient cpu"],
        );
    });

    it("take a pod that is on its way for no fault", () =>
        assert.deepEqual(diagnose({ pods: found([pod, { ...pod, name: "worker-2", ready: false }]) }).findings, []));

    it("say why there are no pods", () => {
        const trouble = ["FailedCreate: violates PodSecurity"];
        const [{ why }] = diagnose({
            deployment: found({ ...running, available: 0, trouble }),
            pods: found([]),
        }).findings;
        assert.equal(why, "0 of 1 pods are available; FailedCreate: violates PodSecurity");
    });

    it("say which key, and never one's secret", () => {
        const [{ why }] = diagnose({ keys: found({ active: [], inactive: [] }) }).findings;
        assert.equal(why, "AKIAONE, which the Secret has, is not a key of user worker");
    });

    it("tell what stops the worker from what does not", () => {
        const severities = (changed: Partial<Facts>) => diagnose(changed).findings.map(({ severity }) => severity);
        assert.deepEqual(severities({ audit: found("off"), vaultVersion: found(4) }), ["warning", "warning"]);
        assert.deepEqual(severities({ policy: absent }), ["error"]);
    });

    describe("in mode vaultDynamic", () => {
        const dynamic = { mode: "vaultDynamic", refreshSeconds: 300, awsMount: "aws", userName: undefined } as const;
        const facts = {
            store: absent,
            vaultVersion: absent,
            keys: absent,
            policy: found("read on aws/creds/clinical-ai-prefect"),
            externalSecret: found({ ...external, version: undefined }),
            deployment: found({ ...running, version: undefined }),
        };
        const ids = (changed: Partial<Facts>, refreshSeconds = 300) =>
            diagnose({ ...facts, ...changed }, { ...dynamic, refreshSeconds }).findings.map(({ id, fix }) => [id, fix]);
        const changedAt = (seconds: number) => found({ keyId: "ASIA", changed: ago(seconds) });
        const started = (seconds: number) => found([{ ...pod, version: undefined, created: ago(seconds) }]);

        it("are none where the pods are younger than the keys", () => {
            assert.deepEqual(ids({ secret: changedAt(200), pods: started(190) }), []);
        });
        for (const [refreshSeconds, sinceChange] of [
            [60, 1],
            [60, 59],
            [120, 100],
            [300, 1],
            [300, 299],
            [1200, 600],
        ]) {
            it(`name pods that nobody replaced ${sinceChange} s after the last of refreshes every ${refreshSeconds} s`, () => {
                const old = { secret: changedAt(sinceChange), pods: started(refreshSeconds + 121) };
                assert.deepEqual(ids(old, refreshSeconds), [["pods-old", remedies.reloader]]);
            });
        }
        it("leave Reloader its time", () => {
            assert.deepEqual(ids({ secret: changedAt(100), pods: started(300 + 119) }), []);
        });
        it("do not name a pod that started with the keys that are in the Secret", () => {
            // The refresh is late; External Secrets is named for it, the pod is not.
            assert.deepEqual(ids({ secret: changedAt(500), pods: started(499) }), []);
        });
    });

    it("are about the Deployment alone where no keys come through Vault", () => {
        const nothing = {
            missingKinds: absent,
            store: absent,
            externalSecret: absent,
            secret: absent,
            vaultVersion: absent,
            policy: absent,
            role: absent,
            authMethod: absent,
            audit: absent,
            login: absent,
            keys: absent,
            pods: found([{ ...pod, version: undefined }]),
        };
        assert.deepEqual(diagnose(nothing, { mode: "irsa" }).findings, []);
        assert.deepEqual(
            diagnose({ ...nothing, deployment: absent }, { mode: "irsa" }).findings.map(({ id }) => id),
            ["deployment-missing"],
        );
    });
});

describe("doctor", () => {
    it("says what it did not look at, each reason once", () => {
        const diagnosis = diagnose({ secret: unseen, pods: unseen, keys: { state: "unseen", why: "no keys" } });
        assert.deepEqual(diagnosisInWords(diagnosis).split("\n"), [
            "Looked at: clinical-ai's objects in Kubernetes; its secret, policy and role in Vault. How AWS answers actual requests is tested by verify.",
            "Not looked at: Secret, pods (denied (Forbidden)).",
            "Not looked at: access keys in IAM (no keys).",
            "Nothing wrong was found.",
        ]);
    });

    it("shows what, why and the command", () => {
        const words = diagnosisInWords(diagnose({ policy: absent }), 200);
        assert.match(
            words,
            /error.*the worker may not read its secret.*Vault has no policy.*pulumi up --refresh --stack prod/,
        );
        assert.match(words, /1 finding\.$/);
        assert.ok(!words.includes("\u001b"));
    });

    it("could reach nothing only where both are unreachable", () => {
        const vaultFault = { kind: "unreachable", why: "x" } as const;
        assert.equal(diagnose({ kubernetesFault: "x", vaultFault }).unreachable, true);
        assert.equal(diagnose({ kubernetesFault: "x" }).unreachable, false);
        assert.equal(diagnose({ vaultFault }).unreachable, false);
        assert.equal(
            diagnose({ kubernetesFault: "x", vaultFault: { ...vaultFault, kind: "sealed" } }).unreachable,
            false,
        );
    });
});

describe("the cause in the operator's message", () => {
    // As External Secrets 0.19.2 writes them to its events.
    const login =
        "unable to log in with Kubernetes auth: Error making API request.\n\nURL: PUT https://v:8200/v1/auth/kubernetes/login\nCode: ";
    const read =
        "cannot read secret data from Vault: Error making API request.\n\nURL: GET https://v:8200/v1/secret/data/a\nCode: ";
    const messages: [string, string][] = [
        ["role", `${login}400. Errors:\n\n* invalid role name "clinical-ai-prefect"`],
        [
            "audience",
            `${login}403. Errors:\n\n* invalid audience (aud) claim: audience claim does not match any expected audience`,
        ],
        ["bound", `${login}403. Errors:\n\n* service account name not authorized`],
        ["bound", `${login}403. Errors:\n\n* namespace not authorized`],
        ["reviewer", `${login}403. Errors:\n\n* permission denied`],
        ["auth-method", `${login}404. Errors:\n\n* no handler for route "auth/kubernetes/login"`],
        ["policy", `${read}403. Errors:\n\n* 1 error occurred:\n\t* permission denied\n\n`],
        ["vault-sealed", `${read}503. Errors:\n\n* Vault is sealed`],
        ["secret-deleted", "error processing spec.data[0] (key: clinical-ai/aws), err: Secret does not exist"],
        ["field", 'error processing spec.data[0] (key: a), err: cannot find secret data for key: "aws_access_key_id"'],
        [
            "certificate",
            'Put "https://v:8200/v1/auth/kubernetes/login": tls: failed to verify certificate: x509: certificate signed by unknown authority',
        ],
        [
            "vault-unreachable-from-cluster",
            'Put "https://v/v1/auth/kubernetes/login": dial tcp 127.0.0.1:9: connect: connection refused',
        ],
        [
            "vault-unreachable-from-cluster",
            'Put "https://v/v1/auth/kubernetes/login": dial tcp: lookup v on 10.0.0.2:53: no such host',
        ],
        ["service-account", 'cannot get Kubernetes service account "w": ServiceAccount "w" not found'],
        [
            "store",
            'could not get SecretStore "vault-backend", SecretStore.external-secrets.io "vault-backend" not found',
        ],
    ];
    for (const [id, message] of messages) {
        it(`${id}: ${message.replace(/\s+/g, " ").slice(-60)}`, () =>
            assert.equal(causeOf([message], remedies).id, id));
    }

    it("is the first that says something", () => {
        assert.equal(causeOf(['SecretStore "vault-backend" is not ready', messages[0][1]], remedies).id, "role");
    });

    it("is shown as it is where it is not known", () => {
        assert.equal(causeOf(["what\n  is this"], remedies).why, "the operator says: what is this");
        assert.equal(causeOf([], remedies).why, "the operator does not say why");
    });
});

describe("what doctor takes from a stack's settings", () => {
    const image = `ghcr.io/a/b@sha256:${"a".repeat(64)}`;
    const settingsOf = (clinicalAi: object, services = ["clinical-ai"]) =>
        parseSettings({
            environment: "dev",
            region: "us-east-1",
            allowedAccountIds: ["123456789012"],
            services,
            "clinical-ai": clinicalAi,
        });
    const cluster = {
        kubernetes: { kubeconfig: "files/kubeconfig", context: "dev" },
        vault: { address: "https://vault:8200", caCertFile: "/etc/ca.pem", audit: "create" },
        image,
        replicas: 2,
    };

    it("reads names, addresses and paths", () => {
        assert.deepEqual(doctorSettings("dev", settingsOf({ cluster }), "/repository"), {
            declared: {
                ...declared,
                stack: "dev",
                replicas: 2,
                userName: "clinical-ai-prefect-worker-dev",
                awsMount: undefined,
            },
            vault: { address: "https://vault:8200", caCertFile: "/etc/ca.pem", namespace: undefined },
            kubeconfig: "/repository/files/kubeconfig",
            context: "dev",
            region: "us-east-1",
            accountIds: ["123456789012"],
        });
    });

    it("finds paths wherever it is called: from the home, or from the repository", () => {
        const given = (kubeconfig: string) => ({ ...cluster, kubernetes: { kubeconfig } });
        for (const [path, expected] of [
            ["~/.kube/dev", join(homedir(), ".kube/dev")],
            ["~other/dev", join(repository, "~other/dev")],
            ["files/dev", join(repository, "files/dev")],
            ["/etc/dev", "/etc/dev"],
        ]) {
            const settings = settingsOf({ cluster: given(path) });
            assert.equal(doctorSettings("dev", settings, repository)?.kubeconfig, expected);
            assert.equal(callersAccess(settings, { VAULT_TOKEN: "t" })?.kubeconfig, expected);
        }
        assert.equal(callersAccess(settingsOf({ cluster }), {}), undefined, "without a token");
    });

    it("reads Vault's CA off the repository, from any of its folders", () => {
        const folder = process.cwd();
        process.chdir(tmpdir());
        try {
            // Any file that is there: it is read before a connection is tried.
            assert.doesNotThrow(() => certificateAuthority({ address: "", caCertFile: "package.json" }));
        } finally {
            process.chdir(folder);
        }
    });

    it("knows how often dynamic keys are made anew", () => {
        const identity = {
            mode: "vaultDynamic",
            vaultPrincipalArn: "arn:aws:iam::123456789012:user/vault",
            ttlSeconds: 3600,
            refreshSeconds: 900,
        };
        const read = doctorSettings("dev", settingsOf({ cluster, identity }), "/repository")?.declared;
        assert.deepEqual([read?.refreshSeconds, read?.awsMount, read?.userName], [900, "aws", undefined]);
    });

    it("is nothing without a cluster", () => {
        assert.equal(doctorSettings("dev", settingsOf({}), "/repository"), undefined);
    });

    describe("and what from the environment", () => {
        const settings = doctorSettings("dev", settingsOf({ cluster }), "/repository")!;

        it("is a token for Vault", () => {
            assert.equal(accessOf(settings, {}, { VAULT_TOKEN: "t" }).vaultToken, "t");
            assert.equal(
                accessOf(settings, {}, { VAULT_ADDR: "https://elsewhere" }).vault.address,
                "https://vault:8200",
            );
        });

        it("is a kubeconfig only where neither an option nor the stack names one", () => {
            const KUBECONFIG = "/first:/second";
            assert.equal(accessOf(settings, { kubeconfig: "/own" }, { KUBECONFIG }).kubeconfig, "/own");
            assert.equal(accessOf(settings, {}, { KUBECONFIG }).kubeconfig, "/repository/files/kubeconfig");
            const unnamed = { ...settings, kubeconfig: undefined };
            assert.deepEqual(accessOf(unnamed, {}, { KUBECONFIG }).kubeconfig, ["/first", "/second"]);
            assert.match(String(accessOf(unnamed, {}, {}).kubeconfig), /\.kube\/config$/);
            assert.equal(accessOf(settings, { context: "other" }, {}).context, "other");
        });
    });
});
