import execa from "execa";

/** What a run of git ended with. */
export interface GitRun {
    /** Undefined where there is no git. */
    readonly exitCode?: number;
    /** To the byte: names of files end with a zero byte under `-z`. */
    readonly stdout: string;
    /** What git said of a failure, in English. */
    readonly words: string;
}

/** Runs git on the repository that a folder is in, whatever the caller's environment says. */
export async function git(folder: string, args: readonly string[]): Promise<GitRun> {
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
    const options = { cwd: folder, env: { ...Object.fromEntries(kept), LC_ALL: "C" }, extendEnv: false };
    const run = await execa("git", args, {
        ...options,
        reject: false,
        stripFinalNewline: false,
        maxBuffer: 1_000_000_000,
    });
    const { code } = run as { code?: string };
    const words = code === "ENOENT" ? "there is no git on PATH" : run.stderr.trim();
    return { exitCode: run.exitCode, stdout: run.stdout ?? "", words };
}
