import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { interrupted } from "../../ops/common/interrupt";
import { say } from "../../ops/common/output";
import { downloadChecked, mirror, Unavailable } from "../download";
import { cachedFolder } from "../files";
import { moduleSource } from "../go-build";
import { findPart, type Found, keptPart, type Part } from "../part";
import { installProviders, type Provider, providers } from "../providers";
import { versions } from "../versions";
import { parts, type PartName } from "./parts";

/** Everything that the cluster is made of. */
export interface Programs {
    readonly parts: Readonly<Record<PartName, Found>>;
    readonly providers: readonly Provider[];
    /** Path of the custom resource definitions of External Secrets. */
    readonly crds: string;
}

/** The plugins that only a stack with a cluster needs. */
export const clusterProviders = ["kubernetes", "vault"] as const;

/**
 * Every program of the cluster, and the plugins, which the engine with the home `home` is given: what is on PATH at the pinned version or newer, else the official download where one can
 * be checked, else built from the Go module proxy. What was downloaded or built is kept by version in `cache`.
 *
 * @param cancelled ends a build, and keeps a next program from being begun
 */
export async function installCluster(
    cache: string,
    home: string,
    env: NodeJS.ProcessEnv = process.env,
    cancelled = interrupted,
): Promise<Programs> {
    const found: Partial<Record<PartName, Found>> = {};
    const places = { cache, env, unreachable: new Set<string>() };
    for (const [key, part] of Object.entries(parts) as [PartName, Part][]) {
        cancelled.throwIfAborted();
        found[key] = await findPart(part, places, cancelled);
    }
    return {
        parts: found as Record<PartName, Found>,
        providers: await installProviders(clusterProviders, home, places, cancelled),
        crds: await externalSecretsCrds(cache, env),
    };
}

/** Whether nothing has to be downloaded or built, so that the cluster starts within seconds. */
export async function isInstalled(cache: string, env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
    const plugins = clusterProviders.map((name) => providers[name]);
    for (const part of [...(Object.values(parts) as Part[]), ...plugins]) {
        if (!keptPart(part, cache) && !(await part.own?.(env))) return false;
    }
    return existsSync(join(crdsFolder(cache), crdsFile));
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
