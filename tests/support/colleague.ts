import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import { localDirectory, root } from "../../local/paths";
import { type RotationCloud } from "./rotation-cloud";

/** What the local cloud is made of. */
const parts = [
    "components",
    "functions",
    "local",
    "ops",
    "policy-pack",
    "services",
    "stacks",
    "index.ts",
    "Pulumi.yaml",
    "Pulumi.local.yaml",
];

/** What two people share who work on one stack: its state, the accounts, the passphrase. */
const shared = ["state", "passphrase", "identities.json", "tls", "aws.pid"];

/** Somebody else who works on a cloud's stack: with a checkout and a stack file of their own, and the same state. */
export class Colleague {
    private readonly checkout = mkdtempSync(join(tmpdir(), "platform-colleague-"));
    readonly stackFile = join(this.checkout, "Pulumi.mine.yaml");

    constructor(private readonly cloud: RotationCloud) {
        for (const part of [...parts, "package.json", "tsconfig.json"]) {
            cpSync(join(root, part), join(this.checkout, part), { recursive: true });
        }
        symlinkSync(join(root, "node_modules"), join(this.checkout, "node_modules"));
        const folder = localDirectory(this.env);
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        for (const name of shared) symlinkSync(join(cloud.folder, name), join(folder, name));
        // The salt by which the state's secrets are encrypted is in it.
        copyFileSync(join(cloud.folder, "Pulumi.local.yaml"), join(folder, "Pulumi.local.yaml"));
        copyFileSync(cloud.stackFile, this.stackFile);
    }

    private get env(): NodeJS.ProcessEnv {
        const place = join(this.checkout, "place");
        return { ...this.cloud.env, PLATFORM_LOCAL_DIR: place, PLATFORM_LOCAL_STACK_FILE: this.stackFile };
    }

    /** Starts `npm run local -- <args>` in their checkout. */
    start(args: readonly string[], env: NodeJS.ProcessEnv = {}): execa.ExecaChildProcess {
        return execa(process.execPath, ["-r", "ts-node/register/transpile-only", "local/cli.ts", ...args], {
            cwd: this.checkout,
            env: { ...this.env, ...env },
            reject: false,
            detached: true,
            all: true,
        });
    }

    remove(): void {
        rmSync(this.checkout, { recursive: true, force: true });
    }
}
