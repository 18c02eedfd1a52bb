import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readlink, rename, rm, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { interrupted } from "../../ops/common/interrupt";
import { type Mirror } from "../download";
import { type GoBuild, moduleSource } from "../go-build";
import { downloadListed, findPart, type Found, goPlatform, type Part, type PartPlaces, unpackTar } from "../part";
import { versions } from "../versions";
import { narrowToServices } from "./aws/overlay";

/** A package of the program whose resources a plugin of the engine makes. */
export type ProviderName = keyof typeof versions.plugins;

/** A provider plugin that the engine can load, and where it came from. */
export interface Provider {
    readonly name: ProviderName;
    readonly version: string;
    readonly origin: string;
}

const notOfficial = "NOT the official plugin";

/** The plugins: Pulumi's own, or built from the sources that those are built from. */
export const providers: Readonly<Record<ProviderName, Part>> = {
    aws: provider("aws", `built from HashiCorp's provider 6.x - ${notOfficial}`, narrowToServices),
    kubernetes: provider("kubernetes", `built from Pulumi's provider of January 2026 - ${notOfficial}`, copySchema),
    vault: provider("vault", `built from HashiCorp's provider 5.x - ${notOfficial}`),
};

function provider(name: ProviderName, builtFrom: string, prepare?: GoBuild["prepare"]): Part {
    const version = versions.plugins[name];
    const file = `pulumi-resource-${name}`;
    return {
        name: file,
        version,
        own: (env) => Promise.resolve(inPulumiHome(name, env)),
        release: { host: "github.com", download: (folder, doing, from) => downloadRelease(name, folder, doing, from) },
        build: {
            module: join(__dirname, name),
            command: ".",
            binary: file,
            ldflags: `-X main.version=${version}`,
            prepare,
        },
        install: `the plugin where there is a network (pulumi plugin install resource ${name} ${version})`,
        builtFrom,
    };
}

/** The plugin that this user's own Pulumi has installed. */
function inPulumiHome(name: ProviderName, env: NodeJS.ProcessEnv): Found | undefined {
    const home = env.PULUMI_HOME ?? join(homedir(), ".pulumi");
    const folder = join(home, "plugins", pluginFolder(name));
    const path = join(folder, `pulumi-resource-${name}`);
    // The engine puts a `.partial` file beside a plugin while it installs it.
    return existsSync(path) && !existsSync(`${folder}.partial`) ? { path, origin: `found in ${home}` } : undefined;
}

/** Pulumi publishes a plugin's archives and their checksums with the release of its repository. */
async function downloadRelease(
    name: ProviderName,
    folder: string,
    doing: (detail: string) => void,
    from: Mirror,
): Promise<void> {
    const version = versions.plugins[name];
    const { os, arch } = goPlatform();
    const release = from(`https://github.com/pulumi/pulumi-${name}/releases/download/v${version}`);
    const file = `pulumi-resource-${name}`;
    const archive = `${file}-v${version}-${os}-${arch}.tar.gz`;
    const content = await downloadListed(release, `pulumi-${name}_${version}_checksums.txt`, archive, doing);
    await unpackTar(content, file, folder, file);
}

/** An import asks the provider for its schema, which it embeds. */
async function copySchema(module: string): Promise<string[]> {
    const source = await moduleSource(module, "github.com/pulumi/pulumi-kubernetes/provider/v4");
    await copyFile(join(source, "cmd/pulumi-resource-kubernetes/schema.json"), join(module, "schema.json"));
    // It comes out of Go's module cache, in which nothing can be written.
    await chmod(join(module, "schema.json"), 0o644);
    return [];
}

/**
 * Finds plugins, and puts them where an engine with the home `home` loads them from.
 *
 * @throws as `findPart`
 */
export async function installProviders(
    names: readonly ProviderName[],
    home: string,
    places: PartPlaces,
    cancelled = interrupted,
): Promise<Provider[]> {
    const installed: Provider[] = [];
    for (const name of names) {
        const { path, origin } = await findPart(providers[name], places, cancelled);
        await link(name, path, home);
        installed.push({ name, version: versions.plugins[name], origin });
    }
    return installed;
}

const pluginFolder = (name: ProviderName) => `resource-${name}-v${versions.plugins[name]}`;

/** A folder with a link in it: the engine passes over a plugin whose folder is itself a link. */
async function link(name: ProviderName, program: string, home: string): Promise<void> {
    const plugins = join(home, "plugins");
    const folder = join(plugins, pluginFolder(name));
    const file = `pulumi-resource-${name}`;
    if ((await readlink(join(folder, file)).catch(() => undefined)) === program) return;
    await mkdir(plugins, { recursive: true });
    const fresh = await mkdtemp(join(plugins, `.${name}-`));
    await chmod(fresh, 0o755);
    await symlink(program, join(fresh, file));
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
}
