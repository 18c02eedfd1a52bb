import { existsSync, rmSync } from "node:fs";

import { renderTable, toJson } from "../ops/verify/table";
import { verify, type VerifyTarget } from "../ops/verify";
import { serviceNames } from "../services";
import { operatorPolicy } from "../ops/operator-policy";
import { allowOperator } from "./aws/identities";
import { localAccount } from "./aws/server";
import { refreshNeeded, startCloud, localRegion, type LocalCloud } from "./cloud";
import { alone } from "./lock";
import { localDirectory } from "./paths";
import { elapsed, say, step } from "./progress";
import { recoverIfInterrupted } from "./recover";
import { describeChanges, lastChanges } from "./summary";

/** Brings the local cloud up, deploys stack `local`, verifies it, and returns the exit code: 0 only if all holds. */
export async function up({ json }: { json: boolean }): Promise<number> {
    const start = performance.now();
    return alone(localDirectory(), async () => {
        say("Local cloud");
        const cloud = await startCloud();
        announce(cloud);
        await recoverIfInterrupted(cloud);
        say("\nDeploying stack local");
        await deploy(cloud);
        say("\nVerifying by live calls");
        const target = await verifyTarget(cloud);
        await allowOperator(cloud.server, localRegion, operatorPolicy(target, true));
        const results = await step("checks", () => verify(target));
        if (json) process.stdout.write(`${toJson(results)}\n`);
        else process.stdout.write(`${renderTable(results, process.stdout.columns)}\n`);
        const failed = results.filter((result) => !result.ok).length;
        say(`${results.length - failed} of ${results.length} checks hold. Took ${elapsed(start)}.`);
        if (!json) say("Take it down with: npm run local -- down");
        return failed === 0 ? 0 : 1;
    });
}

function announce({ engine, plugins, server }: LocalCloud): void {
    say(`  engine: ${engine.folder} (${engine.origin})`);
    for (const { name, version, origin, standIn } of plugins) {
        say(
            `  plugin ${name} ${version}: ${origin}${standIn ? ` - NOT the official plugin, which cannot be had here` : ""}`,
        );
    }
    say(`  local AWS: ${server.endpoint}, IAM enforced (${server.fresh ? "started now" : "was running"})`);
}

async function deploy({ folder, pulumi }: LocalCloud): Promise<void> {
    const refresh = existsSync(refreshNeeded(folder)) ? ["--refresh"] : [];
    await pulumi.show(["up", "--yes", "--skip-preview", "--suppress-outputs", ...refresh]);
    rmSync(refreshNeeded(folder), { force: true });
    say(`  ${describeChanges(lastChanges(await pulumi.run(["stack", "history", "--json", "--page-size", "1"])))}`);
}

async function verifyTarget({ pulumi, server, identities }: LocalCloud): Promise<VerifyTarget> {
    const outputs = JSON.parse(
        await pulumi.run(["stack", "output", "--json", "--show-secrets"]),
    ) as VerifyTarget["outputs"];
    return {
        endpoint: server.endpoint,
        caBundle: server.caBundle,
        region: localRegion,
        accountId: localAccount,
        credentials: identities,
        outputs,
        services: serviceNames.filter((name) => outputs[name]),
    };
}
