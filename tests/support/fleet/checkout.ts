import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";
import { stringify } from "yaml";

import { root } from "../../../local/paths";

/** What a preview and what decides on it are made of. */
const parts = [
    ...["index.ts", "Pulumi.yaml", "package.json", "package-lock.json", "tsconfig.json", ".npmrc", ".gitignore"],
    ...["bin", "components", "functions", "ops", "services", "stacks", "local/versions.ts", "docs", "README.md"],
];

/** A copy of the repository with stack files of its own, as a git repository whose HEAD is the copy. */
export class FleetCheckout {
    readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "platform-fleet-")));

    /** @param stacks the section `config` of each stack's file */
    constructor(stacks: Readonly<Record<string, object>>) {
        for (const part of parts) cpSync(join(root, part), join(this.folder, part), { recursive: true });
        this.linkPackages();
        for (const [stack, config] of Object.entries(stacks)) {
            const secretsprovider = "awskms://alias/platform-state?region=us-east-1";
            this.write(`Pulumi.${stack}.yaml`, stringify({ secretsprovider, config }));
        }
        this.git("init", "--quiet");
        this.commit();
    }

    write(path: string, text: string): void {
        writeFileSync(join(this.folder, path), text);
    }

    /** All that is there, as HEAD. */
    commit(): void {
        this.git("add", "--all");
        const author = ["-c", "user.name=test", "-c", "user.email=test@platform.test"];
        this.git(...author, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", "As it was");
    }

    /** Takes back what is not committed. */
    reset(): void {
        this.git("reset", "--quiet", "--hard");
        this.git("clean", "--quiet", "--force", "-d");
    }

    git(...args: readonly string[]): string {
        return execa.sync("git", args, { cwd: this.folder }).stdout;
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }

    /** Each of the packages, so that what is kept beside them is not kept in the repository's own. */
    private linkPackages(): void {
        const [from, to] = [join(root, "node_modules"), join(this.folder, "node_modules")];
        mkdirSync(to);
        const names = readdirSync(from).filter((name) => !name.startsWith("."));
        for (const name of names) symlinkSync(join(from, name), join(to, name));
    }
}
