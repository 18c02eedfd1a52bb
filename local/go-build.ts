import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";

import execa from "execa";

import { interrupted } from "../ops/common/interrupt";
import { LocalError } from "./paths";

/** A command that is built in a Go module of its own, whose go.mod and go.sum pin everything. */
export interface GoBuild {
    /** Folder with go.mod and go.sum; it is copied, never written. */
    readonly module: string;
    readonly command: string;
    readonly binary: string;
    readonly ldflags?: string;
    /** Makes the copied module ready to be compiled, by running Go if need be; returns more flags for the compiler. */
    readonly prepare?: (module: string, go: (...args: string[]) => Promise<void>) => Promise<readonly string[]>;
}

/** Twelve characters that are others when anything in a module's folder is. */
export function digestOf(module: string): string {
    const digest = createHash("sha256");
    for (const file of readdirSync(module, { recursive: true, encoding: "utf8" }).sort()) {
        const path = join(module, file);
        if (statSync(path).isFile()) digest.update(`${file}\0`).update(readFileSync(path));
    }
    return digest.digest("hex").slice(0, 12);
}

/**
 * Builds commands from the Go module proxy into `folder`, one after the other: each has a module of its own, since a
 * replace directive holds in the main module only and `go install` refuses a module that has some.
 *
 * @param what what is to be had otherwise, for the message when Go is missing, e.g. `etcd 3.6.13`
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
    await requireGo(what);
    for (const build of builds) {
        const module = join(folder, `module-${build.binary}`);
        await cp(build.module, module, { recursive: true });
        const go = (...args: string[]) => runGo(args, module, build.binary, doing, cancelled);
        const flags = (await build.prepare?.(module, go)) ?? [];
        await go(...buildArguments(build, flags, join(folder, build.binary)));
        await rm(module, { recursive: true });
    }
}

/**
 * The folder with the source of one of a module's requirements; it is downloaded first if need be, and held against
 * go.sum. By its version, since a requirement that the module replaces by a folder counts as there already.
 */
export async function moduleSource(module: string, path: string): Promise<string> {
    await requireGo(path);
    const go = async (...args: string[]) =>
        JSON.parse((await execa("go", args, { cwd: module, env: goEnvironment })).stdout) as unknown;
    const { Require } = (await go("mod", "edit", "-json")) as { Require: { Path: string; Version: string }[] };
    const version = Require.find((required) => required.Path === path)?.Version;
    return ((await go("mod", "download", "-json", `${path}@${version}`)) as { Dir: string }).Dir;
}

/**
 * The modules name the Go that compiles them, which may be newer than the one that is installed. With `auto` Go fetches
 * it as one more checked module; container images and distributions set `local`, with which it would refuse.
 */
const goEnvironment = { GOFLAGS: "", GOWORK: "off", GOTOOLCHAIN: "auto" };

/** @throws LocalError without a Go that can build, which says what to install instead */
export async function requireGo(what: string, alternative = what): Promise<void> {
    const install = `Install Go 1.21 or newer (https://go.dev/doc/install), or ${alternative}, and run this again.`;
    let version: string;
    try {
        // The installed Go's own version, and not that of one which it would fetch.
        version = (await execa("go", ["version"], { env: { GOTOOLCHAIN: "local" } })).stdout;
    } catch {
        throw new LocalError(`${what} cannot be downloaded, and Go, which could build it, is missing. ${install}`);
    }
    if (canFetchToolchains(version)) return;
    throw new LocalError(
        `${what} cannot be downloaded, and the Go that could build it is too old (${version}). ${install}`,
    );
}

/** Whether a Go, by what `go version` prints, knows GOTOOLCHAIN: from 1.21 on. One built from its sources is taken. */
export function canFetchToolchains(version: string): boolean {
    const [, major, minor] = /\bgo(\d+)\.(\d+)/.exec(version) ?? [];
    return major === undefined || Number(major) > 1 || Number(minor) >= 21;
}

function buildArguments({ ldflags = "", command }: GoBuild, flags: readonly string[], output: string): string[] {
    // -v names each package as it is compiled: what the progress line counts. -trimpath keeps what was compiled valid in
    // another folder, so that a build after a change is short. Of two -mod the last counts.
    return [
        "build",
        "-v",
        "-trimpath",
        "-mod=readonly",
        ...flags,
        "-ldflags",
        `-s -w ${ldflags}`,
        "-o",
        output,
        command,
    ];
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
