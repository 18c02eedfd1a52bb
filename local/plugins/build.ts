// Makes the plugin's folder: one bundled file, so that a process of it starts quickly, and a script that runs it.

import { build } from "esbuild";
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** Bundles the plugin with all it imports into one file that Node can run. */
export async function bundlePlugins(outFile: string): Promise<void> {
    await build({
        entryPoints: [path.join(__dirname, "main.ts")],
        outfile: outFile,
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        minify: false,
        logLevel: "warning",
    });
}

/**
 * Writes `<pulumiHome>/plugins/resource-<name>-v<version>`, where the Pulumi CLI looks for plugins. It is written beside
 * its place and then moved there, so that a CLI that runs at the same time sees all of it or nothing.
 */
export async function writePluginFolder(
    pulumiHome: string,
    name: string,
    version: string,
    bundle: string,
): Promise<void> {
    const plugins = path.join(pulumiHome, "plugins");
    const folder = path.join(plugins, `resource-${name}-v${version}`);
    await fs.mkdir(plugins, { recursive: true });
    const fresh = await fs.mkdtemp(path.join(plugins, `.writing-${name}-`));
    await fs.chmod(fresh, 0o755);
    await fs.writeFile(path.join(fresh, "PulumiPlugin.yaml"), `resource: true\nname: ${name}\nversion: ${version}\n`);
    await fs.writeFile(path.join(fresh, `pulumi-resource-${name}`), launcher(path.resolve(bundle), name), {
        mode: 0o755,
    });
    await fs.rm(folder, { recursive: true, force: true });
    await fs.rename(fresh, folder);
}

/** `exec`, so that the plugin's parent is the CLI itself: the plugin leaves when its parent is gone. */
function launcher(bundle: string, name: string): string {
    return `#!/bin/sh\nPLATFORM_PLUGIN_PARENT=$PPID exec node ${shellQuote(bundle)} ${name} "$@"\n`;
}

function shellQuote(value: string): string {
    return `'${value.replace(/'/g, `'\\''`)}'`;
}
