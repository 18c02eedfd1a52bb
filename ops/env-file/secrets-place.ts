import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import execa from "execa";

import { exitCodes, InfraError } from "../common/errors";
import { fileAt, unfit } from "../common/files";

/**
 * Refuses a place where secrets must not be written: what is no file of this user, or what git would commit.
 *
 * @throws InfraError, too where git cannot say
 */
export async function requireSecretsPlace(path: string): Promise<void> {
    fileAt(path);
    const folder = realpathSync(dirname(path));
    if (!isBelowRepository(folder)) return;
    const { exitCode, words } = await git(folder, ["check-ignore", "--quiet", "--", basename(path)]);
    if (exitCode === 0 || /not a git repository|must be run in a work tree/.test(words)) return;
    if (exitCode === 1) {
        throw unfit(
            `${path} is in a git work tree and not ignored: its secrets would be committed.`,
            `Add ${basename(path)} to ${join(folder, ".gitignore")}, and take it out of git with ` +
                "`git rm --cached` if it was committed before; or name a file elsewhere.",
        );
    }
    throw new InfraError(
        exitCodes.unreachable,
        `Whether git would commit ${path} could not be found out: ${words || "it said nothing"}`,
        "Fix that, or name a file outside of every git work tree.",
    );
}

function isBelowRepository(folder: string): boolean {
    return existsSync(join(folder, ".git")) || (folder !== dirname(folder) && isBelowRepository(dirname(folder)));
}

/** Runs git on the repository that a folder is in, whatever the caller's environment says; its words in English. */
async function git(folder: string, args: readonly string[]): Promise<{ exitCode?: number; words: string }> {
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
    const options = { cwd: folder, env: { ...Object.fromEntries(kept), LC_ALL: "C" }, extendEnv: false };
    const run = await execa("git", args, { ...options, reject: false });
    const { code } = run as { code?: string };
    return { exitCode: run.exitCode, words: code === "ENOENT" ? "there is no git on PATH" : run.stderr };
}
