import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { clinicalAi } from "../../services/clinical-ai";
import { networkRules } from "./network";

const { configKeys, healthPort } = clinicalAi;

/** The only folder that the container can write to: its home too, where Prefect keeps its own files. */
const scratch = { volume: "scratch", path: "/tmp" };

const labels = { "app.kubernetes.io/name": clinicalAi.deployment };

/** What the pods have to do with a Secret: where it is, and what replaces the pods when it changes. */
export interface PodSecret {
    readonly name: pulumi.Input<string>;
    /** Variable of the container → key of the Secret. */
    readonly variables: Readonly<Record<string, string>>;
    /** Version of the Vault secret; undefined where a controller in the cluster replaces the pods. */
    readonly version: pulumi.Input<string> | undefined;
    /** When that version was written. */
    readonly created: pulumi.Input<string> | undefined;
}

export interface WorkloadArgs {
    readonly region: string;
    /** Image by digest. */
    readonly image: string;
    readonly replicas: number;
    /** Keys in the pods' environment; undefined where AWS gives them their credentials itself. */
    readonly secret: PodSecret | undefined;
    /** Whether pods fetch their credentials from the node's Pod Identity agent. */
    readonly usesPodIdentityAgent: boolean;
}

/** The worker and what belongs to it (B6). */
export function createWorkload(args: WorkloadArgs, options: pulumi.CustomResourceOptions): void {
    const config = createConfigMap(args, options);
    createNetworkPolicy(args, options);
    const deployment = createDeployment(args, config, options);
    // The provider waits for a pod behind the Service: where the Deployment fails, that would only delay the news.
    createService(args, { ...options, dependsOn: [deployment] });
    createDisruptionBudget(options);
}

function metadata(name: string) {
    return { name, namespace: clinicalAi.namespace, labels };
}

function createConfigMap(args: WorkloadArgs, options: pulumi.CustomResourceOptions): kubernetes.core.v1.ConfigMap {
    return new kubernetes.core.v1.ConfigMap(
        "clinical-ai-config",
        {
            metadata: metadata(clinicalAi.configMap),
            data: {
                [configKeys.storage]: clinicalAi.storageEnvironment,
                [configKeys.region]: args.region,
                [configKeys.prefect]: clinicalAi.prefectApiUrl,
            },
        },
        options,
    );
}

function createNetworkPolicy(args: WorkloadArgs, options: pulumi.CustomResourceOptions): void {
    new kubernetes.networking.v1.NetworkPolicy(
        "clinical-ai-network-policy",
        {
            metadata: metadata(clinicalAi.deployment),
            spec: {
                podSelector: { matchLabels: labels },
                policyTypes: ["Ingress", "Egress"],
                ...networkRules(args.usesPodIdentityAgent),
            },
        },
        options,
    );
}

function createDeployment(
    args: WorkloadArgs,
    config: kubernetes.core.v1.ConfigMap,
    options: pulumi.CustomResourceOptions,
): kubernetes.apps.v1.Deployment {
    return new kubernetes.apps.v1.Deployment(
        clinicalAi.deployment,
        {
            metadata: { ...metadata(clinicalAi.deployment), annotations: deploymentAnnotations(args.secret) },
            spec: {
                replicas: args.replicas,
                // Enough to go back to; each is a ReplicaSet that stays in the cluster.
                revisionHistoryLimit: 3,
                // A rollout that stands still for so many seconds has failed.
                progressDeadlineSeconds: 300,
                selector: { matchLabels: labels },
                // The old pod works until the new one does.
                strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
                template: {
                    metadata: { labels, annotations: podAnnotations(args.secret) },
                    spec: {
                        serviceAccountName: clinicalAi.serviceAccount,
                        automountServiceAccountToken: false,
                        // Else the environment gets variables of every Service in the namespace.
                        enableServiceLinks: false,
                        // Time to finish what is being moved.
                        terminationGracePeriodSeconds: 60,
                        // This and the container's own context are what the level `restricted` asks for.
                        securityContext: {
                            runAsNonRoot: true,
                            runAsUser: 1000,
                            runAsGroup: 1000,
                            fsGroup: 1000,
                            seccompProfile: { type: "RuntimeDefault" },
                        },
                        containers: [workerContainer(args, config.metadata.name)],
                        volumes: [{ name: scratch.volume, emptyDir: {} }],
                    },
                },
            },
        },
        options,
    );
}

/** Asks Reloader, which must be installed, to replace the pods when the Secret changes while no stack is deployed. */
function deploymentAnnotations(secret: PodSecret | undefined): Record<string, pulumi.Input<string>> | undefined {
    if (!secret || secret.version !== undefined) return undefined;
    return { "secret.reloader.stakater.com/reload": secret.name };
}

/**
 * A new version of the keys changes the template, and with it the pods. Neither number nor time says anything about the
 * keys; the time tells apart what has the same number, since a secret that was deleted counts from 1 again.
 */
function podAnnotations(secret: PodSecret | undefined): Record<string, pulumi.Input<string>> | undefined {
    if (secret?.version === undefined || secret.created === undefined) return undefined;
    return {
        [clinicalAi.versionAnnotations.pod]: secret.version,
        [clinicalAi.writtenAnnotations.pod]: secret.created,
    };
}

function workerContainer(
    args: WorkloadArgs,
    configMap: pulumi.Input<string>,
): kubernetes.types.input.core.v1.Container {
    const probe = { httpGet: { path: "/health", port: "health" } };
    return {
        name: "worker",
        image: args.image,
        env: [
            ...secretVariables(args.secret),
            fromConfig("AWS_REGION", configMap, configKeys.region),
            fromConfig("STORAGE_ENVIRONMENT", configMap, configKeys.storage),
            fromConfig("PREFECT_API_URL", configMap, configKeys.prefect),
            { name: "HOME", value: scratch.path },
        ],
        ports: [{ name: "health", containerPort: healthPort, protocol: "TCP" }],
        readinessProbe: probe,
        livenessProbe: { ...probe, initialDelaySeconds: 30, periodSeconds: 30 },
        resources: clinicalAi.containerResources,
        securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            privileged: false,
            readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: scratch.volume, mountPath: scratch.path }],
    };
}

function secretVariables(secret: PodSecret | undefined): kubernetes.types.input.core.v1.EnvVar[] {
    if (!secret) return [];
    return Object.entries(secret.variables).map(([name, key]) => ({
        name,
        valueFrom: { secretKeyRef: { name: secret.name, key } },
    }));
}

function fromConfig(name: string, configMap: pulumi.Input<string>, key: string): kubernetes.types.input.core.v1.EnvVar {
    return { name, valueFrom: { configMapKeyRef: { name: configMap, key } } };
}

function createService(args: WorkloadArgs, options: pulumi.CustomResourceOptions): void {
    new kubernetes.core.v1.Service(
        "clinical-ai-service",
        {
            metadata: {
                ...metadata(clinicalAi.deployment),
                // The provider waits for a pod behind the Service, and without replicas there never is one.
                annotations: args.replicas === 0 ? { "pulumi.com/skipAwait": "true" } : undefined,
            },
            spec: {
                type: "ClusterIP",
                selector: labels,
                ports: [{ name: "health", port: healthPort, targetPort: "health", protocol: "TCP" }],
            },
        },
        options,
    );
}

function createDisruptionBudget(options: pulumi.CustomResourceOptions): void {
    new kubernetes.policy.v1.PodDisruptionBudget(
        "clinical-ai-disruption-budget",
        {
            metadata: metadata(clinicalAi.deployment),
            // Not `minAvailable`: with one replica no node could ever be drained.
            spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
        },
        options,
    );
}
