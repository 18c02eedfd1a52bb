// The four ways in which the worker comes to its credentials (B9), one after the other on the same stack.

import assert from "node:assert/strict";

import { ListPodIdentityAssociationsCommand } from "@aws-sdk/client-eks";
import { GetRoleCommand, GetUserCommand, ListAccessKeysCommand } from "@aws-sdk/client-iam";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { type V1Secret } from "@kubernetes/client-node";

import { vaultPrincipalArn } from "../../local/cluster/vault-aws";
import { podEnvironment } from "../../ops/kubernetes/pods";
import { clinicalAi } from "../../services/clinical-ai";
import { PodLoad } from "../support/cluster/pod-load";
import { sharedCloud } from "../support/cluster/suite";
import { eksCluster, eksOf, makeEksCluster, removeEksCluster } from "../support/eks-cluster";
import { until } from "../support/test-cloud";

const account = "000000000000";
const name = "clinical-ai-prefect-worker-dev";
const refreshSeconds = 5;

const identities = {
    static: { mode: "static" },
    irsa: { mode: "irsa", oidcProviderArn: `arn:aws:iam::${account}:oidc-provider/oidc.example.com/id/LOCAL` },
    podIdentity: { mode: "podIdentity", clusterName: eksCluster },
    vaultDynamic: { mode: "vaultDynamic", ttlSeconds: 900, refreshSeconds, vaultPrincipalArn },
} as const;
type Mode = keyof typeof identities;

/** What there is of each mode, in the order of `found`. */
const expected: Record<Mode, readonly string[]> = {
    static: [
        "user",
        "Vault secret",
        "Vault role clinical-ai-prefect",
        "SecretStore",
        "ExternalSecret",
        "Secret",
        "keys",
    ],
    irsa: ["role", "annotated ServiceAccount"],
    podIdentity: ["role", "association"],
    vaultDynamic: [
        "role",
        "Vault role clinical-ai-prefect-dynamic",
        "AWS role",
        "generator",
        "ExternalSecret",
        "Secret",
        "keys",
        "session token",
    ],
};

describe("the identity modes of clinical-ai", function () {
    this.timeout(400_000);
    const cloud = () => sharedCloud();

    before(() => makeEksCluster(cloud()));
    after(async () => {
        cloud().configure();
        await cloud().succeed(["up", "--cluster"]);
        await removeEksCluster(cloud());
    });

    const isThere = (asked: Promise<unknown>) =>
        asked.then(
            (answer) => answer !== undefined,
            (error: Error) => {
                if (/NoSuchEntity|NotFound/.test(error.name)) return false;
                throw error;
            },
        );
    const environment = async () =>
        podEnvironment(cloud().kubernetes("operator"), cloud().kubernetes("node"), {
            namespace: clinicalAi.namespace,
            deployment: clinicalAi.deployment,
        });

    /** What there is of any mode, by the owners' eyes. */
    const found = async (): Promise<string[]> => {
        const { iam } = cloud().root;
        const { vault } = cloud();
        const object = (apiVersion: string, kind: string, called: string) => cloud().object(apiVersion, kind, called);
        const account = await object("v1", "ServiceAccount", clinicalAi.serviceAccount);
        const { associations } = await eksOf(cloud()).send(
            new ListPodIdentityAssociationsCommand({ clusterName: eksCluster }),
        );
        const variables = (await environment()).environment;
        const there: Record<string, boolean> = {
            user: await isThere(iam.send(new GetUserCommand({ UserName: name }))),
            role: await isThere(iam.send(new GetRoleCommand({ RoleName: name }))),
            association: associations!.length > 0,
            "annotated ServiceAccount": account?.metadata?.annotations?.["eks.amazonaws.com/role-arn"] !== undefined,
            "Vault secret": await isThere(vault.read("secret/metadata/clinical-ai/aws")),
            "Vault role clinical-ai-prefect": await isThere(vault.read("auth/kubernetes/role/clinical-ai-prefect")),
            "Vault role clinical-ai-prefect-dynamic": await isThere(
                vault.read("auth/kubernetes/role/clinical-ai-prefect-dynamic"),
            ),
            "AWS role": await isThere(vault.read("aws/roles/clinical-ai-prefect")),
            SecretStore: await isThere(object("external-secrets.io/v1", "SecretStore", clinicalAi.secretStore)),
            generator: await isThere(
                object("generators.external-secrets.io/v1alpha1", "VaultDynamicSecret", clinicalAi.externalSecret),
            ),
            ExternalSecret: await isThere(
                object("external-secrets.io/v1", "ExternalSecret", clinicalAi.externalSecret),
            ),
            Secret: await isThere(object("v1", "Secret", clinicalAi.secret)),
            keys: variables.AWS_ACCESS_KEY_ID !== undefined && variables.AWS_SECRET_ACCESS_KEY !== undefined,
            "session token": variables.AWS_SESSION_TOKEN !== undefined,
        };
        return Object.keys(there).filter((what) => there[what]);
    };

    /** One line of the stack file, one `up`: every check holds, a second one changes nothing, and nothing else is there. */
    const becomes = async (mode: Mode) => {
        cloud().chooseIdentity(identities[mode]);
        const { checks, exitCode } = await cloud().up();
        assert.deepEqual(
            checks.filter(({ ok }) => !ok).map(({ id, name: check, got }) => ({ id, check, got })),
            [],
        );
        assert.equal(exitCode, 0);
        const { words } = await cloud().up();
        assert.match(words, /Nothing to change/);
        let last: string[] = [];
        // The cluster removes a Secret some seconds after the ExternalSecret that owns it.
        await until(
            `what belongs to ${mode} alone`,
            async () => {
                last = await found();
                return last.length === expected[mode].length;
            },
            60,
        ).catch(() => undefined);
        assert.deepEqual([...last].sort(), [...expected[mode]].sort());
    };

    // Each follows another one than in the list above, and static is left and taken up again.
    for (const mode of ["static", "irsa", "podIdentity", "vaultDynamic", "irsa"] as const) {
        it(`becomes ${mode}`, () => becomes(mode));
    }

    it("does not become static over what somebody else has in its place, nor where Vault would refuse its writes", async () => {
        const { vault } = cloud();
        const kubernetes = cloud().kubernetes();
        const secret = { apiVersion: "v1", kind: "Secret", namespace: clinicalAi.namespace, name: clinicalAi.secret };
        const metadata = { name: secret.name, namespace: secret.namespace };
        const refused = async (expected: RegExp, ...args: string[]) => {
            const { exitCode, all } = await cloud().run(["pulumi", ...args]);
            assert.notEqual(exitCode, 0, all);
            assert.match(all!, expected);
        };
        const up = ["up", "--yes", "--skip-preview"];
        const secretRefused = /Secret clinical-ai-aws-credentials .* not managed by External Secrets.*\(keys: key\)/;
        await vault.write("secret/data/clinical-ai/aws", { data: { old: "theirs" } });
        await kubernetes.create({ apiVersion: "v1", kind: "Secret", metadata, stringData: { key: "theirs" } }, secret);
        cloud().chooseIdentity(identities.static);
        // A preview does not know the new key yet, which could be what Vault has.
        await refused(secretRefused, "preview");
        await refused(/is not managed by this stack: it holds the fields old, which would be replaced/, ...up);
        assert.deepEqual((await vault.read("secret/data/clinical-ai/aws"))!.data, { old: "theirs" });

        // Given to the stack; what is in the cluster is not.
        await vault.write("secret/metadata/clinical-ai/aws", { custom_metadata: { "written-over-version": "0" } });
        await refused(secretRefused, ...up);
        assert.deepEqual(((await cloud().object("v1", "Secret", clinicalAi.secret)) as V1Secret).data, {
            key: Buffer.from("theirs").toString("base64"),
        });
        await kubernetes.remove(secret);

        await vault.write("secret/data/clinical-ai/aws", { data: { old: "theirs again" } });
        await vault.write("secret/config", { cas_required: true });
        const turnOff =
            /\(cas_required of the mount\), .* Turn that off: vault write secret\/config cas_required=false/;
        await refused(turnOff, ...up).finally(() => vault.write("secret/config", { cas_required: false }));
    });

    for (const mode of ["static", "vaultDynamic"] as const) {
        it(`becomes ${mode} again`, () => becomes(mode));
    }

    it("gives the worker new keys of Vault at every refresh, and no pod's request fails until it is gone", async () => {
        const bucket = "clinical-ai-source-dev";
        await cloud().root.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "load/always", Body: "there" }));
        const load = new PodLoad(cloud(), bucket);
        await load.start();
        try {
            // The keys that the pods have at first, and those of three refreshes.
            await until("keys of three refreshes", () => load.keys.size >= 4, 12 * refreshSeconds);
            await until("pods with each of them", () => load.seen.size >= 4, 2 * refreshSeconds);
        } finally {
            await load.stop();
            await cloud().root.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "load/always" }));
        }
        assert.deepEqual(load.failures, []);
        assert.ok(load.requests > 300, `${load.requests} requests`);
        process.stderr.write(
            `      ${load.requests} requests with ${load.keys.size} sets of keys in ${load.seen.size} pods, 0 failed\n`,
        );
        // What replaced the pods is no drift.
        const { words } = await cloud().up();
        assert.match(words, /Nothing to change/);
    });

    it("refuses keys that would end before three refreshes, and sessions that AWS does not give", async () => {
        for (const [changed, fault] of [
            [{ ttlSeconds: 900, refreshSeconds: 301 }, /ttlSeconds: got 900; at least three times refreshSeconds/],
            [{ ttlSeconds: 899 }, /ttlSeconds: got 899; at least 900/],
        ] as const) {
            cloud().chooseIdentity({ ...identities.vaultDynamic, ...changed });
            const { exitCode, all } = await cloud().run(["pulumi", "preview"]);
            assert.notEqual(exitCode, 0);
            assert.match(all!, fault);
        }
    });

    it("leaves no key behind in IAM", async () => {
        await becomes("static");
        const { AccessKeyMetadata } = await cloud().root.iam.send(new ListAccessKeysCommand({ UserName: name }));
        assert.equal(AccessKeyMetadata!.length, 1);
    });
});
