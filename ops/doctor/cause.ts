import { type Remedies } from "../cli/host";

/** Why External Secrets could not copy a secret. */
export interface Cause {
    readonly id: string;
    readonly why: string;
    readonly fix: string;
    /** Of what else it is a consequence: then that says it better. */
    readonly of?: "vault" | "policy" | "role" | "secret";
}

type Pattern = readonly [message: RegExp, cause: (remedies: Remedies) => Cause];

/** What the operator's messages mean, the more particular first. They are those of External Secrets 0.19 and Vault 1.21. */
const patterns: readonly Pattern[] = [
    [
        /Vault is sealed|Code: 503/,
        ({ unseal }) => ({ id: "vault-sealed", why: "Vault is sealed", fix: unseal, of: "vault" }),
    ],
    [
        /x509:|tls: /,
        ({ up }) => ({
            id: "certificate",
            why: "the operator does not trust Vault's certificate: the CA in the SecretStore is not the one that signed it",
            fix: `set cluster.vault.caCertFile to Vault's CA, then ${up}`,
        }),
    ],
    [
        /no such host|connection refused|i\/o timeout|context deadline exceeded|no route to host|\bEOF\b/,
        ({ vault }) => ({
            id: "vault-unreachable-from-cluster",
            why: "the operator does not reach Vault",
            fix: `${vault}; then the network between the cluster and Vault`,
            of: "vault",
        }),
    ],
    [/invalid role name/, ({ refresh }) => ({ id: "role", why: "Vault has no such role", fix: refresh, of: "role" })],
    [
        /invalid audience/,
        ({ refresh }) => ({
            id: "audience",
            why: "the Vault role wants another audience than the operator's token has",
            fix: refresh,
            of: "role",
        }),
    ],
    [
        /(service account name|namespace) not authorized/,
        ({ refresh }) => ({
            id: "bound",
            why: "the Vault role is not for this service account and namespace",
            fix: refresh,
            of: "role",
        }),
    ],
    [
        /\/login\b[\s\S]*Code: (403|500)/,
        ({ refresh }) => ({
            id: "reviewer",
            why:
                "Vault takes no token of the cluster: the reviewer's token with which it asks is not valid any more, or " +
                "Vault does not reach the Kubernetes API",
            fix: `${refresh}, by the stack that made the auth method`,
        }),
    ],
    [
        /\/login\b[\s\S]*Code: 404/,
        ({ refresh }) => ({
            id: "auth-method",
            why: "the auth method is not enabled at this path",
            fix: `${refresh}, by the stack that made the auth method`,
        }),
    ],
    [
        /permission denied/,
        ({ refresh }) => ({
            id: "policy",
            why: "the role's policy does not let it read the secret: it was taken away or changed",
            fix: refresh,
            of: "policy",
        }),
    ],
    [
        /Secret does not exist/,
        ({ refresh }) => ({
            id: "secret-deleted",
            why: "the secret is not in Vault: it was deleted by hand",
            fix: refresh,
            of: "secret",
        }),
    ],
    [
        /cannot find secret data for key/,
        ({ refresh }) => ({
            id: "field",
            why: "the secret in Vault lacks a field: it was written by hand",
            fix: refresh,
        }),
    ],
    [
        /ServiceAccount "[^"]*" not found/,
        ({ refresh }) => ({ id: "service-account", why: "the service account is not there", fix: refresh }),
    ],
    [
        /SecretStore[^"]* "[^"]*" not found/,
        ({ refresh }) => ({ id: "store", why: "the SecretStore is not there", fix: refresh }),
    ],
];

/** What the operator's messages mean; the first of them that says something counts. */
export function causeOf(messages: readonly string[], remedies: Remedies): Cause {
    for (const message of messages) {
        const found = patterns.find(([pattern]) => pattern.test(message));
        if (found) return found[1](remedies);
    }
    const said = messages.map((message) => message.replace(/\s+/g, " ").trim()).filter((message) => message !== "");
    return {
        id: "unknown",
        why: said.length > 0 ? `the operator says: ${said[0]}` : "the operator does not say why",
        fix: `${remedies.tools}kubectl describe externalsecret --all-namespaces, and the operator's log`,
    };
}
