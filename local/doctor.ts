import { readFileSync } from "node:fs";
import { join } from "node:path";

import { diagnose, type Remedies } from "../ops/doctor";
import { doctorSettings } from "../ops/doctor/settings";
import { diagnosisInWords } from "../ops/doctor/words";
import { readStackSettings } from "../ops/settings";
import { type Identities } from "./aws/identities";
import { localAccount } from "./aws/server";
import { localRegion } from "./cloud";
import { hasCluster } from "./cluster";
import { clusterFolder, kubeconfigOf } from "./cluster/places";
import { localDirectory, LocalError, localPort } from "./paths";
import { say } from "./progress";
import { localStack } from "./pulumi";

const start = "npm run local -- --cluster";

/** In the local cloud one command starts, unseals and deploys; what was changed by hand takes a look first. */
const remedies: Remedies = {
    up: start,
    refresh: "npm run local -- pulumi up --refresh --yes --skip-preview",
    kubernetes: start,
    vault: start,
    unseal: start,
    externalSecrets: start,
    reloader: start,
};

/**
 * Says what is wrong with clinical-ai's cluster side; starts and changes nothing.
 *
 * @returns the exit code: 0 nothing is wrong, 1 something is, 3 nothing could be asked
 * @throws LocalError when there is no cluster
 */
export async function doctor({ json }: { json: boolean }): Promise<number> {
    const folder = localDirectory();
    const settings = hasCluster(folder) && doctorSettings(localStack, readStackSettings(localStack, folder), folder);
    if (!settings) throw new LocalError(`There is no cluster in this checkout; bring it up: ${start}`);
    const cluster = clusterFolder(folder);
    const { deployer } = JSON.parse(readFileSync(join(folder, "identities.json"), "utf8")) as Identities;
    const access = {
        kubeconfig: kubeconfigOf(cluster, "deployer"),
        vault: settings.vault,
        vaultToken: readFileSync(join(cluster, "vault-token-deployer"), "utf8"),
        aws: {
            keys: deployer,
            accountId: localAccount,
            region: localRegion,
            endpoint: `https://127.0.0.1:${localPort()}`,
            caBundle: join(folder, "tls", "certificate.pem"),
        },
    };
    const diagnosis = await diagnose(access, settings.declared, remedies);
    const { findings, notSeen, unreachable } = diagnosis;
    if (json) process.stdout.write(`${JSON.stringify({ stack: localStack, findings, notSeen })}\n`);
    else say(diagnosisInWords(diagnosis, process.stderr.columns));
    if (unreachable) return 3;
    return findings.length === 0 ? 0 : 1;
}
