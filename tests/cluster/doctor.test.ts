// What doctor says of faults that are really there, under the names that the stack gives.

import assert from "node:assert/strict";

import { type Declared, diagnose, type DoctorAccess, type Finding } from "../../ops/doctor";
import { World } from "../support/cluster/world";
import { until } from "../support/test-cloud";

describe("infra doctor on a real cluster", function () {
    this.timeout(120_000);
    const world = World.real();
    const { kubernetes, vault } = world;
    const store = world.object("external-secrets.io/v1", "SecretStore", "vault-backend");
    const role = "auth/kubernetes/role/clinical-ai-prefect";
    const policy = "sys/policies/acl/clinical-ai-aws-read";

    const declared: Declared = {
        stack: "test",
        mode: "static",
        replicas: 1,
        audience: "vault",
        refreshSeconds: 3600,
        userName: "worker",
        makesAudit: true,
    };
    const access: DoctorAccess = {
        kubeconfig: world.access.kubeconfig,
        vault: world.vaultAddress,
        vaultToken: world.access.vaultToken,
    };

    before(() => world.make());
    after(() => world.remove());

    const found = async (changed: Partial<DoctorAccess> = {}) =>
        (await diagnose({ ...access, ...changed }, declared)).findings;
    const ids = (findings: readonly Finding[]) => findings.map(({ id }) => id);
    let syncs = 0;
    /** Has External Secrets try again, and waits until doctor finds this. */
    const findsAfterSync = async (wanted: string[]) => {
        const annotations = { "force-sync": String(++syncs) };
        await world.merge(store, { annotations });
        await world.merge(world.externalSecret, { annotations });
        let last: string[] = [];
        await until(`${wanted.join()}`, async () => {
            last = ids(await found());
            return JSON.stringify(last) === JSON.stringify(wanted);
        }).catch((error: Error) => assert.fail(`${error.message}, found ${last.join()}`));
    };

    it("finds nothing where all is well, and says what it did not look at", async () => {
        const { findings, notSeen, unreachable } = await diagnose(access, declared);
        assert.deepEqual([findings, unreachable], [[], false]);
        assert.deepEqual(
            notSeen.map(({ what }) => what),
            ["access keys in IAM"],
        );
    });

    it("names a policy that was taken away, and not its consequence too", async () => {
        await vault.remove(policy);
        await findsAfterSync(["policy"]);
        const [{ why, fix }] = await found();
        assert.equal(why, "Vault has no policy clinical-ai-aws-read");
        assert.equal(fix, "pulumi up --refresh --stack test");
        await vault.write(policy, { policy: world.policy });
        await findsAfterSync([]);
    });

    it("finds the same by what External Secrets says, without a token for Vault", async () => {
        await vault.remove(policy);
        await findsAfterSync(["policy"]);
        assert.deepEqual(ids(await found({ vaultToken: undefined })), ["sync-policy"]);
        await vault.write(policy, { policy: world.policy });
        await findsAfterSync([]);
    });

    for (const [what, changed, id] of [
        ["another audience", { audience: "another" }, "role"],
        ["another service account", { bound_service_account_names: ["another"] }, "role"],
    ] as const) {
        it(`names a role for ${what}`, async () => {
            await vault.write(role, { ...world.role, ...changed });
            await findsAfterSync([id]);
            await vault.write(role, world.role);
            await findsAfterSync([]);
        });
    }

    it("names a role that is gone", async () => {
        await vault.remove(role);
        await findsAfterSync(["role"]);
        await vault.write(role, world.role);
        await findsAfterSync([]);
    });

    it("names a reviewer's token that is not valid any more", async () => {
        const config = await world.authConfig();
        await vault.write("auth/kubernetes/config", { ...config, token_reviewer_jwt: "eyJhbGciOiJub25lIn0.e30." });
        await findsAfterSync(["reviewer"]);
        await vault.write("auth/kubernetes/config", config);
        await findsAfterSync([]);
    });

    it("names a certificate that the operator does not trust", async () => {
        const before = (await kubernetes.read(store)) as unknown as {
            spec: { provider: { vault: { caBundle: string } } };
        };
        await world.merge(store, {}, { spec: { provider: { vault: { caBundle: null } } } });
        await findsAfterSync(["sync-certificate"]);
        await world.merge(store, {}, { spec: before.spec });
        await findsAfterSync([]);
    });

    it("names pods that keep old keys, and a Secret that is behind", async () => {
        await world.writeKeys("AKIATWO");
        assert.deepEqual(ids(await found()), ["foreign-write"]);
        const annotations = { "vault-version": "2" };
        const template = { metadata: { annotations } };
        await world.merge(world.externalSecret, {}, { spec: { target: { template } } });
        await findsAfterSync(["template-old", "pods-old"]);
        const versioned = { metadata: { annotations: { "clinical-ai/vault-secret-version": "2" } } };
        await world.merge(world.deployment, {}, { spec: { template: versioned } });
        await findsAfterSync([]);
    });

    it("names a secret that was deleted by hand", async () => {
        await vault.remove("secret/metadata/clinical-ai/aws");
        await findsAfterSync(["secret-deleted"]);
        // As `pulumi up --refresh` would; but it counts from one again, and the stack wrote two.
        await world.writeKeys("AKIATWO");
        await findsAfterSync(["foreign-write"]);
    });

    /** Has the Deployment want two pods of another container, and waits for what doctor then says. */
    const findsOfPods = async (changed: object, finding: string, words: RegExp) => {
        const deployment = (await kubernetes.read(world.deployment)) as unknown as Pods;
        const [container] = deployment.spec.template.spec.containers;
        const containers = [{ ...container, ...changed }];
        await world.merge(world.deployment, {}, { spec: { replicas: 2, template: { spec: { containers } } } });
        let why = "";
        const asExpected = async () => {
            why = (await found()).find(({ id }) => id === finding)?.why ?? "";
            return words.test(why);
        };
        await until(String(words), asExpected, 30).catch((error: Error) => assert.fail(`${error.message}, got ${why}`));
        await world.merge(
            world.deployment,
            {},
            { spec: { replicas: 1, template: { spec: { containers: [container] } } } },
        );
    };

    it("names a Deployment whose pods find no place", async () => {
        await world.writeKeys("AKIATWO");
        await findsAfterSync([]);
        const resources = { requests: { cpu: "1000" }, limits: { cpu: "1000" } };
        await findsOfPods(
            { resources },
            "not-available",
            /clinical-ai-prefect-worker-\S+: Unschedulable: .*Insufficient cpu/,
        );
        await findsAfterSync([]);
    });

    it("names a Deployment whose pods the namespace refuses", async () => {
        await findsOfPods(
            { securityContext: null },
            "rollout-stuck",
            /FailedCreate: .*violates PodSecurity "restricted:latest"/,
        );
    });

    it("says what cannot be reached", async () => {
        const nowhere = { address: "https://127.0.0.1:9" };
        const { findings, unreachable } = await diagnose({ ...access, vault: nowhere, kubeconfig: "/none" }, declared);
        assert.deepEqual([ids(findings), unreachable], [["kubernetes-unreachable", "vault-unreachable"], true]);
        assert.deepEqual(
            ids(await found({ vaultToken: "hvs.nobodys" })).filter((id) => id.startsWith("vault")),
            ["vault-token"],
        );
    });
});

interface Pods {
    readonly spec: {
        readonly template: { readonly spec: { readonly containers: object[] } };
    };
}
