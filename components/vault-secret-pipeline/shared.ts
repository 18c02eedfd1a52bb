import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";

import { refuse } from "../validation";
import { pathFault } from "./policy";

/** The auth method `kubernetes`, and how Vault asks the cluster whether a service account's token is genuine. */
export type KubernetesAuth =
    | {
          /** Mount path without slashes at its ends, e.g. `kubernetes`. */
          readonly path: string;
          /** Vault runs in that cluster: it asks with its own pod's token, which it reads anew by itself. */
          readonly vaultRuns: "inCluster";
          /** Address of the Kubernetes API as Vault reaches it, e.g. `https://kubernetes.default.svc`. */
          readonly host: pulumi.Input<string>;
      }
    | {
          /** Mount path without slashes at its ends, e.g. `kubernetes`. */
          readonly path: string;
          /** Vault runs elsewhere: it asks with the token of a service account that is made for it. */
          readonly vaultRuns: "outside";
          /** Address of the Kubernetes API as Vault reaches it, e.g. `https://api.cluster.example.com`. */
          readonly host: pulumi.Input<string>;
          /** Certificate authority of that address, PEM. */
          readonly caCert: pulumi.Input<string>;
          /** The service account, its binding to `system:auth-delegator` and the Secret of its token; all so named. */
          readonly reviewer: { readonly namespace: string; readonly name: string };
      };

/** Vault's log of every access. */
export interface AuditDevice {
    /** Path of the device, e.g. `file`. */
    readonly path: string;
    /** The file that it writes, as Vault sees it, e.g. `/vault/logs/audit.log`; or `stdout`. */
    readonly file: string;
}

export interface SharedVaultArgs {
    /** The Vault, and the cluster whose service accounts log in to it; never the default providers. */
    readonly providers: { readonly vault: vault.Provider; readonly kubernetes: kubernetes.Provider };
    /**
     * Mount path of a KV v2 engine, without slashes at its ends, e.g. `secret`.
     *
     * @default left alone
     */
    readonly kvMount?: string;
    /** @default left alone */
    readonly auth?: KubernetesAuth;
    /** @default left alone */
    readonly audit?: AuditDevice;
    /**
     * Namespace of Vault, a feature of Vault Enterprise, relative to the one of the provider.
     *
     * @default the namespace of the provider, if any
     */
    readonly vaultNamespace?: string;
}

/**
 * What a Vault has once for all its pipelines. Others use it too, so everything here stays when the stack that made it
 * is destroyed; let one stack make it.
 */
export class SharedVault extends pulumi.ComponentResource {
    /** Mount path of the KV v2 engine, known once it is mounted; undefined where it is left alone. */
    readonly kvMount: pulumi.Output<string> | undefined;
    /** Mount path of the auth method, known once it is configured; undefined where it is left alone. */
    readonly authPath: pulumi.Output<string> | undefined;

    private readonly kept: pulumi.CustomResourceOptions = { parent: this, retainOnDelete: true };

    constructor(
        private readonly name: string,
        private readonly args: SharedVaultArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const providers = [args.providers.vault, args.providers.kubernetes];
        super("platform:secrets:SharedVault", name, {}, { ...opts, providers });
        const { audit, kvMount, auth } = args;
        for (const [property, path] of [
            ["kvMount", kvMount],
            ["auth.path", auth?.path],
            ["audit.path", audit?.path],
        ] as const) {
            const fault = path === undefined ? undefined : pathFault(path);
            if (fault) refuse(this, property, path, fault);
        }
        if (audit) this.turnAuditOn(audit);
        this.kvMount = kvMount === undefined ? undefined : this.mountKv(kvMount);
        this.authPath = auth && this.enableAuth(auth);
        this.registerOutputs({ kvMount: this.kvMount, authPath: this.authPath });
    }

    private turnAuditOn({ path, file }: AuditDevice): void {
        new vault.Audit(
            `${this.name}-audit`,
            { path, type: "file", options: { file_path: file }, namespace: this.args.vaultNamespace },
            this.kept,
        );
    }

    private mountKv(path: string): pulumi.Output<string> {
        const namespace = this.args.vaultNamespace;
        const options = { version: "2" };
        return new vault.Mount(`${this.name}-mount`, { path, type: "kv", options, namespace }, this.kept).path;
    }

    private enableAuth(auth: KubernetesAuth): pulumi.Output<string> {
        const namespace = this.args.vaultNamespace;
        const method = new vault.AuthBackend(
            `${this.name}-auth`,
            { type: "kubernetes", path: auth.path, namespace },
            this.kept,
        );
        const config = new vault.kubernetes.AuthBackendConfig(
            `${this.name}-auth-config`,
            {
                backend: method.path,
                kubernetesHost: auth.host,
                // Else the provider tells Vault to take tokens of one issuer alone, which no cluster has had for years.
                // Whether a token is the cluster's own, the cluster says when it is asked.
                disableIssValidation: true,
                ...(auth.vaultRuns === "outside"
                    ? { kubernetesCaCert: auth.caCert, tokenReviewerJwt: this.createReviewer(auth.reviewer) }
                    : {}),
                namespace,
            },
            this.kept,
        );
        return config.backend.apply((backend) => backend ?? auth.path);
    }

    /**
     * Makes the service account with whose token Vault asks the cluster. A token of the TokenRequest API would expire
     * unnoticed; that of such a Secret holds until the Secret is deleted.
     */
    private createReviewer({ namespace, name }: { namespace: string; name: string }): pulumi.Output<string> {
        const account = new kubernetes.core.v1.ServiceAccount(
            `${this.name}-reviewer`,
            // Its token is for Vault alone, not for pods.
            { metadata: { name, namespace }, automountServiceAccountToken: false },
            this.kept,
        );
        const binding = new kubernetes.rbac.v1.ClusterRoleBinding(
            `${this.name}-reviewer-binding`,
            {
                metadata: { name },
                // May ask whether a token is genuine and what its holder may do; nothing else.
                roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:auth-delegator" },
                subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace }],
            },
            this.kept,
        );
        const secret = new kubernetes.core.v1.Secret(
            `${this.name}-reviewer-token`,
            {
                metadata: {
                    name,
                    namespace,
                    annotations: { "kubernetes.io/service-account.name": account.metadata.name },
                },
                type: "kubernetes.io/service-account-token",
            },
            // Vault refuses every login until the binding is there.
            { ...this.kept, dependsOn: [binding] },
        );
        return pulumi.secret(secret.data.apply((data) => this.tokenOf(data)));
    }

    /** The cluster puts the token into the Secret after it was made; in a preview it is not there yet. */
    private tokenOf(data: Record<string, string> | undefined): string {
        if (data?.token) return Buffer.from(data.token, "base64").toString();
        if (pulumi.runtime.isDryRun()) return "";
        throw new pulumi.ResourceError("the cluster put no token into the reviewer's Secret", this, true);
    }
}
