// Makes the plugin's folder: one bundled file, so that a process of it starts quickly, and a script that runs it.

import { build } from "esbuild";
import * as fs from "node:fs/promises";
import * as path from "node:path";

import { writeAtomically } from "../../ops/files";

/**
 * Bundles the plugin with all it imports into one file that Node can run. It takes two seconds of a processor: a bundle
 * whose sources are as they were stays.
 */
export async function bundlePlugins(outFile: string): Promise<void> {
    const notes = `${outFile}.sources.json`;
    if (await isCurrent(outFile, notes)) return;
    const fresh = `${outFile}.${process.pid}.tmp`;
    const { metafile } = await build({
        entryPoints: [path.join(__dirname, "main.ts")],
        outfile: fresh,
        metafile: true,
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        minify: false,
        logLevel: "warning",
    });
    // Whoever is killed in between finds no notes, and makes the bundle again.
    await fs.rm(notes, { force: true });
    await fs.rename(fresh, outFile);
    const sources = Object.keys(metafile.inputs).map((source) => path.resolve(source));
    const noted = await Promise.all(sources.map(async (source) => [source, await lastChanged(source)]));
    writeAtomically(notes, JSON.stringify(Object.fromEntries(noted)), 0o644);
}

async function isCurrent(outFile: string, notes: string): Promise<boolean> {
    try {
        await fs.access(outFile);
        const noted = JSON.parse(await fs.readFile(notes, "utf8")) as Record<string, number>;
        const same = Object.entries(noted).map(async ([source, time]) => (await lastChanged(source)) === time);
        return (await Promise.all(same)).every(Boolean);
    } catch {
        return false;
    }
}

/** In milliseconds; zero for what is no file, as a note of the bundler's own is. */
async function lastChanged(source: string): Promise<number> {
    return fs.stat(source).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
    );
}

/**
 * Writes `<pulumiHome>/plugins/resource-<name>-v<version>`, where the Pulumi CLI looks for plugins, unless it is there.
 * It is written beside its place and then moved there, so that a CLI that runs at the same time sees all of it or nothing.
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
    const [program, script] = [`pulumi-resource-${name}`, launcher(path.resolve(bundle), name)];
    if ((await fs.readFile(path.join(folder, program), "utf8").catch(() => "")) === script) return;
    const fresh = await fs.mkdtemp(path.join(plugins, `.writing-${name}-`));
    await fs.chmod(fresh, 0o755);
    await fs.writeFile(path.join(fresh, "PulumiPlugin.yaml"), `resource: true\nname: ${name}\nversion: ${version}\n`);
    await fs.writeFile(path.join(fresh, program), script, { mode: 0o755 });
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
