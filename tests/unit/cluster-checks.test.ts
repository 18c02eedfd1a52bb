import assert from "node:assert/strict";

import { type V1Pod } from "@kubernetes/client-node";

import { operatorPolicy } from "../../ops/rights/operator";
import { renderTable, verify } from "../../ops/verify";
import { whoLooked } from "../../ops/verify/answers";
import { plan, type PlanTarget } from "../../ops/verify/plan";
import {
    agesInWords,
    availabilityInWords,
    conditionInWords,
    peersInWords,
    rulesInWords,
    variablesInWords,
    versionsInWords,
} from "../../ops/verify/probes-kubernetes";
import { auditInWords, policyInWords, syncInWords } from "../../ops/verify/probes-vault";
import { type ServiceOutputs } from "../../services";
import { type Check } from "../../services/checks";
import { at, placesInWords } from "../../services/fields";

type Outputs = ServiceOutputs["clinical-ai"];

const image = `ghcr.io/clinical-ai/worker@sha256:${"a".repeat(64)}`;

const outputs: Outputs = {
    region: "us-east-1",
    sourceBucket: "source",
    destinationBucket: "destination",
    identityMode: "static",
    userName: "worker",
    accessKeyId: "AKIAONE",
    accessKeyIds: ["AKIAONE"],
    secretAccessKey: "hidden",
    cluster: {
        namespace: "clinical-ai",
        vaultAddress: "https://vault.example.com:8200",
        audience: "vault",
        vaultRole: "clinical-ai-prefect",
        vaultVersion: "3",
        vaultCreated: "noon",
        image,
        replicas: 2,
    },
};

const access = { kubeconfig: "/nowhere", vaultToken: "hidden-too" };

const target: PlanTarget = {
    accountId: "123456789012",
    outputs: { "clinical-ai": outputs },
    services: ["clinical-ai"],
    cluster: { operator: access, deployer: access },
};

function checksOf(changed: Partial<Outputs> = {}, of: Partial<PlanTarget> = {}): Check[] {
    return plan({ ...target, outputs: { "clinical-ai": { ...outputs, ...changed } }, ...of }).map(({ check }) => check);
}

function theCheck(name: string, changed: Partial<Outputs> = {}): Check {
    const found = checksOf(changed).filter((check) => check.name === name);
    assert.equal(found.length, 1, name);
    return found[0];
}

/** The modes without static keys, with what their stacks export. */
const modes: Readonly<Record<"irsa" | "podIdentity" | "vaultDynamic", Partial<Outputs>>> = {
    irsa: {
        identityMode: "irsa",
        userName: undefined,
        roleArn: "arn:aws:iam::123456789012:role/worker",
        oidcProviderArn: "arn:aws:iam::123456789012:oidc-provider/oidc.example.com",
    },
    podIdentity: {
        identityMode: "podIdentity",
        userName: undefined,
        roleArn: "arn:aws:iam::123456789012:role/worker",
        clusterName: "main",
    },
    vaultDynamic: {
        identityMode: "vaultDynamic",
        userName: undefined,
        roleArn: "arn:aws:iam::123456789012:role/worker",
        vaultPrincipalArn: "arn:aws:iam::123456789012:user/vault",
        cluster: {
            ...outputs.cluster!,
            vaultRole: "clinical-ai-prefect-dynamic",
            vaultVersion: undefined,
            vaultCreated: undefined,
            dynamic: { awsMount: "aws", ttlSeconds: 3600, refreshSeconds: 1200 },
        },
    },
};

const ages = "pods: gone before their keys end";
const worker = "clinical-ai-prefect-worker";

describe("the checks of clinical-ai's cluster side", () => {
    it("cover every requirement that a live call can prove", () => {
        assert.deepEqual([...new Set(checksOf().map(({ id }) => id))].sort(), "B1 B11 B2 B3 B4 B5 B6 B8 B9".split(" "));
    });

    for (const [mode, changed] of Object.entries({ static: {}, ...modes })) {
        it(`are told apart by id, name and identity in mode ${mode}`, () => {
            const names = checksOf(changed).map(({ id, name, caller }) => JSON.stringify([id, name, caller]));
            assert.deepEqual(
                names.filter((name, index) => names.indexOf(name) !== index),
                [],
            );
        });
        it(`expect nothing that the stack does not export in mode ${mode}`, () => {
            const text = JSON.stringify(checksOf(changed));
            assert.ok(!/undefined|the stack exports no/.test(text), text);
        });
    }

    it("say whose eyes they looked through where operator and deployer are one in the cluster, and two in AWS", () => {
        const one = { ...access, who: "kubeconfig and VAULT_TOKEN" };
        const seen = (name: string, cluster: PlanTarget["cluster"]) => whoLooked(theCheck(name), { cluster });
        assert.equal(seen("mount secret", { operator: one, deployer: one }), one.who);
        assert.equal(seen("Secret holds what Vault has", { operator: one, deployer: one }), one.who);
        assert.equal(seen("mount secret", target.cluster), "operator");
        assert.equal(seen("user's groups", { operator: one, deployer: one }), "operator");
    });

    it("never show a secret", () => {
        assert.ok(!/hidden/.test(JSON.stringify(checksOf())));
    });

    it("are not there without a cluster", () => {
        assert.ok(checksOf({ cluster: undefined }).every(({ id }) => id === "B1"));
    });

    it("are one line that fails without access to the cluster", async () => {
        const without = checksOf({}, { cluster: undefined }).filter(({ id }) => id !== "B1");
        assert.deepEqual(
            without.map(({ name, expected }) => [name, expected]),
            [["cluster and Vault", "both answer"]],
        );
        const keys = { accessKeyId: "none", secretAccessKey: "none" };
        const results = await verify({
            ...target,
            cluster: undefined,
            endpoint: "https://127.0.0.1:9",
            region: "us-east-1",
            credentials: { operator: keys, deployer: keys },
        });
        const line = results.find(({ id }) => id === "B8");
        assert.equal(line?.ok, false);
        assert.match(
            line?.got ?? "",
            /^not tried: no kubeconfig and no Vault token of operator and deployer were given$/,
        );
        assert.match(renderTable(results), /FAIL/);
    });

    it("ask nothing more of AWS's read-only operator", () => {
        assert.deepEqual(operatorPolicy(target), operatorPolicy({ ...target, cluster: undefined }));
    });

    it("expect the version that the stack wrote, of Vault, Secret, template and pods", () => {
        assert.deepEqual(
            [
                "secret's version",
                "Secret holds what Vault has",
                "Deployment: version of the secret",
                "pods: version of the secret",
            ].map((name) => theCheck(name).expected),
            [
                "current_version 3, created_time noon",
                "current (version 3 of noon)",
                "clinical-ai/vault-secret-version 3, clinical-ai/vault-secret-created noon",
                "2 with version 3 of noon",
            ],
        );
        const none = { cluster: { ...outputs.cluster!, replicas: 0 } };
        assert.equal(theCheck("pods: version of the secret", none).expected, "no pods");
    });

    it("expect pods that are younger than what is left of their keys' life when they start", () => {
        const { expected, probe } = theCheck(ages, modes.vaultDynamic);
        assert.deepEqual(probe, { kind: "podAges", deployment: worker, namespace: "clinical-ai", seconds: 2400 });
        assert.equal(expected, "none older than 2400 s");
        assert.ok(!checksOf().some(({ name }) => name === ages));
    });

    it("try the keys of the environment in both buckets, and in another's", () => {
        const stack = {
            "clinical-ai": outputs,
            "rl-studio": {
                region: "r",
                bucketName: "rollouts",
                userName: "u",
                noncurrentVersionDays: 1,
                accessKeyId: "A",
                accessKeyIds: [],
                secretAccessKey: "s",
            },
        };
        const tried = plan({ ...target, outputs: stack }).flatMap(({ check: { caller, name, expected, probe } }) =>
            typeof caller === "object" && "environmentOf" in caller && probe.kind === "s3" ? [[name, expected]] : [],
        );
        const refused = "denied (AccessDenied)";
        assert.deepEqual(tried, [
            ...["source", "destination"].flatMap((bucket) =>
                ["list", "write", "read", "delete"].map((does) => [`${does} ${bucket}`, "allowed"]),
            ),
            ...["list", "read", "write"].map((does) => [`${does} another's rollouts`, refused]),
            ["list all buckets", refused],
        ]);
    });

    it("expect three keys of a session, and of it alone", () => {
        const keys = (changed: Partial<Outputs>) => theCheck("environment: keys", changed).expected;
        assert.equal(keys({}), "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY");
        assert.equal(keys(modes.vaultDynamic), "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN");
        assert.equal(keys(modes.irsa), "none");
        assert.equal(keys(modes.podIdentity), "none");
        assert.match(theCheck("Deployment: variables", modes.vaultDynamic).expected, /AWS_SESSION_TOKEN from Secret /);
        assert.ok(!/Secret/.test(theCheck("Deployment: variables", modes.irsa).expected));
    });

    it("expect the role on the service account with IRSA alone", () => {
        const name = "ServiceAccount: no token in pods";
        assert.match(
            theCheck(name, modes.irsa).expected,
            /eks.amazonaws.com\/role-arn arn:aws:iam::123456789012:role\/worker/,
        );
        for (const changed of [{}, modes.podIdentity, modes.vaultDynamic]) {
            assert.match(theCheck(name, changed).expected, /, no eks.amazonaws.com\/role-arn$/);
        }
    });

    it("let only Pod Identity's pods reach the node's agent", () => {
        const open = (changed: Partial<Outputs>) =>
            theCheck("NetworkPolicy: egress", changed).expected.includes("TCP 80 with 169.254.170.23/32");
        assert.deepEqual(Object.values({ static: {}, ...modes }).map(open), [false, false, true, false]);
    });

    it("expect of each mode that nothing of the others is left", () => {
        const gone = (changed: Partial<Outputs>) =>
            checksOf(changed).flatMap(({ name, expected }) => (expected === "not there" ? [name.slice(3)] : []));
        const ofStatic = ["SecretStore", "secret in Vault", "role in Vault", "policy in Vault"];
        const ofDynamic = ["generator", "role for dynamic keys in Vault", "policy for dynamic keys in Vault"];
        assert.deepEqual(gone({}), ofDynamic);
        assert.deepEqual(gone(modes.vaultDynamic), ofStatic);
        for (const mode of [modes.irsa, modes.podIdentity]) {
            assert.deepEqual(gone(mode), [...ofStatic, ...ofDynamic, "ExternalSecret", "Secret"]);
        }
    });

    it("expect a role that lives as long as what it opens", () => {
        const role = (name: string) => `role ${name}: what and how long`;
        assert.equal(
            theCheck(role("clinical-ai-prefect")).expected,
            "token_policies clinical-ai-aws-read, token_ttl 3600, token_max_ttl 3600, token_period 0",
        );
        assert.match(
            theCheck(role("clinical-ai-prefect-dynamic"), modes.vaultDynamic).expected,
            /clinical-ai-aws-make/,
        );
        assert.equal(
            theCheck("policy clinical-ai-aws-make: one path", modes.vaultDynamic).expected,
            "read on aws/creds/clinical-ai-prefect",
        );
        assert.match(theCheck("ExternalSecret", modes.vaultDynamic).expected, /refreshInterval 20m,/);
    });

    it("clear up after the environment's keys where no other check does", () => {
        const swept = (changed: Partial<Outputs>) =>
            checksOf(changed).filter(({ probe }) => probe.kind === "leftovers").length;
        assert.deepEqual([{}, modes.vaultDynamic, modes.irsa].map(swept), [2, 2, 0]);
    });
});

describe("fields in words", () => {
    it("do not depend on the order of keys, and name every part", () => {
        const words = "spec.a.b 1, spec.a.c x+y, spec.d.0.e true";
        const inWords = (value: object) => placesInWords([[["spec"], value]]);
        assert.equal(inWords({ a: { b: 1, c: ["x", "y"] }, d: [{ e: true }] }), words);
        assert.equal(inWords({ d: [{ e: true }], a: { c: ["x", "y"], b: 1 } }), words);
    });

    it("leave out what is empty, and say so of a place", () => {
        assert.equal(placesInWords([[["spec"], { a: [], b: "", c: undefined, d: null }]]), "no spec");
        assert.equal(
            placesInWords([
                [["spec", "a"], ""],
                [["spec", "b"], 0],
            ]),
            "no a, b 0",
        );
    });

    it("find a value behind keys and indices", () => {
        assert.equal(at(["a", "1", "b"], { a: [{}, { b: 7 }] }), 7);
        assert.equal(at(["a", "b", "c"], { a: null }), undefined);
    });
});

describe("what Vault has, in words", () => {
    it("says what a policy opens, path by path", () => {
        assert.equal(policyInWords('path "a/b" {\n  capabilities = ["read"]\n}\n'), "read on a/b");
        assert.equal(
            policyInWords(
                '# why\npath "b" { capabilities = ["update", "read"] }\npath "a/*" {\ncapabilities=["list"]}',
            ),
            "list on a/*, read+update on b",
        );
    });

    it("shows a part that it does not know", () => {
        const text = 'path "a" {\n  capabilities = ["read"]\n  required_parameters = ["x"]\n}\n';
        assert.match(policyInWords(text), /required_parameters/);
        assert.match(policyInWords(`path "b" { capabilities = ["read"] }\n${text}`), /^read on b, path "a" .*required/);
        assert.equal(policyInWords(""), "nothing");
        assert.equal(policyInWords('path "a" { capabilities = [] }'), "nothing on a");
    });

    it("tells an audit device that writes secrets from one that does not", () => {
        assert.equal(auditInWords({}), "off");
        assert.equal(auditInWords({ "file/": { options: { file_path: "stdout" } } }), "on");
        assert.match(auditInWords({ "a/": {}, "b/": { options: { log_raw: "true" } } }), /^b\/ logs secrets/);
    });

    const keys = { "aws-id": "id", "aws-key": "key" };
    const vault = { data: { id: "AKIA", key: "hidden" }, metadata: { version: 2, created_time: "noon" } };
    const secret = (changed: object = {}, version = "2", written = "noon") => ({
        metadata: { annotations: { "vault-version": version, "vault-created": written } },
        data: { "aws-id": base64("AKIA"), "aws-key": base64("hidden"), ...changed },
    });
    const sync = (inVault: object | undefined, inSecret: object | undefined) =>
        syncInWords(inVault as Record<string, unknown> | undefined, inSecret, keys, {
            version: "vault-version",
            written: "vault-created",
        });

    const cases: [string, string, object | undefined, object | undefined][] = [
        ["the same values of the same version", "current (version 2 of noon)", vault, secret()],
        [
            "an older version",
            "stale: the Secret has version 1 of noon, Vault has version 2 of noon",
            vault,
            secret({}, "1"),
        ],
        [
            "the same version of a secret that was deleted and written again",
            "stale: the Secret has version 2 of dawn, Vault has version 2 of noon",
            vault,
            secret({}, "2", "dawn"),
        ],
        [
            "other values under the same version",
            "the Secret says version 2 of noon, but other values than Vault's: aws-key",
            vault,
            secret({ "aws-key": base64("other") }),
        ],
        [
            "a missing key",
            "the Secret says version 2 of noon, but other values than Vault's: aws-id",
            vault,
            secret({ "aws-id": undefined }),
        ],
        ["a key more", "the Secret has keys that are not Vault's: more", vault, secret({ more: base64("x") })],
        ["no Secret", "there is no Secret", vault, undefined],
        ["no secret in Vault", "Vault has no current version of the secret", undefined, secret()],
        ["a deleted version", "Vault has no current version of the secret", { ...vault, data: null }, secret()],
    ];
    for (const [what, words, inVault, inSecret] of cases) {
        it(`says of ${what}: ${words}`, () => assert.equal(sync(inVault, inSecret), words));
    }

    it("does not take the same values for proof of a version", () => {
        const unmarked = { ...secret(), metadata: {} };
        assert.equal(sync(vault, unmarked), "the Secret does not say which version it has");
    });

    it("shows no value", () => {
        const words = cases.map(([, , inVault, inSecret]) => sync(inVault, inSecret)).join();
        assert.ok(!/hidden|AKIA|other\b(?! values)/.test(words), words);
    });
});

describe("what the cluster has, in words", () => {
    const conditions = (...of: object[]) => ({ status: { conditions: of } });

    it("says why something is not ready", () => {
        assert.equal(conditionInWords(conditions({ type: "Ready", status: "True" }), "Ready").got, "ready");
        assert.equal(
            conditionInWords(conditions({ type: "Ready", status: "False", reason: "Error", message: "no" }), "Ready")
                .got,
            "not ready: Error: no",
        );
        assert.match(conditionInWords({}, "Ready").got, /said nothing yet/);
        assert.match(conditionInWords(conditions({ type: "Other", status: "True" }), "Ready").got, /said nothing yet/);
    });

    it("says where each variable comes from", () => {
        const words = (...env: object[]) => variablesInWords({ containers: [{ name: "c", env: env as never }] });
        assert.equal(words({ name: "A", value: "1" }, { name: "B" }), "A=1, B=");
        assert.equal(words({ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }), "A from Secret s/k");
        assert.equal(
            words({ name: "A", valueFrom: { configMapKeyRef: { name: "s", key: "k", optional: true } } }),
            "A from ConfigMap s/k if it is there",
        );
        assert.match(words({ name: "A", valueFrom: { fieldRef: { fieldPath: "x" } } }), /^A from .*fieldPath/);
        assert.match(
            variablesInWords({ containers: [{ name: "c", envFrom: [{ secretRef: { name: "s" } }] }] }),
            /^all of .*"s"/,
        );
    });

    it("says what a NetworkPolicy lets through", () => {
        const peers = ({ to }: { to?: unknown }) => peersInWords(to);
        const words = (rule: object) => rulesInWords([rule], peers);
        const tcp = { protocol: "TCP", port: 443 };
        assert.equal(rulesInWords([], peers), "nothing");
        assert.equal(words({}), "every port with anybody");
        assert.equal(words({ ports: [tcp] }), "TCP 443 with anybody");
        assert.equal(words({ ports: [tcp], to: [{ podSelector: {} }] }), "TCP 443 with pods of the namespace");
        assert.equal(
            words({ ports: [tcp], to: [{ namespaceSelector: {} }] }),
            "TCP 443 with pods of namespaces of every name",
        );
        assert.equal(
            words({ ports: [tcp], to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["b", "a"] } }] }),
            "TCP 443 with 0.0.0.0/0 except a b",
        );
        assert.equal(words({ ports: [{ port: 1, endPort: 9 }] }), "TCP 1-9 with anybody");
        assert.equal(words({ ports: [{ protocol: "UDP" }] }), "UDP every port with anybody");
        assert.match(words({ to: [{ podSelector: { matchExpressions: [{ key: "k" }] } }] }), /"k"/);
    });

    it("says how far a Deployment is", () => {
        const of = (status: object, generation = 1) =>
            availabilityInWords({ metadata: { generation }, spec: { replicas: 2 } as never, status });
        assert.equal(
            of({ observedGeneration: 1, availableReplicas: 2, updatedReplicas: 1 }),
            "2 of 2 available, 1 up to date",
        );
        assert.equal(of({ observedGeneration: 1 }), "0 of 2 available, 0 up to date");
        assert.match(of({ observedGeneration: 1, availableReplicas: 2, updatedReplicas: 2 }, 2), /has not seen it/);
    });

    it("names pods that are too old", () => {
        const now = new Date("2026-01-01T12:00:00Z");
        const pod = (name: string, age: number) => ({
            metadata: { name, creationTimestamp: new Date(now.getTime() - age * 1000) },
        });
        assert.equal(agesInWords([pod("b", 61), pod("c", 60), pod("a", 99)], 60, now), "older than 60 s: a, b");
        assert.equal(agesInWords([pod("c", 60)], 60, now), "none older than 60 s");
        assert.equal(agesInWords([], 60, now), "none older than 60 s");
    });

    it("counts pods by their version", () => {
        const names = { version: "v", written: "w" };
        const words = (...pods: object[]) =>
            versionsInWords(
                pods.map((annotations) => ({ metadata: { annotations } }) as V1Pod),
                names,
            );
        assert.equal(
            words({ v: "2", w: "noon" }, { v: "1", w: "noon" }, { v: "2", w: "noon" }),
            "1 with version 1 of noon, 2 with version 2 of noon",
        );
        assert.equal(
            words({ v: "1", w: "noon" }, { v: "1", w: "dawn" }),
            "1 with version 1 of dawn, 1 with version 1 of noon",
            "one of a secret that was deleted and written again",
        );
        assert.equal(words({ v: "1" }), "1 with version 1 of no time");
        assert.equal(words({}), "1 without a version");
        assert.equal(words(), "no pods");
    });
});

function base64(text: string): string {
    return Buffer.from(text).toString("base64");
}
