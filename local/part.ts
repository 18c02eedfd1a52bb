import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import execa from "execa";
import { unzipSync } from "fflate";
import * as tar from "tar";

import { interrupted } from "../ops/common/interrupt";
import { say } from "../ops/common/output";
import { checksumOf, download, downloadChecked, type Mirror, mirror, Unavailable, Unreachable } from "./download";
import { cachedFolder } from "./files";
import { buildWithGo, digestOf, type GoBuild, requireGo } from "./go-build";
import { LocalError } from "./paths";
import { step } from "./progress";
import { satisfies } from "./versions";

/** A program that the local cloud is made of, and where it comes from. */
export interface Part {
    /** Name of the file. */
    readonly name: string;
    readonly version: string;
    /** Looks for the one that this user has already. Undefined where none could be told from another version. */
    readonly own?: (env: NodeJS.ProcessEnv) => Promise<Found | undefined>;
    /** The official release. Undefined where there is none that can be checked. */
    readonly release?: Release;
    readonly build: GoBuild;
    /** What somebody without Go installs, for the message; default: the program. */
    readonly install?: string;
    /** What the build is; default: built from Go modules. */
    readonly builtFrom?: string;
}

export interface Release {
    /** The server that has it. */
    readonly host: string;
    /** Downloads and checks it; throws as `downloadChecked`. */
    readonly download: (folder: string, doing: (detail: string) => void, from: Mirror) => Promise<void>;
}

/** A program that was found, and where it came from. */
export interface Found {
    readonly path: string;
    readonly origin: string;
}

export interface PartPlaces {
    readonly cache: string;
    readonly env: NodeJS.ProcessEnv;
    /** Servers that did not answer: the next file of theirs is not waited for. */
    readonly unreachable: Set<string>;
}

/**
 * One program: what this user has at the pinned version or newer, else the official download where one can be checked,
 * else built from the Go module proxy. What was downloaded or built is kept by version in the cache.
 *
 * @param cancelled ends a build
 * @throws LocalError when it cannot be had, with what to install; or when a download is not what its release says
 */
export async function findPart(
    part: Part,
    { cache, env, unreachable }: PartPlaces,
    cancelled = interrupted,
): Promise<Found> {
    const present = (await part.own?.(env)) ?? keptPart(part, cache);
    if (present) return present;
    const title = `${part.name} ${part.version}`;
    const { release } = part;
    const [downloaded, built] = folders(part, cache);
    if (release && !unreachable.has(release.host)) {
        try {
            const folder = await step(`${title}, official download`, (doing) =>
                cachedFolder(downloaded, (target) => release.download(target, doing, mirror(env))),
            );
            return { path: join(folder, part.name), origin: official };
        } catch (error) {
            if (!(error instanceof Unavailable)) throw error;
            await requireGo(title, part.install);
            say(`  ${part.name}: ${error.message}; building it from source instead (some minutes, once)`);
            if (error instanceof Unreachable) unreachable.add(release.host);
        }
    }
    const folder = await step(`${title}, built from Go modules`, (doing) =>
        cachedFolder(built, (target) => buildWithGo(title, [part.build], target, doing, cancelled)),
    );
    return { path: join(folder, part.name), origin: builtFrom(part) };
}

/** What an earlier run downloaded or built. */
export function keptPart(part: Part, cache: string): Found | undefined {
    const origins = [official, builtFrom(part)];
    for (const [index, folder] of folders(part, cache).entries()) {
        const path = join(folder, part.name);
        if (existsSync(path)) return { path, origin: `${origins[index]}, kept in the cache` };
    }
    return undefined;
}

const official = "official download";
const builtFrom = ({ builtFrom: text = "built from Go modules" }: Part) => text;

/** Where the cache has a downloaded and a built one; what is built differs with the sources that pin it, too. */
function folders({ name, version, build }: Part, cache: string): readonly [string, string] {
    return [join(cache, `${name}-${version}`), join(cache, `${name}-${version}-built-${digestOf(build.module)}`)];
}

/** Looks on PATH for a command that says its version, at `version` or newer. */
export function onPath(name: string, version: string, versionArgs: readonly string[]): Part["own"] {
    return async (env) => {
        for (const folder of (env.PATH ?? "").split(":").filter(Boolean)) {
            const path = join(folder, name);
            if (!existsSync(path)) continue;
            const found = await versionOf(path, versionArgs);
            if (found && satisfies(found, version)) return { path, origin: "on PATH" };
            say(`  ${name}: ${path} is ${found ?? "of no known version"}, needed is ${version}`);
        }
        return undefined;
    };
}

async function versionOf(command: string, args: readonly string[]): Promise<string | undefined> {
    const { stdout, exitCode } = await execa(command, args, { reject: false, timeout: 10_000 });
    return exitCode === 0 ? /\bv?(\d+\.\d+\.\d+)\b/.exec(stdout)?.[1] : undefined;
}

/** Operating system and processor as Go's releases name them. */
export function goPlatform(
    platform: string = process.platform,
    arch: string = process.arch,
): { readonly os: string; readonly arch: string } {
    const processor = { x64: "amd64", arm64: "arm64" }[arch];
    if (!processor || (platform !== "linux" && platform !== "darwin")) {
        throw new LocalError(
            `There is no local cloud for ${platform}-${arch}; Linux and macOS on x64 and arm64 are known.`,
        );
    }
    return { os: platform, arch: processor };
}

/** Downloads a file of a release and checks it against the release's own list of checksums. */
export async function downloadListed(
    release: string,
    list: string,
    file: string,
    doing: (detail: string) => void,
): Promise<Buffer> {
    const sha256 = checksumOf((await download(`${release}/${list}`)).toString("utf8"), file);
    if (!sha256) throw new LocalError(`${release}/${list} lists no checksum of ${file}`);
    return downloadChecked(`${release}/${file}`, sha256, doing);
}

/** Takes the one file `member` out of a compressed tar archive and installs it as the program `name`. */
export async function unpackTar(content: Buffer, member: string, folder: string, name: string): Promise<void> {
    const packed = join(folder, "archive.tar.gz");
    await mkdir(folder, { recursive: true });
    await writeFile(packed, content);
    const strip = member.split("/").length - 1;
    await tar.extract({ file: packed, cwd: folder, strip, filter: (path) => path.replace(/^\.\//, "") === member });
    await rm(packed);
    if (!existsSync(join(folder, name))) throw noMember(name, member);
}

/** Takes the one file `member` out of a zip archive and installs it as the program `name`. */
export async function unpackZip(content: Buffer, member: string, folder: string, name: string): Promise<void> {
    const file = unzipSync(content, { filter: (entry) => entry.name === member })[member];
    if (!file) throw noMember(name, member);
    await installProgram(file, folder, name);
}

const noMember = (name: string, member: string) => new LocalError(`The archive of ${name} holds no file ${member}`);

export async function installProgram(content: Uint8Array, folder: string, name: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), content, { mode: 0o755 });
}
