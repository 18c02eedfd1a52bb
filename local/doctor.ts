import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { accessOf } from "../ops/commands/doctor/doctor";
import { report } from "../ops/commands/doctor/report";
import { type DoctorAccess } from "../ops/doctor";
import { examine } from "../ops/doctor/examine";
import { readStackSettings } from "../ops/settings";
import { type VaultAddress } from "../services/checks";
import { type Identities } from "./aws/identities";
import { localAccount } from "./aws/server";
import { localRegion, usesOtherCluster } from "./cloud";
import { hasCluster } from "./cluster";
import { clusterFolder, kubeconfigOf } from "./cluster/places";
import { localDirectory, LocalError, localPort } from "./paths";
import { localStack } from "./pulumi";
import { localRemedies } from "./remedies";

/**
 * Says what is wrong with the local cloud; starts and changes nothing, which `npm run local -- infra doctor` would.
 *
 * @returns the exit code: 0 nothing is wrong, 1 something is, 3 nothing could be asked
 * @throws LocalError when there is no local cloud
 */
export async function doctor({ json }: { json: boolean }): Promise<number> {
    const folder = localDirectory();
    const identities = join(folder, "identities.json");
    if (!existsSync(identities)) {
        throw new LocalError(`There is no local cloud in this checkout; bring it up: ${localRemedies.up}`);
    }
    const settings = readStackSettings(localStack, folder);
    const { deployer } = JSON.parse(readFileSync(identities, "utf8")) as Identities;
    const connection = {
        region: localRegion,
        endpoint: `https://127.0.0.1:${localPort()}`,
        caBundle: join(folder, "tls", "certificate.pem"),
    };
    const diagnosis = await examine({
        stack: localStack,
        program: "npm run local -- infra",
        settings,
        services: settings.services,
        folder,
        remedies: localRemedies,
        aws: {
            credentials: { state: "found", value: deployer },
            connection,
            // Whoever asks the engine would start what does not run.
            state: () => Promise.resolve({ state: "unseen", why: "npm run local -- infra doctor compares them" }),
        },
        cluster: (of) => ({
            ...(usesOtherCluster() ? accessOf(of, {}, process.env) : localAccess(folder, of.vault)),
            aws: { keys: deployer, accountId: localAccount, ...connection },
        }),
    });
    return report(diagnosis, { stack: localStack, json });
}

/** What opens the local cluster to its deployer. */
function localAccess(folder: string, vault: VaultAddress): DoctorAccess {
    return {
        kubeconfig: kubeconfigOf(clusterFolder(folder), "deployer"),
        vault,
        vaultToken: hasCluster(folder)
            ? readFileSync(join(clusterFolder(folder), "vault-token-deployer"), "utf8")
            : undefined,
    };
}
