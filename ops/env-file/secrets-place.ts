import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { exitCodes, InfraError } from "../common/errors";
import { fileAt, unfit } from "../common/files";
import { git } from "../common/git";

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
