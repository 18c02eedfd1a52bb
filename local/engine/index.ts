import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import { say } from "../../ops/common/output";
import { Unavailable } from "../download";
import { cachedFolder } from "../files";
import { LocalError } from "../paths";
import { step } from "../progress";
import { satisfies, versions } from "../versions";
import { buildEngine } from "./build";
import { downloadEngine } from "./download";

/** The engine that was chosen: the folder with `pulumi` and its language host, and where it came from. */
export interface Engine {
    readonly folder: string;
    readonly origin: string;
}

/**
 * The engine: what is on PATH at the pinned version or newer, else the official download, else built from the Go module
 * proxy. What was downloaded or built is kept by version in `cache`.
 */
export async function findEngine(cache: string, env: NodeJS.ProcessEnv = process.env): Promise<Engine> {
    const onPath = await engineOnPath(env);
    if (onPath) return { folder: onPath, origin: "on PATH" };
    for (const way of ["downloaded", "built"] as const) {
        const folder = engineFolder(cache, way);
        if (await isWhole(folder)) return { folder, origin: `${way} before, kept in the cache` };
    }
    try {
        const folder = await step(`engine ${versions.pulumi}, official download`, (doing) =>
            cachedFolder(engineFolder(cache, "downloaded"), (target) => downloadEngine(target, doing, env)),
        );
        return { folder, origin: "official download" };
    } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        say(`  engine: ${error.message}; building it from source instead (some minutes, once)`);
    }
    const folder = await step(`engine ${versions.pulumi}, built from Go modules`, (doing) =>
        cachedFolder(engineFolder(cache, "built"), (target) => buildEngine(target, doing)),
    );
    return { folder, origin: "built from Go modules" };
}

/** The built language host is of another SDK version, so that version names the folder too. */
function engineFolder(cache: string, way: "downloaded" | "built"): string {
    return join(
        cache,
        way === "built" ? `pulumi-${versions.pulumi}-${versions.languageHost}` : `pulumi-${versions.pulumi}`,
    );
}

async function isWhole(folder: string): Promise<boolean> {
    if (!existsSync(folder)) return false;
    const version = await versionOf(join(folder, "pulumi"));
    if (version && satisfies(version, versions.pulumi) && existsSync(join(folder, languageHost))) return true;
    throw new LocalError(`The cached engine in ${folder} does not run. Remove that folder and run this again.`);
}

const languageHost = "pulumi-language-nodejs";

async function engineOnPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
    for (const folder of (env.PATH ?? "").split(":").filter(Boolean)) {
        if (!existsSync(join(folder, "pulumi")) || !existsSync(join(folder, languageHost))) continue;
        const version = await versionOf(join(folder, "pulumi"));
        if (version && satisfies(version, versions.pulumi)) return folder;
        say(`  engine: ${join(folder, "pulumi")} is ${version ?? "no working pulumi"}, needed is ${versions.pulumi}`);
    }
    return undefined;
}

async function versionOf(command: string): Promise<string | undefined> {
    try {
        const { stdout } = await execa(command, ["version"], {
            // The engine logs to its home even for this: not to the user's own.
            env: { PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_HOME: join(tmpdir(), "ai-service-platform-pulumi") },
        });
        return stdout.trim();
    } catch {
        return undefined;
    }
}
