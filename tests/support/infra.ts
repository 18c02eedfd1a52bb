import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import execa from "execa";
import { stringify } from "yaml";

const checkout = resolve(__dirname, "..", "..");

/** What the operator's tool is made of. */
const parts = ["bin", "ops", "services", "stacks", "components", "functions", "tsconfig.json", "package.json"];

/** A copy of the repository with a stack file of a test's own, where the operator's tool runs as users run it. */
export class InfraCheckout {
    readonly folder = mkdtempSync(join(tmpdir(), "platform-infra-"));

    constructor(stacks: Readonly<Record<string, object>>) {
        for (const part of parts) cpSync(join(checkout, part), join(this.folder, part), { recursive: true });
        symlinkSync(join(checkout, "node_modules"), join(this.folder, "node_modules"));
        for (const [stack, config] of Object.entries(stacks)) {
            writeFileSync(join(this.folder, `Pulumi.${stack}.yaml`), stringify({ config }));
        }
    }

    /** Starts `infra <args>`, without a terminal, in a folder that is not its own. */
    start(args: readonly string[], env: NodeJS.ProcessEnv = {}): execa.ExecaChildProcess {
        return execa(join(this.folder, "bin", "infra.js"), args, {
            cwd: tmpdir(),
            env,
            reject: false,
            stdin: "ignore",
        });
    }

    /** What is recorded of one database, and the record's mode in octal. */
    audit(database: string): { mode: string; entries: Record<string, unknown>[] } {
        const file = join(this.folder, ".infra", "audit.jsonl");
        if (!existsSync(file)) return { mode: "none", entries: [] };
        const lines = readFileSync(file, "utf8").trimEnd().split("\n");
        const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        return {
            mode: (statSync(file).mode & 0o777).toString(8),
            entries: entries.filter(({ target }) => String(target).endsWith(`/${database}`)),
        };
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}
