// A throwaway project for the real Pulumi CLI, with a stand-in as its only plugin and a state of its own.

import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { bundlePlugins, writePluginFolder } from "../../../local/plugins/build";

const REPOSITORY = path.join(__dirname, "..", "..", "..");
const PASSPHRASE = "of a throwaway state";

export interface Project {
    folder: string;
    /** The plugin's bundle. */
    bundle: string;
    /** Runs `pulumi` from the PATH; throws with all that it said if it fails. */
    pulumi(...args: string[]): Promise<string>;
    program(source: string): Promise<void>;
    remove(): Promise<void>;
}

/** `config` holds whole keys, such as `aws:region`. */
export async function throwawayProject(
    plugin: { name: string; version: string },
    config: Record<string, unknown>,
): Promise<Project> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "plugin-smoke-"));
    const bundle = path.join(folder, "plugin.js");
    const home = path.join(folder, "home");
    const work = path.join(folder, "program");
    await bundlePlugins(bundle);
    await writePluginFolder(home, plugin.name, plugin.version, bundle);
    await Promise.all([work, path.join(folder, "state")].map((one) => fs.mkdir(one)));
    await fs.symlink(path.join(REPOSITORY, "node_modules"), path.join(work, "node_modules"));
    await fs.writeFile(path.join(work, "Pulumi.yaml"), "name: smoke\nruntime: nodejs\n");
    // JSON is YAML.
    await fs.writeFile(path.join(work, "Pulumi.dev.yaml"), JSON.stringify({ config }));
    const env = {
        PULUMI_HOME: home,
        PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    const pulumi = async (...args: string[]) => {
        const { all = "" } = await execa("pulumi", [...args, "--non-interactive"], { cwd: work, env, all: true });
        return all;
    };
    await pulumi("stack", "init", "dev");
    return {
        folder,
        bundle,
        pulumi,
        program: (source) => fs.writeFile(path.join(work, "index.js"), source),
        remove: () => fs.rm(folder, { recursive: true, force: true }),
    };
}
