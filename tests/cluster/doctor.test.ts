// What doctor says of faults that are really there, on the stack that the suite's cloud has deployed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { UpdateAccessKeyCommand } from "@aws-sdk/client-iam";
import {
    KubeConfig,
    KubernetesObjectApi,
    PatchStrategy,
    type V1Deployment,
    type V1Secret,
} from "@kubernetes/client-node";

import { type Keys } from "../../ops/aws/clients";
import { type Declared, diagnose, type DoctorAccess, type Finding } from "../../ops/doctor";
import { type ObjectReference } from "../../ops/kubernetes/client";
import { clinicalAi, type ClinicalAiOutputs } from "../../services/clinical-ai";
import { objects } from "../../services/clinical-ai/workload-checks";
import { sharedCloud } from "../support/cluster/suite";
import { until } from "../support/test-cloud";

describe("infra doctor on a real cluster", function () {
    this.timeout(400_000);
    const role = "auth/kubernetes/role/clinical-ai-prefect";
    const config = "auth/kubernetes/config";
    const policy = "sys/policies/acl/clinical-ai-aws-read";
    const secret = "secret/data/clinical-ai/aws";

    let outputs: ClinicalAiOutputs;
    let declared: Declared;
    let access: DoctorAccess;
    /** The key of the deployed stack, which is somebody's to put back. */
    let values: unknown;

    before(async () => {
        const cloud = sharedCloud();
        outputs = (await cloud.outputs())["clinical-ai"] as unknown as ClinicalAiOutputs;
        declared = {
            stack: "local",
            mode: "static",
            replicas: 1,
            audience: "vault",
            refreshSeconds: 3600,
            userName: outputs.userName,
            makesAudit: true,
        };
        const identities = JSON.parse(readFileSync(join(cloud.folder, "identities.json"), "utf8")) as {
            deployer: Keys;
        };
        const token = (who: string) => readFileSync(join(cloud.places.folder, `vault-token-${who}`), "utf8");
        access = {
            kubeconfig: cloud.kubeconfig("deployer"),
            vault: {
                address: outputs.cluster!.vaultAddress,
                caCertFile: cloud.places.certificate.certificate,
            },
            vaultToken: token("deployer"),
            aws: { keys: identities.deployer, accountId: "000000000000", ...cloud.connection },
        };
        values = (await cloud.vault.read(secret))?.data;
    });

    const found = async (changed: Partial<DoctorAccess> = {}) =>
        (await diagnose({ ...access, ...changed }, declared)).findings;
    const ids = (findings: readonly Finding[]) => findings.map(({ id }) => id);

    const merge = async ({ apiVersion, kind, namespace, name }: ObjectReference, metadata: object, rest = {}) => {
        const kubeconfig = new KubeConfig();
        kubeconfig.loadFromFile(sharedCloud().kubeconfig("admin"));
        const patch = { apiVersion, kind, metadata: { name, namespace, ...metadata }, ...rest };
        const api = KubernetesObjectApi.makeApiClient(kubeconfig);
        await api.patch(patch, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch);
    };

    let syncs = 0;
    /** Has External Secrets try again, and waits until doctor finds exactly this. */
    const findsAfterSync = async (...wanted: string[]) => {
        const annotations = { "doctor-test": String(++syncs) };
        await merge(objects.secretStore, { annotations });
        await merge(objects.externalSecret, { annotations });
        let last: string[] = [];
        const asWanted = async () => {
            last = ids(await found());
            return JSON.stringify(last) === JSON.stringify(wanted);
        };
        await until(wanted.join() || "no finding", asWanted).catch((error: Error) =>
            assert.fail(`${error.message}, found ${last.join() || "none"}`),
        );
    };
    /** The command that doctor names for everything that was made by the stack. */
    const refresh = () => sharedCloud().succeed(["pulumi", "up", "--refresh", "--yes", "--skip-preview"]);

    it("finds nothing where all is well, with the deployer's rights", async () => {
        assert.deepEqual(await diagnose(access, declared), {
            findings: [],
            looked: ["clinical-ai's objects in Kubernetes", "its secret, policy and role in Vault"],
            notSeen: [],
            unreachable: false,
        });
    });

    it("says what it does not see with the operator's rights", async () => {
        const cloud = sharedCloud();
        const vaultToken = readFileSync(join(cloud.places.folder, "vault-token-operator"), "utf8");
        const operators = { ...access, kubeconfig: cloud.kubeconfig("operator"), vaultToken, aws: undefined };
        const { findings, notSeen } = await diagnose(operators, declared);
        assert.deepEqual(findings, []);
        assert.deepEqual(
            notSeen.map(({ what, why }) => [what, why]),
            [
                ["Secret", "denied (Forbidden)"],
                ["login of the service account", "denied (Forbidden)"],
                ["access keys in IAM", "there are no AWS credentials"],
            ],
        );
    });

    it("names a policy that was taken away, not its consequence, and the command that fixes both", async () => {
        await sharedCloud().vault.remove(policy);
        await findsAfterSync("policy");
        const [{ why, fix }] = await found();
        assert.equal(why, "Vault has no policy clinical-ai-aws-read");
        assert.equal(fix, "pulumi up --refresh --stack local");
        // Without a token for Vault: by what External Secrets says.
        assert.deepEqual(ids(await found({ vaultToken: undefined })), ["sync-policy"]);
        await refresh();
        await findsAfterSync();
    });

    it("names a role for another audience or service account, and one that is gone", async () => {
        const { vault } = sharedCloud();
        const before = await vault.read(role);
        for (const changed of [{ audience: "another" }, { bound_service_account_names: ["another"] }]) {
            await vault.write(role, { ...before, ...changed });
            await findsAfterSync("role");
        }
        await vault.remove(role);
        await findsAfterSync("role");
        await vault.write(role, before!);
        await findsAfterSync();
    });

    it("names a reviewer's token that is not valid any more", async () => {
        const { vault } = sharedCloud();
        const { namespace, name } = clinicalAi.vault.reviewer;
        const reviewer = (await sharedCloud()
            .kubernetes()
            .read({ apiVersion: "v1", kind: "Secret", namespace, name })) as V1Secret;
        const before = await vault.read(config);
        await vault.write(config, { ...before, token_reviewer_jwt: "eyJhbGciOiJub25lIn0.e30." });
        await findsAfterSync("reviewer");
        const token_reviewer_jwt = Buffer.from(reviewer.data!.token, "base64").toString();
        await vault.write(config, { ...before, token_reviewer_jwt });
        await findsAfterSync();
    });

    it("names a certificate that the operator does not trust", async () => {
        const store = (await sharedCloud().kubernetes().read(objects.secretStore)) as unknown as Store;
        const { caBundle } = store.spec.provider.vault;
        await merge(objects.secretStore, {}, { spec: { provider: { vault: { caBundle: null } } } });
        await findsAfterSync("sync-certificate");
        await merge(objects.secretStore, {}, { spec: { provider: { vault: { caBundle } } } });
        await findsAfterSync();
    });

    it("names the worker's key when it is inactive", async () => {
        const change = { UserName: outputs.userName, AccessKeyId: outputs.accessKeyId };
        await sharedCloud().root.iam.send(new UpdateAccessKeyCommand({ ...change, Status: "Inactive" }));
        assert.deepEqual(ids(await found()), ["key-inactive"]);
        await sharedCloud().root.iam.send(new UpdateAccessKeyCommand({ ...change, Status: "Active" }));
        assert.deepEqual(ids(await found()), []);
    });

    /** Has the Deployment want two pods of a container that is changed, and waits for what doctor then says. */
    const findsOfPods = async (changed: object, findings: readonly string[], words: RegExp) => {
        const deployment = (await sharedCloud().kubernetes().read(objects.deployment)) as unknown as V1Deployment;
        const [container] = deployment.spec!.template.spec!.containers;
        const template = (containers: object[]) => ({ template: { spec: { containers } } });
        await merge(objects.deployment, {}, { spec: { replicas: 2, ...template([{ ...container, ...changed }]) } });
        let why = "";
        const asExpected = async () => {
            why = (await found()).find(({ id }) => findings.includes(id))?.why ?? "";
            return words.test(why);
        };
        await until(String(words), asExpected, 60).catch((error: Error) => assert.fail(`${error.message}, got ${why}`));
        await merge(objects.deployment, {}, { spec: { replicas: 1, ...template([container]) } });
        await until("the old pods", async () => (await found()).length === 0, 30);
    };

    it("names a Deployment whose pods find no place", async () => {
        const resources = { requests: { cpu: "1000" }, limits: { cpu: "1000" } };
        // Whether the second pod is one of the old template or of the new one, the Deployment's controller decides.
        await findsOfPods(
            { resources },
            ["not-available", "rollout-stuck"],
            /clinical-ai-prefect-worker-\S+: Unschedulable: .*Insufficient cpu/,
        );
    });

    it("names a Deployment whose pods the namespace refuses", async () => {
        await findsOfPods(
            { securityContext: null },
            ["rollout-stuck"],
            /FailedCreate: .*violates PodSecurity "restricted:latest"/,
        );
    });

    it("names a secret that was written by hand, and pods that would keep old keys", async () => {
        const { vault } = sharedCloud();
        const { data, metadata } = (await vault.read(secret)) as { data: object; metadata: { version: number } };
        await vault.write(secret, { data });
        assert.deepEqual(ids(await found()), ["foreign-write"]);
        const annotations = { "vault-version": String(metadata.version + 1) };
        await merge(objects.externalSecret, {}, { spec: { target: { template: { metadata: { annotations } } } } });
        await findsAfterSync("template-old", "pods-old");
        await refresh();
        await findsAfterSync();
    });

    it("names a secret that was deleted by hand", async () => {
        await sharedCloud().vault.remove("secret/metadata/clinical-ai/aws");
        await findsAfterSync("secret-deleted");
        await refresh();
        await findsAfterSync();
        assert.deepEqual((await sharedCloud().vault.read(secret))?.data, values);
    });

    it("speaks of the local cloud's own commands there, and repairs nothing by looking", async () => {
        const well = await sharedCloud().run(["doctor"]);
        assert.equal(well.exitCode, 0, well.all);
        await sharedCloud().vault.write("sys/seal", {});
        for (let look = 0; look < 2; look++) {
            const { exitCode, stdout } = await sharedCloud().run(["doctor", "--json"]);
            assert.equal(exitCode, 1);
            const { findings } = JSON.parse(stdout) as { findings: Finding[] };
            assert.deepEqual(
                findings.map(({ id, fix }) => [id, fix]),
                [["vault-sealed", "npm run local -- --cluster"]],
            );
        }
        await sharedCloud().succeed(["up", "--cluster"]);
        await findsAfterSync();
    });

    it("says what cannot be reached", async () => {
        const nowhere = { address: "https://127.0.0.1:9" };
        const { findings, unreachable } = await diagnose({ ...access, vault: nowhere, kubeconfig: "/none" }, declared);
        assert.deepEqual([ids(findings), unreachable], [["kubernetes-unreachable", "vault-unreachable"], true]);
        assert.deepEqual(ids(await found({ vaultToken: "hvs.nobodys" })), ["vault-token"]);
    });
});

interface Store {
    readonly spec: { readonly provider: { readonly vault: { readonly caBundle: string } } };
}
