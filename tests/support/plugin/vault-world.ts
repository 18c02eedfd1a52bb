// A real Vault for tests of the stand-in vault plugin: what the samples lean on, made by hand under a name of its own.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import nodeVault from "node-vault";
import type { Sample } from "./samples";

export interface VaultAccess {
    address: string;
    token: string;
    caCertFile: string;
}

/** From the environment; the token must be allowed everything. */
function vaultAccess(): VaultAccess {
    const read = (name: string) => {
        const value = process.env[name];
        if (value === undefined || value === "") {
            throw new Error(`${name} is not set: run this test with \`npm run test:cluster\`, which starts a Vault.`);
        }
        return value;
    };
    return {
        address: read("PLATFORM_TEST_VAULT_ADDR"),
        token: read("PLATFORM_TEST_VAULT_TOKEN"),
        caCertFile: read("PLATFORM_TEST_VAULT_CACERT"),
    };
}

/** Names; Vault is asked for when the world is made. */
export class VaultWorld {
    readonly unique = `plugin-${randomBytes(4).toString("hex")}`;
    readonly kv = `${this.unique}-kv`;
    readonly auth = `${this.unique}-kubernetes`;
    readonly aws = `${this.unique}-aws`;
    private connected: { access: VaultAccess; client: nodeVault.client } | undefined;

    get access(): VaultAccess {
        return this.connect().access;
    }

    get byHand(): nodeVault.client {
        return this.connect().client;
    }

    private connect() {
        if (this.connected === undefined) {
            const access = vaultAccess();
            const httpsAgent = new Agent({ ca: readFileSync(access.caCertFile) });
            const client = nodeVault({
                endpoint: access.address,
                token: access.token,
                requestOptions: { httpsAgent },
            });
            this.connected = { access, client };
        }
        return this.connected;
    }

    async make(): Promise<void> {
        await this.byHand.write(`sys/mounts/${this.kv}`, { type: "kv", options: { version: "2" } });
        await this.byHand.write(`sys/auth/${this.auth}`, { type: "kubernetes" });
        await this.byHand.write(`sys/mounts/${this.aws}`, { type: "aws" });
    }

    async remove(): Promise<void> {
        await this.byHand.delete(`sys/mounts/${this.kv}`);
        await this.byHand.delete(`sys/auth/${this.auth}`);
        await this.byHand.delete(`sys/mounts/${this.aws}`);
    }
}

const SECRET = "a-secret-that-nobody-may-see";
const ROLE = "arn:aws:iam::000000000000:role/worker";

/** Token → sample. */
export function vaultSamples(world: VaultWorld): Record<string, Sample> {
    const { unique, kv, auth, aws } = world;
    return {
        "vault:index/mount:Mount": {
            inputs: {
                path: `${unique}-mount`,
                type: "kv",
                description: "of a test",
                defaultLeaseTtlSeconds: 3600,
                auditNonHmacRequestKeys: ["a"],
                options: { version: "2" },
            },
            drift: (id) =>
                world.byHand.write(`sys/mounts/${id}/tune`, { description: "changed", default_lease_ttl: "60s" }),
            shows: "defaultLeaseTtlSeconds",
            replacedBy: { type: "transit" },
        },
        "vault:index/authBackend:AuthBackend": {
            inputs: {
                path: `${unique}-method`,
                type: "kubernetes",
                description: "of a test",
                tune: { maxLeaseTtl: "90m", tokenType: "default-service", listingVisibility: "unauth" },
            },
            drift: (id) => world.byHand.write(`sys/mounts/auth/${id}/tune`, { max_lease_ttl: "60s" }),
            shows: "tune.maxLeaseTtl",
            replacedBy: { type: "approle" },
        },
        "vault:index/audit:Audit": {
            inputs: { path: `${unique}-audit`, type: "file", options: { file_path: "discard" } },
            drift: (id) => world.byHand.delete(`sys/audit/${id}`),
            shows: "gone",
            replacedBy: { description: "another" },
        },
        "vault:index/policy:Policy": {
            inputs: { name: `${unique}-Policy`, policy: '\npath "a" { capabilities = ["read"] }\n' },
            drift: (id) =>
                world.byHand.write(`sys/policies/acl/${id}`, { policy: 'path "b" { capabilities = ["read"] }' }),
            shows: "policy",
            replacedBy: { name: `${unique}-other` },
        },
        "vault:kv/secretV2:SecretV2": {
            inputs: {
                mount: kv,
                name: "team/sample",
                dataJson: JSON.stringify({ key: SECRET, nested: { number: 1 } }, undefined, 2),
            },
            drift: (id) => world.byHand.write(id, { data: { key: "of somebody else" } }),
            shows: "dataJson",
            replacedBy: { name: "team/other" },
        },
        "vault:kubernetes/authBackendConfig:AuthBackendConfig": {
            inputs: {
                backend: auth,
                kubernetesHost: "https://127.0.0.1:1",
                disableIssValidation: true,
                disableLocalCaJwt: true,
                tokenReviewerJwt: SECRET,
            },
            drift: (id) => world.byHand.write(id, { kubernetes_host: "https://elsewhere", disable_local_ca_jwt: true }),
            shows: "kubernetesHost",
            replacedBy: { backend: "another" },
            untold: ["tokenReviewerJwt"],
            lasting: true,
        },
        "vault:kubernetes/authBackendRole:AuthBackendRole": {
            inputs: {
                backend: auth,
                roleName: "sample",
                boundServiceAccountNames: ["b", "a"],
                boundServiceAccountNamespaces: ["team"],
                audience: "vault",
                tokenTtl: 3600,
                tokenPolicies: ["z", "y"],
                tokenBoundCidrs: ["10.0.0.1/32", "10.1.0.0/16"],
            },
            drift: (id) => world.byHand.write(id, { token_ttl: 60, audience: "another" }),
            shows: "tokenTtl",
            replacedBy: { roleName: "other" },
        },
        "vault:aws/secretBackend:SecretBackend": {
            inputs: {
                path: `${unique}-engine`,
                accessKey: "AKIAIOSFODNN7EXAMPLE",
                secretKey: SECRET,
                region: "eu-west-1",
                maxLeaseTtlSeconds: 7200,
            },
            drift: (id) =>
                world.byHand.write(`${id}/config/root`, { access_key: "AKIAIOSFODNN7ANOTHER", region: "us-west-2" }),
            shows: "accessKey",
            replacedBy: { local: true },
            untold: ["secretKey"],
        },
        "vault:aws/secretBackendRole:SecretBackendRole": {
            inputs: {
                backend: aws,
                name: "sample",
                credentialType: "assumed_role",
                roleArns: [ROLE],
                defaultStsTtl: 900,
                policyDocument: JSON.stringify({
                    Version: "2012-10-17",
                    Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
                }),
            },
            drift: (id) => world.byHand.write(id, { role_arns: `${ROLE}-of-another` }),
            shows: "roleArns",
            replacedBy: { name: "other" },
        },
    };
}
