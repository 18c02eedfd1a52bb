import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import execa from "execa";

import { downloadChecked, Unavailable, Unreachable } from "../download";
import { cachedFolder } from "../files";
import { buildWithGo, moduleSource } from "../go-build";
import { interrupted } from "../interrupt";
import { say, step } from "../progress";
import { satisfies, versions } from "../versions";
import { mirror, parts, type Part, type PartName } from "./parts";

/** A program of the cluster that was found, and where it came from. */
export interface Found {
    readonly path: string;
    readonly origin: string;
}

/** Everything that the cluster is made of. */
export interface Programs {
    readonly parts: Readonly<Record<PartName, Found>>;
    /** Path of the custom resource definitions of External Secrets. */
    readonly crds: string;
}

/**
 * Every program of the cluster: what is on PATH at the pinned version or newer, else the official download where one can
 * be checked, else built from the Go module proxy. What was downloaded or built is kept by version in `cache`.
 *
 * @param cancelled ends a build, and keeps a next program from being begun
 */
export async function installCluster(
    cache: string,
    env: NodeJS.ProcessEnv = process.env,
    cancelled = interrupted,
): Promise<Programs> {
    const found: Partial<Record<PartName, Found>> = {};
    const unreachable = new Set<string>();
    for (const [key, part] of Object.entries(parts) as [PartName, Part][]) {
        cancelled.throwIfAborted();
        found[key] = await findPart(part, { cache, env, unreachable }, cancelled);
    }
    return { parts: found as Record<PartName, Found>, crds: await externalSecretsCrds(cache, env) };
}

/** Whether nothing has to be downloaded or built, so that the cluster starts within seconds. */
export async function isInstalled(cache: string, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
    for (const part of Object.values(parts) as Part[]) {
        if (!inCache(part, cache) && !(await onPath(part, env))) return false;
    }
    return existsSync(join(crdsFolder(cache), crdsFile));
}

interface Places {
    readonly cache: string;
    readonly env: NodeJS.ProcessEnv;
    /** Servers that did not answer: the next file of theirs is not waited for. */
    readonly unreachable: Set<string>;
}

/** One program, as `installCluster` says. */
export async function findPart(
    part: Part,
    { cache, env, unreachable }: Places,
    cancelled = interrupted,
): Promise<Found> {
    const own = await onPath(part, env);
    if (own) return { path: own, origin: "on PATH" };
    const kept = inCache(part, cache);
    if (kept) return { path: join(kept, part.name), origin: "kept in the cache" };
    const title = `${part.name} ${part.version}`;
    const { release } = part;
    if (release && !unreachable.has(release.host)) {
        try {
            const folder = await step(`${title}, official download`, (doing) =>
                cachedFolder(folderOf(part, cache), (target) => release.download(target, doing, mirror(env))),
            );
            return { path: join(folder, part.name), origin: "official download" };
        } catch (error) {
            if (!(error instanceof Unavailable)) throw error;
            say(`  ${part.name}: ${error.message}; building it from source instead (some minutes, once)`);
            if (error instanceof Unreachable) unreachable.add(release.host);
        }
    }
    const folder = await step(`${title}, built from Go modules`, (doing) =>
        cachedFolder(folderOf(part, cache), (target) => buildWithGo(part.name, [part.build], target, doing, cancelled)),
    );
    return { path: join(folder, part.name), origin: "built from Go modules" };
}

const folderOf = (part: Part, cache: string) => join(cache, `${part.name}-${part.version}`);

function inCache(part: Part, cache: string): string | undefined {
    const folder = folderOf(part, cache);
    return existsSync(join(folder, part.name)) ? folder : undefined;
}

async function onPath(part: Part, env: NodeJS.ProcessEnv): Promise<string | undefined> {
    if (!part.versionArgs) return undefined;
    for (const folder of (env.PATH ?? "").split(":").filter(Boolean)) {
        const path = join(folder, part.name);
        if (!existsSync(path)) continue;
        const version = await versionOf(path, part.versionArgs);
        if (version && satisfies(version, part.version)) return path;
        say(`  ${part.name}: ${path} is ${version ?? "of no known version"}, needed is ${part.version}`);
    }
    return undefined;
}

async function versionOf(command: string, args: readonly string[]): Promise<string | undefined> {
    const { stdout, exitCode } = await execa(command, args, { reject: false, timeout: 10_000 });
    return exitCode === 0 ? /\bv?(\d+\.\d+\.\d+)\b/.exec(stdout)?.[1] : undefined;
}

const crdsFile = "crds.yaml";
const crdsFolder = (cache: string) => join(cache, `external-secrets-crds-${versions.externalSecrets}`);

/** The definitions of External Secrets' release: downloaded, or out of the source that the operator is built from. */
export async function externalSecretsCrds(cache: string, env: NodeJS.ProcessEnv): Promise<string> {
    const { externalSecrets, externalSecretsCrdsSha256 } = versions;
    const folder = await cachedFolder(crdsFolder(cache), async (target) => {
        await mkdir(target, { recursive: true });
        const module = parts.externalSecrets.build;
        const file = "deploy/crds/bundle.yaml";
        const url = `https://raw.githubusercontent.com/external-secrets/external-secrets/v${externalSecrets}/${file}`;
        try {
            const content = await downloadChecked(mirror(env)(url), externalSecretsCrdsSha256);
            await writeFile(join(target, crdsFile), content);
        } catch (error) {
            if (!(error instanceof Unavailable)) throw error;
            say(`  definitions of External Secrets: ${error.message}; taking them from its source instead`);
            await copyFile(join(await moduleSource(module.module, module.command), file), join(target, crdsFile));
        }
    });
    return join(folder, crdsFile);
}
