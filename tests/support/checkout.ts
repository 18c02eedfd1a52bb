import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import { root } from "../../local/paths";

/** A checkout of somebody's own: what is in this one, committed or not, as one commit. */
export class Checkout {
    private readonly folder = mkdtempSync(join(tmpdir(), "platform-checkout-"));

    private constructor() {}

    /** @param files what stands in it in place of what is here, by path */
    static async create(files: Readonly<Record<string, string>>): Promise<Checkout> {
        const checkout = new Checkout();
        const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        const { stdout } = await execa("git", list, { cwd: root });
        // What is deleted and not committed yet is in the list, too.
        for (const path of stdout.split("\0").filter((name) => name && existsSync(join(root, name)))) {
            cpSync(join(root, path), checkout.path(path), { recursive: true });
        }
        symlinkSync(join(root, "node_modules"), checkout.path("node_modules"));
        for (const [path, text] of Object.entries(files)) writeFileSync(checkout.path(path), text);
        await checkout.git("init", "--quiet");
        await checkout.commit();
        return checkout;
    }

    path(name: string): string {
        return join(this.folder, name);
    }

    /** Commits another text in place of one that is in a file. */
    async replace(path: string, text: string, other: string): Promise<void> {
        const before = readFileSync(this.path(path), "utf8");
        if (!before.includes(text)) throw new Error(`no ${text} in ${path}`);
        writeFileSync(this.path(path), before.replace(text, other));
        await this.commit();
    }

    /** Runs commands in it, in one shell that ends at the first failure, and returns how that ended. */
    run(commands: string, env: NodeJS.ProcessEnv): execa.ExecaChildProcess {
        const options = { cwd: this.folder, env, extendEnv: false, reject: false, all: true, stdin: "ignore" } as const;
        return execa("bash", ["-euo", "pipefail", "-c", commands], options);
    }

    /**
     * Runs commands that are to succeed.
     *
     * @returns their standard output
     * @throws Error with all that they printed
     */
    async succeed(commands: string, env: NodeJS.ProcessEnv): Promise<string> {
        const { exitCode, stdout, all } = await this.run(commands, env);
        if (exitCode !== 0) throw new Error(`${commands}\nexited ${exitCode}:\n${all}`);
        return stdout;
    }

    async commit(): Promise<void> {
        const author = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        await this.git("add", "--all");
        await this.git(...author, "commit", "--quiet", "--message", "A change");
    }

    private async git(...args: string[]): Promise<void> {
        await execa("git", args, { cwd: this.folder });
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}
