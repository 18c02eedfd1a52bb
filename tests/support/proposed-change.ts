import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import { root } from "../../local/paths";

/** A checkout in which somebody proposes a change: what is in this one, as a commit that the change goes on from. */
export class ProposedChange {
    private readonly checkout = mkdtempSync(join(tmpdir(), "platform-change-"));

    private constructor(private readonly env: NodeJS.ProcessEnv) {}

    /**
     * @param files what is not as in this checkout, by path
     * @param env of the scripts of CI
     */
    static async create(files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): Promise<ProposedChange> {
        const change = new ProposedChange(env);
        const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        const { stdout } = await execa("git", list, { cwd: root });
        // What is deleted and not committed yet is in the list, too.
        for (const path of stdout.split("\0").filter((name) => name && existsSync(join(root, name)))) {
            cpSync(join(root, path), change.path(path), { recursive: true });
        }
        symlinkSync(join(root, "node_modules"), change.path("node_modules"));
        await change.git("init", "--quiet");
        for (const [path, text] of Object.entries(files)) writeFileSync(change.path(path), text);
        await change.commit();
        return change;
    }

    path(name: string): string {
        return join(this.checkout, name);
    }

    /** Commits another text in place of one that is in a file. */
    async replace(path: string, text: string, other: string): Promise<void> {
        const before = readFileSync(this.path(path), "utf8");
        if (!before.includes(text)) throw new Error(`no ${text} in ${path}`);
        writeFileSync(this.path(path), before.replace(text, other));
        await this.commit();
    }

    /** Runs a script of `ci/`, and fails with all that it printed unless it succeeds. */
    async script(name: string, ...args: string[]): Promise<string> {
        const options = { cwd: this.checkout, env: this.env, extendEnv: false, reject: false, all: true };
        const { exitCode, stdout, all } = await execa(this.path(`ci/${name}`), args, options);
        if (exitCode !== 0) throw new Error(`ci/${name} ${args.join(" ")} exited ${exitCode}:\n${all}`);
        return stdout;
    }

    private async commit(): Promise<void> {
        await this.git("add", "--all");
        await this.git(
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.com",
            "commit",
            "--quiet",
            "--message",
            "A change",
        );
    }

    private async git(...args: string[]): Promise<void> {
        await execa("git", args, { cwd: this.checkout });
    }

    remove(): void {
        rmSync(this.checkout, { recursive: true, force: true });
    }
}
