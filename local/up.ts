import { existsSync, rmSync } from "node:fs";

import { stopIfInterrupted } from "../ops/common/interrupt";
import { say } from "../ops/common/output";
import { operatorPolicy } from "../ops/rights/operator";
import { verify, type VerifyTarget } from "../ops/verify";
import { recordingRemovals, tell } from "../ops/verify/command";
import { toJson } from "../ops/verify/table";
import { serviceNames } from "../services";
import { parseOutputs } from "../services/outputs";
import { gaps, localOperatorPolicy } from "./aws/gaps";
import { allowOperator } from "./aws/identities";
import { localAccount } from "./aws/server";
import {
    type AwsSide,
    bringUpCluster,
    clusterAccess,
    installClusterSide,
    type LocalCloud,
    localRegion,
    prepareStack,
    refreshNeeded,
    startAwsSide,
    usesLocalCluster,
    usesOtherCluster,
} from "./cloud";
import { type Cluster, hasCluster } from "./cluster";
import { isInstalled, type Programs } from "./cluster/install";
import { besides } from "./concurrent";
import { alone } from "./lock";
import { cacheDirectory, localDirectory, LocalError } from "./paths";
import { elapsed, step } from "./progress";
import { type Provider } from "./providers";
import { localStack } from "./pulumi";
import { recoverIfInterrupted } from "./recover";
import { localRemedies } from "./remedies";
import { localReport } from "./report";
import { describeChanges, lastChanges } from "./summary";

/** What to bring up, and how to tell about it. */
interface UpOptions {
    readonly json: boolean;
    /** Kubernetes, Vault and External Secrets too; a checkout that has them keeps them. */
    readonly cluster: boolean;
}

/** Brings the local cloud up, deploys stack `local`, verifies it, and returns the exit code: 0 only if all holds. */
export async function up({ json, cluster: wanted }: UpOptions): Promise<number> {
    const start = performance.now();
    if (wanted && usesOtherCluster()) {
        throw new LocalError(
            "The stack file names a cluster of its own: --cluster is for the local one.\n" +
                "Leave --cluster out, or take `cluster` out of platform:clinical-ai.",
        );
    }
    return alone(localDirectory(), async () => {
        say("Local cloud");
        const side = await startAwsSide();
        announceAws(side);
        const cluster = wanted || usesLocalCluster(side.folder) ? await clusterOf(side) : undefined;
        const cloud = await prepareStack(side, cluster);
        await recoverIfInterrupted(cloud);
        say("\nDeploying stack local");
        await deploy(cloud);
        say("\nVerifying by live calls");
        const target = await verifyTarget(cloud);
        await allowOperator(cloud.server, localRegion, localOperatorPolicy(operatorPolicy(target)));
        const results = await step("checks", () => verify(target));
        if (json) process.stdout.write(`${toJson(results)}\n`);
        else tell(results, { format: "summary" }, "npm run local -- doctor");
        const report = await step("report", () => localReport(cloud.folder, target, results));
        const failed = results.filter((result) => !result.ok).length;
        say(`${results.length - failed} of ${results.length} checks hold. Took ${elapsed(start)}.`);
        if (failed > 0) say(`What was changed or deleted by hand is made again by: ${localRemedies.refresh}`);
        say(report);
        if (!json) sayWhatNext(cluster !== undefined || usesOtherCluster());
        return failed === 0 ? 0 : 1;
    });
}

/**
 * The cluster. What it is made of may have to be built first, which takes many minutes: a checkout that has no cluster
 * yet gets its AWS side in the meantime.
 */
async function clusterOf(side: AwsSide): Promise<Cluster> {
    const installed = await isInstalled(cacheDirectory());
    return besides(
        (cancelled) => installClusterSide(side.folder, cancelled),
        async (programs) => {
            if (!installed && !hasCluster(side.folder)) {
                say(
                    "\nThe cluster's parts are fetched or built in the background; meanwhile, the AWS side of stack local",
                );
                const cloud = await prepareStack(side);
                await recoverIfInterrupted(cloud);
                await deploy(cloud);
                say(`  The AWS side is up at ${side.server.endpoint}; the cluster follows.\n`);
            }
            const cluster = await bringUpCluster(side, programs);
            announceCluster(cluster, await programs);
            return cluster;
        },
    );
}

function announceAws({ engine, providers, server }: AwsSide): void {
    say(`  engine: ${engine.folder} (${engine.origin})`);
    announceProviders(providers);
    say(`  local AWS: ${server.endpoint}, IAM enforced (${server.fresh ? "started now" : "was running"})`);
}

function announceProviders(providers: readonly Provider[]): void {
    for (const { name, version, origin } of providers) say(`  plugin ${name} ${version}: ${origin}`);
}

function announceCluster({ endpoint, vaultAddress, started }: Cluster, { parts, providers }: Programs): void {
    for (const { path, origin } of Object.values(parts)) say(`  ${path} (${origin})`);
    announceProviders(providers);
    say("  kwok plays the kubelet: pods are objects that become ready, no container runs, no network is filtered");
    say("  Reloader: stand-in of this repository - NOT Reloader itself, which is a container image only");
    say(`  Kubernetes: ${endpoint}, Vault: ${vaultAddress} (${started ? "started now" : "was running"})`);
}

function sayWhatNext(ofSomeCluster: boolean): void {
    if (!ofSomeCluster) say("With Kubernetes, Vault and External Secrets: npm run local -- --cluster");
    say("Take it down with: npm run local -- down");
}

async function deploy({ folder, pulumi }: LocalCloud): Promise<void> {
    const refresh = existsSync(refreshNeeded(folder)) ? ["--refresh"] : [];
    try {
        await pulumi.show(["up", "--yes", "--skip-preview", "--suppress-outputs", ...refresh]);
    } catch (error) {
        stopIfInterrupted();
        if (!(error instanceof LocalError)) throw error;
        throw new LocalError(`${error.message}\nWhat is in the way, and the fix: npm run local -- doctor`);
    }
    rmSync(refreshNeeded(folder), { force: true });
    say(`  ${describeChanges(lastChanges(await pulumi.run(["stack", "history", "--json", "--page-size", "1"])))}`);
}

async function verifyTarget(cloud: LocalCloud): Promise<VerifyTarget> {
    const { pulumi, server, identities } = cloud;
    const exported = await pulumi.run(["stack", "output", "--json", "--show-secrets"]);
    const outputs = parseOutputs(JSON.parse(exported) as Record<string, unknown>);
    return {
        endpoint: server.endpoint,
        caBundle: server.caBundle,
        region: localRegion,
        gaps,
        accountId: localAccount,
        credentials: identities,
        cluster: clusterAccess(cloud),
        outputs,
        services: serviceNames.filter((name) => outputs[name]),
        removing: recordingRemovals(localStack),
    };
}
