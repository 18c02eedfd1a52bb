import { existsSync } from "node:fs";
import { join } from "node:path";

import { type LocalCloudStatus } from "../ops/cli/host";
import { type Certificate, localCertificate } from "./aws/certificate";
import { type Identities, keptIdentities } from "./aws/identities";
import { findServer, type Server } from "./aws/server";
import { apiEndpoint, clusterFolder, clusterPorts, vaultAddress } from "./cluster/places";
import { answers } from "./health";
import { localDirectory, LocalError } from "./paths";

/** The local AWS, running, and who may do what in it. */
export interface FoundAws {
    readonly folder: string;
    readonly certificate: Certificate;
    readonly server: Server;
    readonly identities: Identities;
}

/**
 * The AWS side of the local cloud as it is, at the port that it was started with: nothing is installed, started or
 * changed, and nothing of the cluster is loaded.
 *
 * @throws LocalError when there is none, or it does not run
 */
export async function findAws(): Promise<FoundAws> {
    const folder = localDirectory();
    const identities = keptIdentities(folder);
    if (!identities) throw new LocalError("There is no local cloud in this checkout.\nBring it up: npm run local");
    const certificate = await localCertificate(join(folder, "tls"));
    const server = await findServer(folder, certificate);
    if (server) return { folder, certificate, server, identities };
    throw new LocalError(
        "The local AWS does not run; it had everything in its memory.\n" +
            "Start it, and deploy again what was in it: npm run local",
    );
}

/** The port of the local AWS, by which its cluster's are known. */
export const portOf = ({ endpoint }: Server) => Number(new URL(endpoint).port);

/** The local cloud at a glance. */
export async function cloudStatus(): Promise<LocalCloudStatus> {
    const found = await findAws().catch((error: unknown) => {
        if (error instanceof LocalError) return undefined;
        throw error;
    });
    if (!found) return { running: false };
    const { folder, server, certificate } = found;
    if (!existsSync(clusterFolder(folder))) return { running: true, endpoint: server.endpoint };
    const ports = clusterPorts(portOf(server));
    const [kubernetes, vault] = [apiEndpoint(ports), vaultAddress(ports)];
    const [api, unsealed] = await Promise.all([
        answers(`${kubernetes}/livez`, certificate.certificate),
        answers(`${vault}/v1/sys/health`, certificate.certificate),
    ]);
    return { running: true, endpoint: server.endpoint, cluster: { kubernetes, vault, running: api && unsealed } };
}
