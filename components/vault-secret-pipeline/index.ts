import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type * as vault from "@pulumi/vault";

import { refuse, refuseFault } from "../validation";
import { syncDynamic, syncStatic, type Target, type VaultConnection } from "./kubernetes";
import { pathFault } from "./policy";
import { createDynamicSource, createLogin, createStaticSource, type DynamicSource, type StaticSource } from "./vault";

export { type AuditDevice, type KubernetesAuth, SharedVault, type SharedVaultArgs } from "./shared";
export type { DynamicSource, StaticSource } from "./vault";

export interface VaultSecretPipelineArgs {
    /** The Vault and the cluster that the pipeline joins; never the default providers. */
    readonly providers: { readonly vault: vault.Provider; readonly kubernetes: kubernetes.Provider };
    /** Where the values come from. */
    readonly source: StaticSource | DynamicSource;
    /**
     * Mount path of the auth method through which the service account logs in, without slashes at its ends, e.g.
     * `kubernetes`; give the output of what enables it, so that it is there first.
     */
    readonly authPath: pulumi.Input<string>;
    /** Name of the Vault policy that opens exactly one path, for reading. */
    readonly policyName: string;
    /** Name of the Vault role; a role, like the store, serves one service account of one namespace. */
    readonly roleName: string;
    /** Audience that a token must carry to log in; tokens for other services, the cluster's own API too, are refused. */
    readonly audience: string;
    /**
     * How long a login lasts at most, in seconds; where keys are made anew (`dynamic`), their `ttlSeconds` counts instead.
     *
     * @default 3600
     */
    readonly tokenTtlSeconds?: number;
    /** Address of Vault as the operator in the cluster reaches it, e.g. `https://vault.example.com:8200`. */
    readonly vaultAddress: pulumi.Input<string>;
    /**
     * Certificate authority of that address, PEM.
     *
     * @default the operator's own certificate authorities
     */
    readonly vaultCaCert?: pulumi.Input<string>;
    /**
     * Namespace of Vault, a feature of Vault Enterprise, relative to the one of the provider.
     *
     * @default the namespace of the provider, if any
     */
    readonly vaultNamespace?: string;
    /**
     * Namespace of every object in the cluster. Give the service account's own output, so that both are there first.
     */
    readonly namespace: pulumi.Input<string>;
    /** Service account in that namespace with which the operator logs in to Vault. */
    readonly serviceAccount: pulumi.Input<string>;
    /** Name of the ExternalSecret. */
    readonly externalSecretName: string;
    /** Name of the Secret that the operator writes, and where the pipeline ends. */
    readonly secretName: string;
    /**
     * How long the operator gets to bring a change into the Secret, in seconds; then the update fails.
     *
     * @default 120
     */
    readonly syncTimeoutSeconds?: number;
    /**
     * Runs before the ExternalSecret is made, and can refuse that: from then on the operator owns the Secret of that name
     * and replaces all that it holds.
     *
     * @default it is made
     */
    readonly beforeSync?: pulumi.ResourceHook;
}

/**
 * The way of a secret from Vault to a Secret in a cluster, by the External Secrets Operator, which must be installed.
 *
 * A change goes all the way within one update: the operator copies a new version at once, the Secret then carries that
 * version as an annotation, and the update waits for it. What depends on `secretName` is touched only after that; when
 * the operator does not copy in time, the update fails instead.
 */
export class VaultSecretPipeline extends pulumi.ComponentResource {
    /** Name of the Secret, known once it holds what Vault has now. */
    readonly secretName: pulumi.Output<string>;
    /** Version of the Vault secret, which counts up with every change; undefined for a dynamic source. */
    readonly vaultVersion: pulumi.Output<string> | undefined;
    /** When that version was written; undefined for a dynamic source. */
    readonly vaultCreated: pulumi.Output<string> | undefined;

    constructor(name: string, args: VaultSecretPipelineArgs, opts?: pulumi.ComponentResourceOptions) {
        const providers = [args.providers.vault, args.providers.kubernetes];
        super("platform:secrets:VaultSecretPipeline", name, {}, { ...opts, providers });
        this.validate(args);
        const { source, vaultNamespace } = args;

        const start =
            source.kind === "static"
                ? createStaticSource(this, name, source, vaultNamespace)
                : createDynamicSource(this, name, source, vaultNamespace);
        const login = createLogin(this, name, {
            authPath: args.authPath,
            policyName: args.policyName,
            roleName: args.roleName,
            audience: args.audience,
            serviceAccount: args.serviceAccount,
            kubernetesNamespace: args.namespace,
            tokenTtlSeconds: source.kind === "dynamic" ? source.ttlSeconds : (args.tokenTtlSeconds ?? 3600),
            readPath: start.readPath,
            vaultNamespace,
        });
        const { marks, readPath } = start;
        const sync = {
            connection: connection(args),
            target: target(args),
            marks,
            dependsOn: [login, ...start.resources],
        };
        this.secretName =
            source.kind === "static"
                ? syncStatic(this, name, source, sync)
                : syncDynamic(this, name, source, { ...sync, readPath });

        this.vaultVersion = start.version;
        this.vaultCreated = start.created;
        this.registerOutputs({
            secretName: this.secretName,
            vaultVersion: this.vaultVersion,
            vaultCreated: this.vaultCreated,
        });
    }

    private validate(args: VaultSecretPipelineArgs): void {
        const { source } = args;
        this.requirePath("authPath", args.authPath);
        if (args.audience === "") refuse(this, "audience", args.audience, "the audience that a token must carry");
        if (args.tokenTtlSeconds !== undefined) this.requireSeconds("tokenTtlSeconds", args.tokenTtlSeconds);
        if (args.syncTimeoutSeconds !== undefined) this.requireSeconds("syncTimeoutSeconds", args.syncTimeoutSeconds);
        if (source.kind === "static") this.validateStatic(source);
        else this.validateDynamic(source);
    }

    private validateStatic(source: StaticSource): void {
        this.requirePath("source.mount", source.mount);
        this.requirePath("source.path", source.path);
        const added = typeof source.mount === "string" ? ["data/", `${source.mount}/`] : ["data/"];
        if (added.some((start) => source.path.startsWith(start))) {
            refuse(this, "source.path", source.path, "a path without the mount and without `data/`, which are added");
        }
        if (Object.keys(source.keys).length === 0) refuse(this, "source.keys", source.keys, "at least one key");
        for (const [key, field] of Object.entries(source.keys)) {
            if (Object.hasOwn(source.fields, field)) continue;
            refuse(this, `source.keys[${key}]`, field, `one of the fields ${Object.keys(source.fields).join(", ")}`);
        }
        if (source.refreshSeconds !== undefined) this.requireSeconds("source.refreshSeconds", source.refreshSeconds);
    }

    private validateDynamic(source: DynamicSource): void {
        this.requirePath("source.awsMount", source.awsMount);
        this.requirePath("source.awsRole", source.awsRole);
        this.requireSeconds("source.refreshSeconds", source.refreshSeconds);
        this.requireSeconds("source.ttlSeconds", source.ttlSeconds);
        const least = 3 * source.refreshSeconds;
        if (source.ttlSeconds < least) {
            refuse(this, "source.ttlSeconds", source.ttlSeconds, `at least three times refreshSeconds, ${least}`);
        }
        if (source.ttlSeconds < 900) {
            refuse(this, "source.ttlSeconds", source.ttlSeconds, "at least 900, the shortest session of AWS");
        }
    }

    private requireSeconds(property: string, got: number): void {
        if (!Number.isInteger(got) || got <= 0) refuse(this, property, got, "a whole number of seconds above 0");
    }

    /** A path that is the output of a resource has been taken by Vault already. */
    private requirePath(property: string, got: pulumi.Input<string>): void {
        refuseFault(this, property, got, typeof got === "string" ? pathFault(got) : undefined);
    }
}

function connection(args: VaultSecretPipelineArgs): VaultConnection {
    return {
        address: args.vaultAddress,
        caCert: args.vaultCaCert,
        vaultNamespace: args.vaultNamespace,
        authPath: args.authPath,
        roleName: args.roleName,
        audience: args.audience,
        serviceAccount: args.serviceAccount,
    };
}

function target(args: VaultSecretPipelineArgs): Target {
    return {
        namespace: args.namespace,
        externalSecretName: args.externalSecretName,
        secretName: args.secretName,
        syncTimeoutSeconds: args.syncTimeoutSeconds ?? 120,
        beforeSync: args.beforeSync,
    };
}
