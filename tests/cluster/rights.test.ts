// What the deployer was asked for in Vault, by Vault's own audit log, in all that the files before this one did.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { vaultDeployerPolicy } from "../../ops/rights/cluster";
import { sharedCloud } from "../support/cluster/suite";

interface AuditEntry {
    readonly type: "request" | "response";
    readonly auth?: { readonly policies?: readonly string[] };
    readonly request: { readonly path: string; readonly operation: string };
}

/** Rights of which the log says nothing, and why they are needed. */
const unrecorded: Readonly<Record<string, string>> = {
    "auth/kubernetes/role/clinical-ai-prefect update": "a change of audience or lifetime, which no test makes",
    "auth/kubernetes/role/clinical-ai-prefect-dynamic update": "a change of audience or lifetime, which no test makes",
    "sys/audit/file update": "the device that the log is written by: turned on before there is a log",
    "sys/mounts/secret update": "mounted beside the device that writes the log, and maybe before it",
    "sys/auth/kubernetes update": "enabled beside the device that writes the log, and maybe before it",
};

/** A line of the log; a Vault that was killed while it wrote one has left a part of it. */
function entryOf(line: string): AuditEntry[] {
    try {
        return [JSON.parse(line) as AuditEntry];
    } catch {
        return [];
    }
}

describe("the deployer's policy in Vault", () => {
    it("is exactly what was asked for", () => {
        const log = readFileSync(join(sharedCloud().places.folder, "vault-audit.log"), "utf8").trim().split("\n");
        const asked = new Set(
            log
                .flatMap(entryOf)
                .filter(({ type, auth }) => type === "request" && auth?.policies?.includes("platform-deployer"))
                .map(({ request: { path, operation } }) => `${path} ${operation}`),
        );
        assert.ok(asked.size > 20, `${asked.size} different requests`);
        const given = [
            ...vaultDeployerPolicy().matchAll(/path "([^"]+)" \{\n {2}capabilities = \[([^\]]*)\]/g),
        ].flatMap(([, path, capabilities]) =>
            (JSON.parse(`[${capabilities}]`) as string[])
                // Asked for along with another capability, where Vault wants it.
                .filter((capability) => capability !== "sudo")
                .map((capability) => `${path} ${capability}`),
        );
        assert.deepEqual(
            given.filter((right) => !asked.has(right) && !(right in unrecorded)),
            [],
            "rights that nothing needed",
        );
    });
});
