import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { stringify } from "yaml";

import { writeAtomically } from "../../ops/common/files";
import { apiEndpoint, kubeconfigOf, type Places, type User, users } from "./places";

/** Name of the cluster's only node, whose kubelet kwok plays. */
export const nodeName = "local";

/** Each user's name in the cluster and its groups. */
const identities: Readonly<Record<User, { readonly name: string; readonly group?: string }>> = {
    admin: { name: "platform-admin", group: "system:masters" },
    // What a kubelet is: it may read what the pods of its node refer to, and nothing else.
    node: { name: `system:node:${nodeName}`, group: "system:nodes" },
    deployer: { name: "platform-deployer" },
    operator: { name: "platform-operator" },
};

export const userName = (user: User) => identities[user].name;

/** Paths of the files with which the API server knows its users, signs tokens of service accounts and encrypts Secrets. */
export interface Accounts {
    readonly tokens: string;
    readonly signingKey: string;
    readonly encryption: string;
}

/** Makes the tokens of the users, once, and a kubeconfig for each. Everything is readable by this user only. */
export function prepareAccounts(places: Places): Accounts {
    const { folder, certificate } = places;
    const tokens = join(folder, "tokens.csv");
    const signingKey = join(folder, "service-account.key");
    const encryption = join(folder, "encryption.json");
    if (!existsSync(signingKey)) writeAtomically(signingKey, makeSigningKey());
    if (!existsSync(encryption)) writeAtomically(encryption, JSON.stringify(makeEncryption()));
    if (!existsSync(tokens)) writeAtomically(tokens, users.map(tokenLine).join(""));
    for (const line of readFileSync(tokens, "utf8").trim().split("\n")) {
        const [token, name] = line.split(",");
        const user = users.find((candidate) => userName(candidate) === name);
        if (user) {
            writeKubeconfig(kubeconfigOf(folder, user), apiEndpoint(places.ports), certificate.certificate, token);
        }
    }
    return { tokens, signingKey, encryption };
}

/** A line of a static token file: token, user's name, user's id, groups. */
function tokenLine(user: User): string {
    const { name, group } = identities[user];
    return [randomBytes(24).toString("hex"), name, name, ...(group ? [`"${group}"`] : [])].join(",") + "\n";
}

/** The token of a user, as the API server knows it. */
export function tokenOf(places: Places, user: User): string {
    const lines = readFileSync(join(places.folder, "tokens.csv"), "utf8").split("\n");
    return lines.find((line) => line.split(",")[1] === userName(user))!.split(",")[0];
}

/** API servers sign with RSA keys of PEM files. */
function makeSigningKey(): string {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Secrets are encrypted before they get to etcd, whose files would hold them as they are. */
function makeEncryption() {
    const keys = [{ name: "local", secret: randomBytes(32).toString("base64") }];
    return {
        apiVersion: "apiserver.config.k8s.io/v1",
        kind: "EncryptionConfiguration",
        resources: [{ resources: ["secrets"], providers: [{ secretbox: { keys } }] }],
    };
}

function writeKubeconfig(path: string, server: string, ca: string, token: string): void {
    const kubeconfig = {
        apiVersion: "v1",
        kind: "Config",
        "current-context": "local",
        clusters: [{ name: "local", cluster: { server, "certificate-authority": ca } }],
        users: [{ name: "local", user: { token } }],
        contexts: [{ name: "local", context: { cluster: "local", user: "local" } }],
    };
    writeAtomically(path, stringify(kubeconfig));
}
