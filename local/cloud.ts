import { existsSync } from "node:fs";
import { join } from "node:path";

import { writeAtomically } from "../ops/common/files";
import { say } from "../ops/common/output";
import { callersAccess, vaultTokenIn } from "../ops/stack/repository-host";
import { localCertificate } from "./aws/certificate";
import { localIdentities, type Identities } from "./aws/identities";
import { installEmulator } from "./aws/install";
import { startServer, type Server } from "./aws/server";
import { type Cluster, findCluster, hasCluster, startCluster } from "./cluster";
import { clusterProviders, installCluster, type Programs } from "./cluster/install";
import { clusterFolder, clusterPorts, vaultAddress } from "./cluster/places";
import { clusterSettings } from "./cluster/stack-settings";
import { enableAwsEngine } from "./cluster/vault-aws";
import { settleAll } from "./concurrent";
import { type Engine, findEngine } from "./engine";
import { findAws, type FoundAws, portOf } from "./found";
import { cacheDirectory, localDirectory, localPort } from "./paths";
import { step } from "./progress";
import { installProviders, type Provider, type ProviderName } from "./providers";
import { localSettings, namesOtherCluster, Pulumi, readCommittedStack, stateFile } from "./pulumi";

/** The region of stack `local`. */
export const localRegion = "us-east-1";

/** The AWS side of the local cloud, running. */
export interface AwsSide {
    readonly folder: string;
    readonly engine: Engine;
    readonly providers: readonly Provider[];
    readonly server: Server;
    readonly identities: Identities;
}

/** The local cloud, running: what every command of `npm run local` works with. */
export interface LocalCloud extends AwsSide {
    readonly cluster?: Cluster;
    readonly pulumi: Pulumi;
}

/** Starts the local cloud as this checkout has it: with its cluster, if it was ever brought up with one. */
export async function startCloud(): Promise<LocalCloud> {
    const side = await startAwsSide();
    return prepareStack(
        side,
        usesLocalCluster(side.folder) ? await bringUpCluster(side, installClusterSide(side.folder)) : undefined,
    );
}

/** What there is of the local cloud, without its engine. */
export type FoundCloud = FoundAws & Pick<LocalCloud, "cluster">;

/**
 * The local cloud as it is, at the ports that it was started with: nothing is installed, started or changed. Of its
 * cluster not everything need run.
 *
 * @throws LocalError when there is none, or its AWS does not run
 */
export async function findCloud(): Promise<FoundCloud> {
    const found = await findAws();
    const port = portOf(found.server);
    const places = { folder: clusterFolder(found.folder), ports: clusterPorts(port), certificate: found.certificate };
    return { ...found, cluster: usesLocalCluster(found.folder, port) ? findCluster(places) : undefined };
}

/** Whether clinical-ai is deployed to a cluster that the stack file names, and not to the local one. */
export function usesOtherCluster(port = localPort()): boolean {
    return namesOtherCluster(readCommittedStack(), vaultAddress(clusterPorts(port)));
}

/** Whether this checkout has a cluster that its stack is deployed to. */
export const usesLocalCluster = (folder: string, port?: number) => hasCluster(folder) && !usesOtherCluster(port);

/** The token with which the stack is deployed: the caller's own for a Vault that the stack file names. */
export function vaultTokenOf(cluster: Cluster | undefined, port?: number): string | undefined {
    return usesOtherCluster(port) ? vaultTokenIn(process.env) : cluster?.deployer.vaultToken;
}

/** What opens the cluster to whom: the local one by the tokens that it gave, another one as whoever calls is let in. */
export function clusterAccess({ folder, cluster, server }: Pick<LocalCloud, "folder" | "cluster" | "server">) {
    if (!usesOtherCluster(portOf(server))) return cluster && { operator: cluster.operator, deployer: cluster.deployer };
    const access = callersAccess(localSettings(folder), process.env);
    return access && { operator: access, deployer: access };
}

/** Installs what is missing and starts the local AWS; a second call finds all of it. */
export async function startAwsSide(): Promise<AwsSide> {
    const folder = localDirectory();
    const cache = cacheDirectory();
    const names: ProviderName[] = usesOtherCluster() ? ["aws", ...clusterProviders] : ["aws"];
    // The compilers and pip wait for different things.
    const [engine, server, installed] = await settleAll([
        findEngine(cache),
        startAws(folder, cache, localPort()),
        installProviders(names, homeOf(folder), { cache, env: process.env, unreachable: new Set() }),
    ]);
    const identities = await localIdentities(folder, server, localRegion);
    // What was started now has nothing of what the state still says; until a refresh is through, every run knows that.
    if (server.fresh && existsSync(stateFile(folder))) {
        say("  The local AWS was started anew and has nothing in it yet: what the state says of it is gone.");
        writeAtomically(refreshNeeded(folder), "");
    }
    return { folder, engine, providers: installed, server, identities };
}

/** Everything that the cluster is made of, and the plugins that deploy to it. */
export const installClusterSide = (folder: string, cancelled?: AbortSignal): Promise<Programs> =>
    installCluster(cacheDirectory(), homeOf(folder), process.env, cancelled);

/** Starts the cluster beside the local AWS, as soon as its programs are there. */
export async function bringUpCluster({ folder, server }: AwsSide, programs: Promise<Programs>): Promise<Cluster> {
    const ports = clusterPorts(localPort());
    const certificate = await localCertificate(join(folder, "tls"));
    const found = await programs;
    const places = { folder: clusterFolder(folder), ports, certificate };
    const cluster = await step("cluster: start", () => startCluster(found, places));
    await enableAwsEngine(places, server, localRegion);
    return cluster;
}

/**
 * Makes the stack ready to be deployed, to the cluster too if there is one.
 *
 * @param trial a stack file to try in place of the committed one
 */
export async function prepareStack<Side extends DeployedSide>(side: Side, cluster?: Cluster, trial?: string) {
    const pulumi = engineOf({ ...side, cluster }, trial);
    await pulumi.prepare(cluster && (await clusterSettings(cluster, stateFile(side.folder))));
    return { ...side, pulumi, ...(cluster ? { cluster } : {}) };
}

type DeployedSide = Pick<AwsSide, "folder" | "engine" | "server" | "identities">;

/** The engine on the stack as it was prepared last. */
export function engineOf(side: DeployedSide & { readonly cluster?: Cluster }, trial?: string): Pulumi {
    const { folder, engine, server, identities, cluster } = side;
    return new Pulumi({
        engine: engine.folder,
        home: homeOf(folder),
        folder,
        server,
        credentials: identities.deployer,
        vaultToken: vaultTokenOf(cluster, portOf(server)),
        trial,
    });
}

/** The engine's home of a local cloud: its plugins. */
export const homeOf = (folder: string) => join(folder, "pulumi-home");

async function startAws(folder: string, cache: string, port: number): Promise<Server> {
    const python = await installEmulator(cache);
    const certificate = await localCertificate(join(folder, "tls"));
    return step("local AWS: start", () => startServer(folder, python, port, certificate));
}

/** A file that is there while the state may speak of an emulator that is gone. */
export const refreshNeeded = (folder: string) => join(folder, "refresh-needed");

/** Whether this checkout has a local cloud at all. */
export const hasCloud = () => existsSync(localDirectory());
