import { existsSync } from "node:fs";
import { join } from "node:path";

import { localCertificate } from "./aws/certificate";
import { localIdentities, type Identities } from "./aws/identities";
import { installEmulator } from "./aws/install";
import { startServer, type Server } from "./aws/server";
import { type Engine, findEngine } from "./engine";
import { writeAtomically } from "./files";
import { installPlugins, type Plugin } from "./install-plugins";
import { cacheDirectory, localDirectory, localPort } from "./paths";
import { step } from "./progress";
import { Pulumi } from "./pulumi";

/** The region of stack `local`. */
export const localRegion = "us-east-1";

/** The local cloud, running: what every command of `npm run local` starts from. */
export interface LocalCloud {
    readonly folder: string;
    readonly engine: Engine;
    readonly plugins: readonly Plugin[];
    readonly server: Server;
    readonly identities: Identities;
    readonly pulumi: Pulumi;
}

/** Installs what is missing and starts the local AWS; a second call finds all of it. */
export async function startCloud(): Promise<LocalCloud> {
    const folder = localDirectory();
    const home = join(folder, "pulumi-home");
    const port = localPort();
    const cache = cacheDirectory();
    // The engine's compiler and pip wait for different things.
    const [engine, server] = await settleAll([findEngine(cache), startAws(folder, cache, port)]);
    const plugins = await installPlugins({ engine: engine.folder, home, cache });
    const identities = await localIdentities(folder, server, localRegion);
    const pulumi = new Pulumi({ engine: engine.folder, home, folder, server, credentials: identities.deployer });
    const newStack = await pulumi.prepare();
    // What was started now has nothing of what the state still says; until a refresh is through, every run knows that.
    if (server.fresh && !newStack) writeAtomically(refreshNeeded(folder), "");
    return { folder, engine, plugins, server, identities, pulumi };
}

async function startAws(folder: string, cache: string, port: number): Promise<Server> {
    const python = await installEmulator(cache);
    const certificate = await localCertificate(join(folder, "tls"));
    return step("local AWS: start", () => startServer(folder, python, port, certificate));
}

/** Waits for both even when one fails, so that no work goes on behind an error message; then throws the first error. */
async function settleAll<A, B>([a, b]: [Promise<A>, Promise<B>]): Promise<[A, B]> {
    const [first, second] = await Promise.allSettled([a, b]);
    if (first.status === "rejected") throw first.reason;
    if (second.status === "rejected") throw second.reason;
    return [first.value, second.value];
}

/** A file that is there while the state may speak of an emulator that is gone. */
export const refreshNeeded = (folder: string) => join(folder, "refresh-needed");

/** Whether this checkout has a local cloud at all. */
export const hasCloud = () => existsSync(localDirectory());
