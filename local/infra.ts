import { join } from "node:path";

import { type Host } from "../ops/cli/host";
import { createProgram, runProgram } from "../ops/cli/program";
import { commands } from "../ops/commands";
import { exitCodes, InfraError, Interrupted } from "../ops/common/errors";
import { interrupted } from "../ops/common/interrupt";
import { ClusterFailure } from "../ops/kubernetes/access";
import { needsCluster } from "../ops/stack/services";
import { gaps } from "./aws/gaps";
import { type FoundCloud } from "./cloud";
import { cacheDirectory, localDirectory } from "./paths";
import { committedStackFile, localStack, localSettings, readsStackFile } from "./pulumi";
import { localRemedies } from "./remedies";

/** The command `npm run local -- infra …`: the operators' tool on stack `local`. It sets the exit code. */
export async function infra(args: readonly string[]): Promise<void> {
    await runProgram(createProgram(commands, localHost()), args);
}

/**
 * The local cloud, as the operators' tool sees it: with the identities and the tokens that were made for it. It is found
 * as it is; nothing here starts or stops any part of it. For tests, `PLATFORM_LOCAL_AWS_ENDPOINT` names what stands
 * before the local AWS; it has to have the same certificate.
 */
export function localHost(): Host {
    const folder = localDirectory();
    let found: FoundCloud | undefined;
    /** What works on the cluster and with the engine takes half a second to load: only where it is needed. */
    let tools: typeof import("./cloud") | undefined;
    const cloud = () => {
        if (!found) throw new Error("the local cloud was not opened");
        return found;
    };
    const withEngine = async () => {
        const loaded = (tools ??= await import("./cloud"));
        const { findEngine } = await import("./engine");
        return { tools: loaded, side: { ...(await loaded.findCloud()), engine: await findEngine(cacheDirectory()) } };
    };
    return {
        program: "npm run local -- infra",
        engine: "npm run local -- pulumi",
        onlyStack: localStack,
        upCommand: () => "npm run local",
        locks: folder,
        backend: join(folder, "state"),
        localCloud: async () => (await import("./found")).cloudStatus(),
        // Loaded when it is asked for: --help and what reads settings alone take none of it.
        open: () =>
            foreseen(async () => {
                found = await (await import("./found")).findAws();
                if (!needsCluster(localSettings(folder))) return;
                tools = await import("./cloud");
                found = await tools.findCloud();
            }),
        get aws() {
            const { endpoint, caBundle } = cloud().server;
            return { endpoint: process.env.PLATFORM_LOCAL_AWS_ENDPOINT ?? endpoint, caBundle };
        },
        gaps,
        remedies: localRemedies,
        stackFile: () => committedStackFile(),
        settings: () => localSettings(folder),
        async pulumi(_stack, args, options = {}) {
            return foreseen(async () => {
                const { tools, side } = await withEngine();
                // What people change is the committed file; deployed is a copy with this machine's addresses.
                const pulumi = readsStackFile(args)
                    ? (await tools.prepareStack(side, side.cluster, options.file)).pulumi
                    : tools.engineOf(side);
                return pulumi.execute(args, options);
            });
        },
        recover: () =>
            foreseen(async () => {
                const { tools, side } = await withEngine();
                const { recoverIfInterrupted } = await import("./recover");
                return recoverIfInterrupted(await tools.prepareStack(side, side.cluster));
            }),
        credentials: (who) => Promise.resolve(cloud().identities[who]),
        cluster: (_stack, who) => tools?.clusterAccess(cloud())?.[who],
    };
}

/** Failures of the local cloud, as the tool reports them. */
async function foreseen<T>(work: () => Promise<T>): Promise<T> {
    try {
        return await work();
    } catch (error) {
        if (interrupted.aborted) throw new Interrupted();
        if (!(error instanceof ClusterFailure)) throw error;
        throw new InfraError(exitCodes.unreachable, error.message, `Start what does not run: ${localRemedies.up}`);
    }
}
