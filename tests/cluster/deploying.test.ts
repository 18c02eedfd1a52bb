// The commands for Vault in docs/deploying.md, as they stand there.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import execa from "execa";

import { parts } from "../../local/cluster/parts";
import { findPart } from "../../local/part";
import { cacheDirectory, root } from "../../local/paths";
import { vaultDeployerPolicy } from "../../ops/rights/cluster";
import { codeIn } from "../support/markdown";

describe("docs/deploying.md, with a token of Vault's administrator", function () {
    this.timeout(60_000);

    it("gives the deployer a policy and a token that outlives the administrator's", async () => {
        const [commands] = codeIn("docs/deploying.md").filter((block) => block.includes("vault policy write"));
        // The program that serves is the one that calls, too; the cluster has it by now.
        const places = { cache: cacheDirectory(), env: process.env, unreachable: new Set<string>() };
        const vault = await findPart(parts.vault, places);
        const home = mkdtempSync(join(tmpdir(), "platform-vault-"));
        const env = {
            PATH: `${dirname(vault.path)}:${dirname(process.execPath)}:${process.env.PATH}`,
            // The command line keeps its token in the home folder.
            HOME: home,
            VAULT_ADDR: process.env.PLATFORM_TEST_VAULT_ADDR,
            VAULT_CACERT: process.env.PLATFORM_TEST_VAULT_CACERT,
            VAULT_TOKEN: process.env.PLATFORM_TEST_VAULT_TOKEN,
        };
        const run = (text: string, VAULT_TOKEN = env.VAULT_TOKEN) =>
            execa("bash", ["-euo", "pipefail", "-c", text], {
                cwd: root,
                env: { ...env, VAULT_TOKEN },
                stdin: "ignore",
            });
        try {
            const { stdout } = await run(commands);
            const token = stdout.trim().split("\n").at(-1)!;
            const own = JSON.parse((await run("vault token lookup -format=json", token)).stdout) as {
                data: { policies: string[]; orphan: boolean; period: number };
            };
            assert.deepEqual(own.data.policies, ["default", "platform-deployer"]);
            assert.equal(own.data.orphan, true);
            assert.equal(own.data.period, 24 * 3600);
            const { stdout: policy } = await run("vault policy read platform-deployer");
            assert.equal(policy.trim(), vaultDeployerPolicy().trim());
            await run("vault token revoke -self", token);
        } finally {
            rmSync(home, { recursive: true });
        }
    });
});
