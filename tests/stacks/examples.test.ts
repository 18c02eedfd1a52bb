import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { root } from "../../local/paths";
import { RecordingMocks, runWithMocks } from "../support/mocks";
import { examples, writeExample } from "../support/examples";

/** What each example registers as its first resource. */
const components = {
    SecureBucket: "platform:storage:SecureBucket reports",
    ScopedIdentity: "platform:identity:ScopedIdentity report-writer",
    VaultSecretPipeline: "platform:secrets:VaultSecretPipeline report-keys",
    BedrockBudgetTier: "platform:ai:BedrockBudgetTier report-models",
    BedrockGate: "platform:ai:BedrockGate report-gate",
    EcsTaskRole: "platform:compute:EcsTaskRole report-task",
    "What no argument offers": "platform:storage:SecureBucket invoices",
} as const;

describe("the examples of components/README.md", () => {
    it("are of every component", () => {
        const folders = readdirSync(join(root, "components"), { withFileTypes: true }).filter((one) =>
            one.isDirectory(),
        );
        const classes = folders.map(({ name }) =>
            name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        );
        assert.deepEqual([...examples().keys()].sort(), [...classes, "What no argument offers"].sort());
    });

    for (const [title, registered] of Object.entries(components)) {
        it(`${title}: runs as it is printed`, async () => {
            const folder = mkdtempSync(join(tmpdir(), "example-"));
            try {
                const file = writeExample(folder, examples().get(title)!);
                const mocks = new RecordingMocks();
                await runWithMocks(mocks, async () => void (await import(file)));
                assert.ok(mocks.list().includes(registered), mocks.list().join("\n"));
            } finally {
                rmSync(folder, { recursive: true });
            }
        });
    }
});
