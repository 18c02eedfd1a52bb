import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { exitCodes, InfraError } from "../ops/common/errors";

/** The repository. */
export const root = resolve(__dirname, "..");

/**
 * Where what is slow to get is kept by version, for every checkout of this user. `PLATFORM_CACHE_DIR` names another
 * folder; otherwise the operating system's place for caches.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
    if (env.PLATFORM_CACHE_DIR) return resolve(env.PLATFORM_CACHE_DIR);
    const base =
        platform === "darwin" ? join(homedir(), "Library", "Caches") : env.XDG_CACHE_HOME || join(homedir(), ".cache");
    return join(base, "ai-service-platform");
}

/**
 * The local cloud of this checkout: its state, secrets, logs. `PLATFORM_LOCAL_DIR` names another place; there it gets a
 * folder of its own, since `down` removes the folder with all that is in it.
 */
export function localDirectory(env: NodeJS.ProcessEnv = process.env): string {
    return env.PLATFORM_LOCAL_DIR ? join(resolve(env.PLATFORM_LOCAL_DIR), "local-cloud") : join(root, ".local");
}

/** The port of the local AWS; `PLATFORM_LOCAL_PORT` names another one. */
export function localPort(env: NodeJS.ProcessEnv = process.env): number {
    const port = Number(env.PLATFORM_LOCAL_PORT ?? 4566);
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
        throw new LocalError(
            `PLATFORM_LOCAL_PORT is ${JSON.stringify(env.PLATFORM_LOCAL_PORT)}, expected a port from 1 to 65535`,
        );
    }
    return port;
}

/** A foreseeable failure of the local cloud: its first line names the cause, further ones what to do. */
export class LocalError extends InfraError {
    constructor(message: string) {
        const [reason, ...fix] = message.split("\n");
        super(exitCodes.unreachable, reason, fix.join("\n") || undefined);
    }
}
