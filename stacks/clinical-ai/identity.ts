import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

import { type PolicyDocument } from "../../components/policy-document";
import { ScopedIdentity } from "../../components/scoped-identity";
import { type DynamicSource, type StaticSource } from "../../components/vault-secret-pipeline";
import { clinicalAi, type ClinicalAiOutputs, type ClinicalAiSettings } from "../../services/clinical-ai";
import { adoptedUser } from "../adoption";
import { type StackContext } from "../context";
import { type Lifted } from "../lifted";
import { trustPodIdentity, trustPrincipal, trustServiceAccount } from "./trust";

/** Key of the Secret that holds a session token, in the one mode whose keys need it. */
const sessionTokenKey = "aws-session-token";

const serviceAccount = { namespace: clinicalAi.namespace, name: clinicalAi.serviceAccount };

/** Keys that reach the pods through Vault and a Secret. */
export interface SecretKeys {
    /** Where the KV engine is mounted, the cluster's settings say. */
    readonly source: Omit<StaticSource, "mount"> | DynamicSource;
    /** Name of the Vault policy that opens the source. */
    readonly vaultPolicy: string;
    /** Name of the Vault role that the service account logs in as. */
    readonly vaultRole: string;
    /** Variable of the container → key of the Secret. */
    readonly variables: Readonly<Record<string, string>>;
    /** Who replaces the pods when the keys change: the stack that changed them, or a controller in the cluster. */
    readonly replacedBy: "stack" | "cluster";
}

/** The worker's identity in AWS, and everything in the cluster that depends on how its pods come to have it. */
export interface WorkerIdentity {
    readonly outputs: Omit<
        Lifted<ClinicalAiOutputs>,
        "region" | "sourceBucket" | "destinationBucket" | "identityMode" | "cluster"
    >;
    /** Undefined where AWS gives the pods their credentials itself: nothing of Vault then, and no variables. */
    readonly secretKeys?: SecretKeys;
    readonly serviceAccountAnnotations: Readonly<Record<string, pulumi.Input<string>>>;
    /** Whether pods fetch their credentials from the node's Pod Identity agent. */
    readonly usesPodIdentityAgent: boolean;
    /** What has to be there before the first pod starts. */
    readonly before: readonly pulumi.Resource[];
}

/** The only place that knows the modes apart (B1, B9). */
export function createIdentity(
    { identity: settings, adopt }: Pick<ClinicalAiSettings, "identity" | "adopt">,
    buckets: readonly pulumi.Output<string>[],
    context: StackContext,
): WorkerIdentity {
    switch (settings.mode) {
        case "static":
            return withStaticKeys(settings, adopt.user, buckets, context);
        case "irsa":
            return withIrsa(settings, buckets, context);
        case "podIdentity":
            return withPodIdentity(settings, buckets, context);
        case "vaultDynamic":
            return withDynamicKeys(settings, buckets, context);
    }
}

type Mode<Name extends string> = Extract<ClinicalAiSettings["identity"], { readonly mode: Name }>;

/** A user's access key, which waits in Vault's KV engine. */
function withStaticKeys(
    settings: Mode<"static">,
    adopt: ClinicalAiSettings["adopt"]["user"],
    buckets: readonly pulumi.Output<string>[],
    context: StackContext,
): WorkerIdentity {
    const user = new ScopedIdentity("clinical-ai-worker", {
        principal: { kind: "user", userName: context.name(clinicalAi.user), accessKeys: settings.accessKeys },
        grants: grants(buckets),
        adopt: adoptedUser(adopt),
        tags: context.tags(clinicalAi.name),
    });
    const { vault, secretKeys } = clinicalAi;
    return {
        outputs: {
            userName: user.userName,
            ...user.accessKeys,
        },
        secretKeys: {
            source: {
                kind: "static",
                path: vault.path,
                fields: {
                    [vault.fields.accessKeyId]: user.accessKeyId,
                    [vault.fields.secretAccessKey]: user.secretAccessKey,
                },
                keys: {
                    [secretKeys.accessKeyId]: vault.fields.accessKeyId,
                    [secretKeys.secretAccessKey]: vault.fields.secretAccessKey,
                },
                secretStoreName: clinicalAi.secretStore,
            },
            vaultPolicy: vault.policy,
            vaultRole: vault.role,
            variables: keyVariables,
            replacedBy: "stack",
        },
        serviceAccountAnnotations: {},
        usesPodIdentityAgent: false,
        before: [user],
    };
}

/** A role that trusts the cluster's OIDC provider for the service account. */
function withIrsa(
    settings: Mode<"irsa">,
    buckets: readonly pulumi.Output<string>[],
    context: StackContext,
): WorkerIdentity {
    const role = createRole(trustServiceAccount(settings.oidcProviderArn, serviceAccount), buckets, context);
    return {
        outputs: { roleArn: role.arn, oidcProviderArn: settings.oidcProviderArn },
        serviceAccountAnnotations: { "eks.amazonaws.com/role-arn": role.arn },
        usesPodIdentityAgent: false,
        before: [role],
    };
}

/** A role that EKS gives to the service account by an association. */
function withPodIdentity(
    settings: Mode<"podIdentity">,
    buckets: readonly pulumi.Output<string>[],
    context: StackContext,
): WorkerIdentity {
    const trust = context.scope.apply((scope) => trustPodIdentity(scope, settings.clusterName, serviceAccount));
    const role = createRole(trust, buckets, context);
    const association = new aws.eks.PodIdentityAssociation("clinical-ai-worker-association", {
        clusterName: settings.clusterName,
        namespace: serviceAccount.namespace,
        serviceAccount: serviceAccount.name,
        roleArn: role.arn,
        tags: context.tags(clinicalAi.name),
    });
    return {
        outputs: { roleArn: role.arn, clusterName: settings.clusterName },
        serviceAccountAnnotations: {},
        usesPodIdentityAgent: true,
        // A pod that starts earlier gets no credentials for the whole of its life.
        before: [role, association],
    };
}

/** Sessions of a role, which Vault starts and External Secrets renews. */
function withDynamicKeys(
    settings: Mode<"vaultDynamic">,
    buckets: readonly pulumi.Output<string>[],
    context: StackContext,
): WorkerIdentity {
    const role = createRole(trustPrincipal(settings.vaultPrincipalArn), buckets, context);
    const { secretKeys, vault } = clinicalAi;
    return {
        outputs: { roleArn: role.arn, vaultPrincipalArn: settings.vaultPrincipalArn },
        secretKeys: {
            source: {
                kind: "dynamic",
                awsMount: settings.vaultAwsMount,
                awsRole: vault.awsRole,
                roleArn: role.arn,
                keys: { ...secretKeys, sessionToken: sessionTokenKey },
                generatorName: clinicalAi.externalSecret,
                ttlSeconds: settings.ttlSeconds,
                refreshSeconds: settings.refreshSeconds,
            },
            // Names of their own, so that a change of the mode takes the old ones away last: the keys that are in use
            // until then stay readable. Tokens of this role live as long as the keys, not the hour of a login that reads.
            vaultPolicy: vault.dynamicPolicy,
            vaultRole: vault.dynamicRole,
            variables: { ...keyVariables, AWS_SESSION_TOKEN: sessionTokenKey },
            replacedBy: "cluster",
        },
        serviceAccountAnnotations: {},
        usesPodIdentityAgent: false,
        before: [role],
    };
}

const keyVariables = {
    AWS_ACCESS_KEY_ID: clinicalAi.secretKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: clinicalAi.secretKeys.secretAccessKey,
};

function createRole(
    trust: pulumi.Input<PolicyDocument>,
    buckets: readonly pulumi.Output<string>[],
    context: StackContext,
): ScopedIdentity {
    return new ScopedIdentity("clinical-ai-worker", {
        principal: { kind: "role", roleName: context.name(clinicalAi.role), trust },
        grants: grants(buckets),
        tags: context.tags(clinicalAi.name),
    });
}

function grants(buckets: readonly pulumi.Output<string>[]) {
    return buckets.map((bucketArn) => ({ bucketArn, actions: ["list", "read", "write", "delete"] as const }));
}
