import { lstatSync } from "node:fs";
import { join } from "node:path";

import { exitCodes, InfraError } from "../common/errors";
import { git } from "../common/git";

/** What differs between a revision and the files as they are. */
export interface Changes {
    /** The revision's full hash. */
    readonly since: string;
    /** Paths below the folder: changed, deleted, added, those included that nobody has committed or added yet. */
    readonly paths: readonly string[];
    /** Those of them that are, or were, links or repositories of their own. */
    readonly links: readonly string[];
    /** Whether a file is one that git compares: it ignores none of these. */
    compares(path: string): boolean;
    /** What a file had in it at the revision; undefined where there was none. */
    before(path: string): Promise<string | undefined>;
}

/**
 * Compares a folder's files, committed or not, with a revision.
 *
 * @throws InfraError for a revision that is none here, and where git cannot be run
 */
export async function changesSince(revision: string, folder: string): Promise<Changes> {
    const since = await resolve(revision, folder);
    const diff = parseRaw(await output(folder, [...compare, since]));
    const untracked = list(await output(folder, ["ls-files", "-z", "--others", "--exclude-standard"]));
    const compared = new Set([...list(await output(folder, ["ls-files", "-z"])), ...untracked]);
    return {
        since,
        paths: [...diff.map(({ path }) => path), ...untracked].sort(),
        links: [
            ...diff.filter(({ modes }) => modes.some((mode) => /^1[26]0000$/.test(mode))).map(({ path }) => path),
            ...untracked.filter((path) => lstatSync(join(folder, path)).isSymbolicLink()),
        ],
        compares: (path) => compared.has(path),
        async before(path) {
            const { exitCode, stdout } = await git(folder, ["show", `${since}:./${path}`]);
            return exitCode === 0 ? stdout : undefined;
        },
    };
}

const compare = [
    ...["diff", "--raw", "-z", "--no-renames", "--no-abbrev", "--relative"],
    ...["--no-ext-diff", "--ignore-submodules=none"],
];

async function resolve(revision: string, folder: string): Promise<string> {
    const commit = `${revision}^{commit}`;
    const { exitCode, stdout, words } = await git(folder, ["rev-parse", "--verify", "--end-of-options", commit]);
    if (exitCode === 0) return stdout.trim();
    if (exitCode === undefined || /not a git repository|dubious ownership/.test(words)) throw unusable(words);
    const shallow = (await git(folder, ["rev-parse", "--is-shallow-repository"])).stdout.trim() === "true";
    throw new InfraError(
        exitCodes.usage,
        `There is no revision ${JSON.stringify(revision)} here${shallow ? ": this clone is shallow" : ""}.`,
        shallow
            ? "Fetch what is missing: git fetch --unshallow; in actions/checkout, fetch-depth: 0."
            : "Correct it, or fetch it: git fetch.",
    );
}

async function output(folder: string, args: readonly string[]): Promise<string> {
    const { exitCode, stdout, words } = await git(folder, args);
    if (exitCode !== 0) throw unusable(words);
    return stdout;
}

function unusable(words: string): InfraError {
    return new InfraError(
        exitCodes.unreachable,
        `What was changed could not be found out: ${words || "git said nothing"}`,
        "Run this in a git repository that git can read.",
    );
}

const list = (text: string) => text.split("\0").filter((path) => path !== "");

/** `:<mode> <mode> <hash> <hash> <status>\0<path>\0`, as often as there are files. */
function parseRaw(text: string): { readonly path: string; readonly modes: readonly string[] }[] {
    const parts = list(text);
    return parts.flatMap((part, index) =>
        index % 2 === 0 ? [{ path: parts[index + 1], modes: part.slice(1).split(" ").slice(0, 2) }] : [],
    );
}
