import { cp, rm } from "node:fs/promises";
import { join } from "node:path";

import execa from "execa";

import { interrupted } from "./interrupt";
import { LocalError } from "./paths";

/** A command that is built in a Go module of its own, whose go.mod and go.sum pin everything. */
export interface GoBuild {
    /** Folder with go.mod and go.sum; it is copied, never written. */
    readonly module: string;
    readonly command: string;
    readonly binary: string;
    readonly ldflags?: string;
    /** Changes the vendored sources before they are compiled; given the copied module. */
    readonly patch?: (module: string) => Promise<void>;
}

/**
 * Builds commands from the Go module proxy into `folder`, one after the other: each has a module of its own, since a
 * replace directive holds in the main module only and `go install` refuses a module that has some.
 *
 * @param what what is built, for the message when Go is missing
 * @param cancelled ends the build
 * @throws LocalError when Go is missing or a build fails, with the last lines that the compiler wrote.
 */
export async function buildWithGo(
    what: string,
    builds: readonly GoBuild[],
    folder: string,
    doing: (detail: string) => void,
    cancelled = interrupted,
): Promise<void> {
    const go = (args: string[], cwd: string, binary: string) => runGo(args, cwd, binary, doing, cancelled);
    await requireGo(what);
    for (const build of builds) {
        const module = join(folder, `module-${build.binary}`);
        await cp(build.module, module, { recursive: true });
        if (build.patch) {
            await go(["mod", "vendor"], module, build.binary);
            await build.patch(module);
        }
        await go(buildArguments(build, join(folder, build.binary)), module, build.binary);
        await rm(module, { recursive: true });
    }
}

/** The folder that a module's source is in; it is downloaded first if need be. */
export async function moduleSource(module: string, path: string): Promise<string> {
    await requireGo(path);
    const { stdout } = await execa("go", ["mod", "download", "-json", path], { cwd: module, env: goEnvironment });
    return (JSON.parse(stdout) as { Dir: string }).Dir;
}

/**
 * The modules name the Go that compiles them, which may be newer than the one that is installed. With `auto` Go fetches
 * it as one more checked module; container images and distributions set `local`, with which it would refuse.
 */
const goEnvironment = { GOFLAGS: "", GOWORK: "off", GOTOOLCHAIN: "auto" };

async function requireGo(what: string): Promise<void> {
    const install = `Install ${what} or Go 1.21 or newer (https://go.dev/doc/install), and run this again.`;
    let version: string;
    try {
        // The installed Go's own version, and not that of one which it would fetch.
        version = (await execa("go", ["version"], { env: { GOTOOLCHAIN: "local" } })).stdout;
    } catch {
        throw new LocalError(
            `${what} is not on PATH, cannot be downloaded, and Go, which could build it, is missing. ${install}`,
        );
    }
    if (canFetchToolchains(version)) return;
    throw new LocalError(
        `${what} is not on PATH, cannot be downloaded, and the Go that could build it is too old (${version}). ${install}`,
    );
}

/** Whether a Go, by what `go version` prints, knows GOTOOLCHAIN: from 1.21 on. One built from its sources is taken. */
export function canFetchToolchains(version: string): boolean {
    const [, major, minor] = /\bgo(\d+)\.(\d+)/.exec(version) ?? [];
    return major === undefined || Number(major) > 1 || Number(minor) >= 21;
}

function buildArguments(build: GoBuild, output: string): string[] {
    const from = build.patch ? "vendor" : "readonly";
    // -v names each package as it is compiled: what the progress line counts.
    const flags = ["-v", `-mod=${from}`, "-ldflags", `-s -w ${build.ldflags ?? ""}`, "-o", output];
    return ["build", ...flags, build.command];
}

async function runGo(
    args: string[],
    cwd: string,
    binary: string,
    doing: (detail: string) => void,
    cancelled: AbortSignal,
): Promise<void> {
    cancelled.throwIfAborted();
    const compiler = execa("go", args, { cwd, all: true, env: goEnvironment });
    // What Ctrl-C sends by itself: Go ends its compilers and removes what they wrote. A SIGTERM is the tool's alone.
    const stop = () => compiler.kill("SIGINT");
    cancelled.addEventListener("abort", stop);
    let compiled = 0;
    let downloaded = 0;
    compiler.all?.on("data", (chunk: Buffer) => {
        for (const line of chunk.toString().split("\n").filter(Boolean)) {
            if (line.startsWith("go: downloading")) downloaded++;
            else compiled++;
        }
        doing(`${binary}: ${downloaded} modules fetched, ${compiled} packages compiled`);
    });
    try {
        await compiler;
    } catch (error) {
        const output = (error as execa.ExecaError).all ?? String(error);
        throw new LocalError(`go ${args[0]} of ${binary} failed:\n${output.split("\n").slice(-15).join("\n")}`);
    } finally {
        cancelled.removeEventListener("abort", stop);
    }
}
