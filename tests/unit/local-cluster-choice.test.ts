import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { type Server } from "../../local/aws/server";
import { clusterAccess, vaultTokenOf } from "../../local/cloud";
import { type Cluster } from "../../local/cluster";
import { clusterPorts, vaultAddress } from "../../local/cluster/places";
import { localPort, root } from "../../local/paths";
import { up } from "../../local/up";

describe("stack local with a cluster that its file names", () => {
    const kept = { ...process.env };
    const folder = mkdtempSync(join(tmpdir(), "other-cluster-"));
    after(() => rmSync(folder, { recursive: true }));
    afterEach(() => {
        process.env = { ...kept };
    });

    const local = {
        deployer: { kubeconfig: "/local", vaultToken: "local-deployer" },
        operator: { kubeconfig: "/local", vaultToken: "local-operator" },
    } as Cluster;

    const server = { endpoint: `https://127.0.0.1:${localPort()}` } as Server;

    /** A stack file with a cluster whose Vault has this address; without one where undefined. */
    const withVault = (address?: string) => {
        const document = parseDocument(readFileSync(join(root, "Pulumi.local.yaml"), "utf8"));
        const cluster = {
            kubernetes: { kubeconfig: "/other", context: "dev" },
            vault: { address },
            image: `ghcr.io/a/b@sha256:${"a".repeat(64)}`,
            replicas: 1,
        };
        const section = ["config", "platform:clinical-ai", "cluster"];
        if (address !== undefined) document.setIn(section, document.createNode(cluster));
        const file = join(folder, "Pulumi.local.yaml");
        writeFileSync(file, document.toString());
        Object.assign(process.env, { PLATFORM_LOCAL_STACK_FILE: file, VAULT_TOKEN: "callers" });
    };

    it("is deployed and verified with the caller's token, and no local one goes there", () => {
        withVault("https://vault.example.com:8200");
        assert.equal(vaultTokenOf(local), "callers");
        const callers = {
            kubeconfig: "/other",
            context: "dev",
            vaultToken: "callers",
            who: "kubeconfig and VAULT_TOKEN",
        };
        assert.deepEqual(clusterAccess({ folder, cluster: local, server }), { operator: callers, deployer: callers });
        delete process.env.VAULT_TOKEN;
        assert.equal(vaultTokenOf(local), undefined);
        assert.equal(clusterAccess({ folder, cluster: local, server }), undefined);
    });

    it("keeps the caller's token from the local Vault", () => {
        for (const address of [undefined, vaultAddress(clusterPorts(localPort()))]) {
            withVault(address);
            assert.equal(vaultTokenOf(local), "local-deployer");
            assert.equal(vaultTokenOf(undefined), undefined);
            assert.deepEqual(clusterAccess({ folder, cluster: local, server }), local);
        }
    });

    it("refuses --cluster, before anything is started", async () => {
        withVault("https://vault.example.com:8200");
        await assert.rejects(
            up({ json: false, cluster: true }),
            /names a cluster of its own: --cluster is for the local/,
        );
    });
});
