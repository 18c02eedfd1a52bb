import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { localCertificate } from "../../local/aws/certificate";
import { type Programs } from "../../local/cluster/install";
import { clusterPorts } from "../../local/cluster/places";
import { startVault } from "../../local/cluster/vault";
import { freePorts } from "../support/test-cloud";

describe("the data of the local Vault, before it starts,", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "local-vault-"));
        mkdirSync(join(folder, "vault", "core"), { recursive: true });
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** Starts a program that ends at once in Vault's place: what is before the start has then happened. */
    async function start(): Promise<void> {
        const places = {
            folder,
            ports: clusterPorts(await freePorts(12)),
            certificate: await localCertificate(join(folder, "tls")),
        };
        const programs = { parts: { vault: { path: "false", origin: "test" } } } as unknown as Programs;
        await assert.rejects(startVault(programs, places), /vault ended at once/);
    }

    it("is removed where a run was killed before it had written the keys, which nobody has", async () => {
        await start();
        assert.ok(!existsSync(join(folder, "vault")));
    });

    it("is kept where there are keys", async () => {
        writeFileSync(join(folder, "vault-keys.json"), "{}");
        await start();
        assert.ok(existsSync(join(folder, "vault", "core")));
    });
});
