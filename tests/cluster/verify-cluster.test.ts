// The checks of the cluster side, on a real API server, Vault and External Secrets: what holds, and what each fault says.

import assert from "node:assert/strict";

import { livePods, podEnvironment } from "../../ops/kubernetes/pods";
import { type CheckResult } from "../../ops/verify";
import { World } from "../support/cluster/world";
import { until } from "../support/test-cloud";

describe("the checks of the cluster side", function () {
    this.timeout(120_000);
    let world: World;

    before(() => {
        world = new World();
        return world.make();
    });
    after(() => world.remove());

    /** What the checks answer whose name begins so. */
    const answers = async (start: string, changed = {}) => {
        const results = await world.check(({ check: { name } }) => name.startsWith(start), changed);
        assert.ok(results.length > 0, start);
        return results.map(({ got }) => got);
    };
    const failed = (results: CheckResult[]) =>
        results.filter(({ ok }) => !ok).map(({ name, expected, got }) => ({ name, expected, got }));
    const roleOf = (changed: object) =>
        world.vault.write(`auth/${world.name}/role/${world.name}-prefect`, { ...world.role, ...changed });
    const policyOf = (policy: string) => world.vault.write(`sys/policies/acl/${world.name}-aws-read`, { policy });

    it("hold, and say whose eyes they looked through", async () => {
        const results = await world.check();
        assert.deepEqual(failed(results), []);
        assert.deepEqual([...new Set(results.map(({ identity }) => identity))].sort(), [
            "deployer",
            `environment of the pods of ${world.name}/${world.name}-prefect-worker`,
            "operator",
            "service account default/default",
            `service account ${world.name}/default`,
            `service account ${world.name}/${world.name}-prefect-worker`,
        ]);
    });

    it("leave no Secret and show no value", async () => {
        const results = await world.check();
        assert.ok(!JSON.stringify(results).includes("secret-of-AKIAONE"));
        const secrets = await world.kubernetes.list("v1", "Secret", world.name);
        assert.deepEqual(
            secrets.map(({ metadata }) => metadata?.name),
            [world.secret.name],
        );
    });

    it("see a namespace without its level", async () => {
        const level = (value: string | null) =>
            world.merge(
                { apiVersion: "v1", kind: "Namespace", name: world.name },
                { labels: { "pod-security.kubernetes.io/enforce": value } },
            );
        await level(null);
        assert.deepEqual(await answers("namespace: Pod Security"), ["no pod-security.kubernetes.io/enforce"]);
        assert.deepEqual(await answers("the same pod, able"), ["accepted"]);
        await level("restricted");
    });

    it("see rights of the service account in the Kubernetes API", async () => {
        const { name } = world;
        const rbac = "rbac.authorization.k8s.io";
        await world.put(`${rbac}/v1`, "RoleBinding", name, "too-much", {
            roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
            subjects: [{ kind: "ServiceAccount", name: `${name}-prefect-worker`, namespace: name }],
        });
        try {
            // The API server hears of the binding a moment later.
            await until("the right", async () => (await answers("read the Secret"))[0] === "there", 10);
            assert.deepEqual(await answers("rights in"), ["* *"]);
        } finally {
            await world.kubernetes.remove(world.object(`${rbac}/v1`, "RoleBinding", "too-much"));
        }
    });

    it("see a policy that opens more, and one that is gone", async () => {
        await policyOf(`path "${world.mount}/*" {\n  capabilities = ["read", "list", "update"]\n}\n`);
        const readsOther = `read ${world.mount}/data/${world.name}/other`;
        assert.deepEqual(await answers("policy"), [`list+read+update on ${world.mount}/*`]);
        assert.deepEqual(await answers(readsOther), [`nothing at ${world.mount}/data/${world.name}/other`]);
        assert.deepEqual(await answers("list "), ["allowed"]);
        // Nothing was overwritten by the attempt.
        assert.match((await answers("write "))[0], /^Vault answered 400 on /);
        assert.match((await answers("secret's version"))[0], /^current_version 1,/);

        await world.vault.remove(`sys/policies/acl/${world.name}-aws-read`);
        assert.deepEqual(await answers("policy"), [`nothing at sys/policies/acl/${world.name}-aws-read`]);
        const path = `${world.mount}/data/${world.name}/aws`;
        assert.deepEqual(await answers(`read ${path}`), [`permission denied on ${path}`]);
        await policyOf(world.policy);
    });

    it("see a role for more service accounts, and one without a bound", async () => {
        await roleOf({ bound_service_account_names: ["default", `${world.name}-prefect-worker`], token_max_ttl: 0 });
        const [own, elsewhere] = await answers("log in under another name");
        assert.deepEqual([own, elsewhere], ["logged in", "login refused (namespace not authorized)"]);
        assert.match((await answers(`role ${world.name}-prefect: what`))[0], /token_max_ttl 0/);
        await roleOf({ audience: "another" });
        assert.deepEqual(await answers("Secret holds"), [
            "not tried: login refused (invalid audience (aud) claim: audience claim does not match any expected audience)",
        ]);
        await roleOf({});
    });

    it("see a reviewer that the cluster does not know any more", async () => {
        const config = await world.authConfig();
        await world.vault.write(`auth/${world.name}/config`, {
            ...config,
            token_reviewer_jwt: "eyJhbGciOiJub25lIn0.e30.",
        });
        assert.deepEqual(await answers(`read ${world.mount}/data/${world.name}/aws`), [
            "not tried: login refused (permission denied)",
        ]);
        await world.vault.write(`auth/${world.name}/config`, config);
    });

    it("see an audit device that logs secrets", async () => {
        const path = `sys/audit/${world.name}-raw`;
        await world.vault.write(path, { type: "file", options: { file_path: "/dev/null", log_raw: "true" } });
        try {
            assert.deepEqual(await answers("audit"), [`${world.name}-raw/ logs secrets as they are (log_raw)`]);
        } finally {
            await world.vault.remove(path);
        }
    });

    it("see a Secret that is behind Vault", async () => {
        const second = await world.writeKeys("AKIATWO");
        const first = world.outputs.cluster!.vaultCreated;
        assert.deepEqual(await answers("Secret holds"), [
            `stale: the Secret has version 1 of ${first}, Vault has version 2 of ${second}`,
        ]);
        assert.deepEqual(await answers("secret's version"), [`current_version 2, created_time ${first}`]);
    });

    it("see a secret that was deleted with all its versions and counts from 1 again", async () => {
        const first = world.outputs.cluster!.vaultCreated;
        await world.vault.remove(`${world.mount}/metadata/${world.name}/aws`);
        const again = await world.writeKeys("AKIATHREE");
        assert.deepEqual(await answers("secret's version"), [`current_version 1, created_time ${again}`]);
        assert.deepEqual(await answers("Secret holds"), [
            `stale: the Secret has version 1 of ${first}, Vault has version 1 of ${again}`,
        ]);
        // The stack has delivered it, and the Deployment does not know.
        const cluster = { ...world.outputs.cluster!, vaultCreated: again };
        assert.deepEqual(
            failed(await world.check(({ check: { name } }) => /: version of the secret$/.test(name), { cluster })).map(
                ({ name }) => name,
            ),
            ["Deployment: version of the secret", "pods: version of the secret"],
        );
    });

    it("name what is not there, and what cannot be reached", async () => {
        const cluster = { ...world.outputs.cluster!, vaultAddress: "https://127.0.0.1:9" };
        assert.deepEqual(await answers("mount", { cluster }), ["Vault could not be reached (ECONNREFUSED)"]);
        assert.deepEqual(await answers("cluster and Vault", { cluster }), [
            "Vault could not be reached (ECONNREFUSED)",
            "Vault could not be reached (ECONNREFUSED)",
        ]);
        const irsa = await world.check(({ check: { name } }) => name.startsWith("no "), { identityMode: "irsa" });
        assert.deepEqual(
            failed(irsa).map(({ name, got }) => [name, got]),
            ["SecretStore", "secret in Vault", "role in Vault", "policy in Vault", "ExternalSecret", "Secret"].map(
                (what) => [`no ${what}`, "there"],
            ),
        );
    });

    it("resolve the environment that the node would give to the pod", async () => {
        const { kubernetes, name } = world;
        const which = { namespace: name, deployment: world.deployment.name };
        const { pod, environment, container } = await podEnvironment(kubernetes, kubernetes, which);
        assert.equal(pod, (await livePods(kubernetes, which)).pods[0].metadata?.name);
        assert.equal(container.name, "worker");
        assert.deepEqual(
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "HOME"].map((key) => environment[key]),
            ["AKIAONE", "secret-of-AKIAONE", "us-east-1", "/tmp"],
        );
        const service = name.toUpperCase().replaceAll("-", "_");
        assert.equal(environment[`${service}_PREFECT_WORKER_SERVICE_PORT_HEALTH`], "8080");
        assert.equal(environment.KUBERNETES_SERVICE_PORT, "443");
    });
});
