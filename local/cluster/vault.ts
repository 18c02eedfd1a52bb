import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { writeAtomically } from "../../ops/common/files";
import { vaultDeployerPolicy, vaultOperatorPolicy } from "../../ops/rights/cluster";
import { Vault } from "../../ops/vault/client";
import { keepService, stopService } from "../service";
import { type Programs } from "./install";
import { type Places, vaultAddress } from "./places";

const serviceName = "vault";

/** The tokens of whoever works with the local Vault. */
export interface VaultTokens {
    readonly deployer: string;
    readonly operator: string;
}

/** What opens Vault: this machine's only, and lost with the folder. */
interface VaultKeys {
    readonly unsealKey: string;
    readonly rootToken: string;
}

/** Starts Vault unless it runs, with its data in files, and unseals it; returns whether it had to be started. */
export async function startVault(programs: Programs, places: Places): Promise<boolean> {
    await discardUnopened(places.folder);
    const started = await keepRunning(programs, places);
    const anonymous = connect(places);
    const { initialized } = await anonymous.health();
    if (!initialized) await initialise(anonymous, places.folder);
    const { sealed } = await anonymous.health();
    if (sealed) await anonymous.write("sys/unseal", { key: keysOf(places.folder).unsealKey });
    return started;
}

const stopVault = (folder: string): Promise<void> => stopService(folder, serviceName);

/** Vault with its owner's token, for what belongs to the whole Vault. */
export const asOwner = (places: Places): Vault => connect(places, ownerToken(places));

export const ownerToken = ({ folder }: Places): string => keysOf(folder).rootToken;

/** Gives the deployer and the read-only operator their policies, and each a token that is kept while it is valid. */
export async function vaultTokens(places: Places): Promise<VaultTokens> {
    const owner = asOwner(places);
    await owner.write("sys/policies/acl/platform-deployer", { policy: vaultDeployerPolicy() });
    await owner.write("sys/policies/acl/platform-operator", { policy: vaultOperatorPolicy() });
    return { deployer: await tokenFor("deployer", places), operator: await tokenFor("operator", places) };
}

/** The tokens that were given before, whether Vault runs or not; undefined where none were. */
export function keptTokens({ folder }: Places): VaultTokens | undefined {
    const [deployer, operator] = (["deployer", "operator"] as const).map((who) => tokenFile(folder, who));
    if (!existsSync(deployer) || !existsSync(operator)) return undefined;
    return { deployer: readFileSync(deployer, "utf8"), operator: readFileSync(operator, "utf8") };
}

const tokenFile = (folder: string, who: keyof VaultTokens) => join(folder, `vault-token-${who}`);

/** Seconds that a kept token must still live. */
const enough = 24 * 60 * 60;

async function tokenFor(who: keyof VaultTokens, places: Places): Promise<string> {
    const path = tokenFile(places.folder, who);
    if (existsSync(path)) {
        const kept = readFileSync(path, "utf8");
        const found = await connect(places, kept)
            .read("auth/token/lookup-self")
            .catch(() => undefined);
        if (Number(found?.ttl) > enough) return kept;
    }
    const { auth } = await asOwner(places).write("auth/token/create-orphan", {
        policies: [`platform-${who}`],
        display_name: who,
        ttl: "720h",
    });
    writeAtomically(path, auth!.client_token);
    return auth!.client_token;
}

async function keepRunning({ parts }: Programs, places: Places): Promise<boolean> {
    const { folder, ports, certificate } = places;
    const settings = join(folder, "vault.json");
    writeAtomically(settings, JSON.stringify(configuration(places)));
    const service = {
        name: serviceName,
        command: parts.vault.path,
        args: ["server", `-config=${settings}`],
        // By which it trusts the local AWS and the cluster's API.
        env: { SSL_CERT_FILE: certificate.certificate },
        marker: settings,
        ports: [ports.vault, ports.vaultCluster],
    };
    const answers = () =>
        connect(places)
            .health()
            .then(() => true)
            .catch(() => false);
    return keepService(folder, service, answers);
}

function configuration({ folder, ports, certificate }: Places) {
    return {
        storage: { file: { path: dataOf(folder) } },
        listener: {
            tcp: {
                address: `127.0.0.1:${ports.vault}`,
                tls_cert_file: certificate.certificate,
                tls_key_file: certificate.key,
            },
        },
        api_addr: vaultAddress(ports),
        cluster_addr: `https://127.0.0.1:${ports.vaultCluster}`,
        // Locking memory takes a right that users do not have.
        disable_mlock: true,
        ui: false,
    };
}

function connect({ ports, certificate }: Places, token?: string): Vault {
    return new Vault({ address: vaultAddress(ports), caCertFile: certificate.certificate }, token);
}

/**
 * Removes a Vault without keys: a run was killed between its initialisation and the writing of its keys, so nobody has
 * put anything into it, and nobody can open it.
 */
async function discardUnopened(folder: string): Promise<void> {
    if (existsSync(keysFile(folder)) || !existsSync(dataOf(folder))) return;
    await stopVault(folder);
    rmSync(dataOf(folder), { recursive: true });
}

const dataOf = (folder: string) => join(folder, "vault");
const keysFile = (folder: string) => join(folder, "vault-keys.json");
const keysOf = (folder: string) => JSON.parse(readFileSync(keysFile(folder), "utf8")) as VaultKeys;

async function initialise(vault: Vault, folder: string): Promise<void> {
    const answer = (await vault.write("sys/init", { secret_shares: 1, secret_threshold: 1 })) as unknown as {
        keys_base64: string[];
        root_token: string;
    };
    const keys: VaultKeys = { unsealKey: answer.keys_base64[0], rootToken: answer.root_token };
    writeAtomically(keysFile(folder), JSON.stringify(keys));
}
