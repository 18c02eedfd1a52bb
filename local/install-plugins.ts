import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import { bundlePlugins, writePluginFolder } from "./plugins/build";
import { say, step } from "./progress";
import { versions } from "./versions";

/** A provider plugin of the engine and where it came from. */
export interface Plugin {
    readonly name: string;
    readonly version: string;
    readonly origin: string;
    readonly standIn: boolean;
}

interface PluginPlaces {
    /** The engine's folder. */
    readonly engine: string;
    /** The home that the engine is run with; a stand-in is written nowhere else. */
    readonly home: string;
    /** Official plugins are kept here, for every checkout. */
    readonly cache: string;
    readonly env?: NodeJS.ProcessEnv;
}

/**
 * Puts every provider plugin into `home`: the official one if this user has it already or it can be downloaded, else a
 * stand-in. `PLATFORM_PLUGIN_DOWNLOAD_URL` names a mirror of the official plugins.
 */
export async function installPlugins(places: PluginPlaces): Promise<Plugin[]> {
    const plugins: Plugin[] = [];
    let reachable: boolean | undefined;
    for (const [name, version] of Object.entries(versions.plugins)) {
        const folder = pluginFolder(name, version);
        const owned = [userHome(places.env), officialHome(places.cache)].find((home) => hasPlugin(home, name, version));
        if (!owned) reachable ??= await canDownload(places.env);
        if (owned || (reachable && (await download(name, version, places)))) {
            link(join(owned ?? officialHome(places.cache), "plugins", folder), join(places.home, "plugins", folder));
            plugins.push({ name, version, origin: owned ? `found in ${owned}` : "official download", standIn: false });
        } else {
            plugins.push({ name, version, origin: "stand-in of this repository", standIn: true });
        }
    }
    await installStandIns(
        plugins.filter((plugin) => plugin.standIn),
        places.home,
    );
    return plugins;
}

const pluginFolder = (name: string, version: string) => `resource-${name}-v${version}`;
const userHome = (env = process.env) => env.PULUMI_HOME ?? join(homedir(), ".pulumi");
const officialHome = (cache: string) => join(cache, "pulumi-home");

function hasPlugin(home: string, name: string, version: string): boolean {
    const folder = join(home, "plugins", pluginFolder(name, version));
    // The engine puts a `.partial` file beside a plugin while it installs it.
    return existsSync(join(folder, `pulumi-resource-${name}`)) && !existsSync(`${folder}.partial`);
}

function link(target: string, path: string): void {
    mkdirSync(join(path, ".."), { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    symlinkSync(target, temporary);
    rmSync(path, { recursive: true, force: true });
    renameSync(temporary, path);
}

/** A quick look whether there is a network, since the engine itself retries for minutes. */
async function canDownload(env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
    const server = env.PLATFORM_PLUGIN_DOWNLOAD_URL ?? "https://get.pulumi.com";
    try {
        await fetch(server, { method: "HEAD", signal: AbortSignal.timeout(5000) });
        return true;
    } catch {
        say(`  plugins: ${new URL(server).host} cannot be reached`);
        return false;
    }
}

async function download(name: string, version: string, { engine, cache, env }: PluginPlaces): Promise<boolean> {
    const mirror = (env ?? process.env).PLATFORM_PLUGIN_DOWNLOAD_URL;
    const args = ["plugin", "install", "resource", name, version, ...(mirror ? ["--server", mirror] : [])];
    return step(`plugin ${name} ${version}, official download`, async () => {
        const { exitCode, stderr } = await execa(join(engine, "pulumi"), args, {
            env: { PULUMI_HOME: officialHome(cache), PULUMI_SKIP_UPDATE_CHECK: "true" },
            reject: false,
        });
        if (exitCode !== 0) say(`  plugin ${name} ${version} could not be downloaded: ${stderr.split("\n").at(-1)}`);
        return exitCode === 0 && hasPlugin(officialHome(cache), name, version);
    });
}

async function installStandIns(standIns: readonly Plugin[], home: string): Promise<void> {
    if (standIns.length === 0) return;
    const bundle = join(home, "stand-ins.cjs");
    await bundlePlugins(bundle);
    for (const { name, version } of standIns) await writePluginFolder(home, name, version, bundle);
}
