import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { report } from "../ops/commands/doctor/report";
import { examine } from "../ops/doctor/examine";
import { readStackSettings } from "../ops/settings";
import { type Identities } from "./aws/identities";
import { localAccount } from "./aws/server";
import { localRegion } from "./cloud";
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
            outputs: () => Promise.resolve({ state: "unseen", why: "npm run local -- infra doctor compares them" }),
        },
        cluster: ({ vault }) => ({
            kubeconfig: kubeconfigOf(clusterFolder(folder), "deployer"),
            vault,
            vaultToken: hasCluster(folder)
                ? readFileSync(join(clusterFolder(folder), "vault-token-deployer"), "utf8")
                : undefined,
            aws: { keys: deployer, accountId: localAccount, ...connection },
        }),
    });
    return report(diagnosis, { stack: localStack, json });
}
