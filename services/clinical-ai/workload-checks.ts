import { check, inCluster, type Values } from "../check-helpers";
import { type Check, type ObjectReference, type Place, type ServiceAccount } from "../checks";
import { names } from "./names";
import { type ClinicalAiClusterOutputs, type ClinicalAiOutputs } from "./outputs";

const { namespace } = names;

const externalSecrets = "external-secrets.io/v1";
const generators = "generators.external-secrets.io/v1alpha1";

/** Whoever has the keys of the worker's pods. */
export const environment = { environmentOf: names.deployment, namespace };

/** The worker's service account. */
export const worker: ServiceAccount = { serviceAccount: names.serviceAccount, namespace };

/** The objects in the cluster. */
export const objects = {
    namespace: { apiVersion: "v1", kind: "Namespace", name: namespace },
    secretStore: { apiVersion: externalSecrets, kind: "SecretStore", namespace, name: names.secretStore },
    externalSecret: { apiVersion: externalSecrets, kind: "ExternalSecret", namespace, name: names.externalSecret },
    generator: { apiVersion: generators, kind: "VaultDynamicSecret", namespace, name: names.externalSecret },
    secret: { apiVersion: "v1", kind: "Secret", namespace, name: names.secret },
    configMap: { apiVersion: "v1", kind: "ConfigMap", namespace, name: names.configMap },
    serviceAccount: { apiVersion: "v1", kind: "ServiceAccount", namespace, name: names.serviceAccount },
    deployment: { apiVersion: "apps/v1", kind: "Deployment", namespace, name: names.deployment },
    service: { apiVersion: "v1", kind: "Service", namespace, name: names.deployment },
    networkPolicy: {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        namespace,
        name: names.deployment,
    },
    disruptionBudget: { apiVersion: "policy/v1", kind: "PodDisruptionBudget", namespace, name: names.deployment },
} satisfies Record<string, ObjectReference>;

/** What the worker is in every mode (B6). */
export function workloadChecks(outputs: ClinicalAiOutputs, cluster: ClinicalAiClusterOutputs): Check[] {
    const { deployment, networkPolicy } = objects;
    const template: Place = ["spec", "template", "spec"];
    const container: Place = [...template, "containers", "0"];
    const labels = [[["app.kubernetes.io/name"], names.deployment]] as const;
    const labelled = (place: Place): Values => labels.map(([key, value]) => [[...place, ...key], value] as const);
    const inPod: readonly [string, string][] = [
        ["AWS_REGION", outputs.region],
        ["STORAGE_ENVIRONMENT", names.storageEnvironment],
        ["PREFECT_API_URL", names.prefectApiUrl],
    ];
    const { replicas } = cluster;
    return [
        inCluster("B6", "namespace: Pod Security level", objects.namespace, [
            [["metadata", "labels", "pod-security.kubernetes.io/enforce"], "restricted"],
        ]),
        inCluster("B6", "ConfigMap", objects.configMap, [
            [["data", names.configKeys.storage], names.storageEnvironment],
            [["data", names.configKeys.region], outputs.region],
            [["data", names.configKeys.prefect], names.prefectApiUrl],
        ]),
        inCluster("B6", "ServiceAccount: no token in pods", objects.serviceAccount, [
            [["automountServiceAccountToken"], false],
            [["metadata", "annotations", roleAnnotation], annotatedRole(outputs)],
        ]),
        inCluster("B6", "Deployment: image by digest", deployment, [[[...container, "image"], cluster.image]]),
        check("B6", "Deployment: variables", variables(outputs), {
            kind: "kubernetes",
            aspect: "variables",
            object: deployment,
        }),
        inCluster("B6", "Deployment: pod's security context", deployment, [
            [[...template, "serviceAccountName"], names.serviceAccount],
            [[...template, "automountServiceAccountToken"], false],
            [[...template, "securityContext"], podSecurityContext],
        ]),
        inCluster("B6", "Deployment: container's security context", deployment, [
            [[...container, "securityContext"], containerSecurityContext],
        ]),
        inCluster("B6", "Deployment: resources", deployment, [[[...container, "resources"], names.containerResources]]),
        check("B6", "Deployment: replicas", `${replicas} of ${replicas} available, ${replicas} up to date`, {
            kind: "kubernetes",
            aspect: "available",
            object: deployment,
        }),
        inCluster("B6", "Service", objects.service, [
            [["spec", "type"], "ClusterIP"],
            [["spec", "ports"], [{ name: "health", port: names.healthPort, targetPort: "health", protocol: "TCP" }]],
            ...labelled(["spec", "selector"]),
        ]),
        inCluster("B6", "NetworkPolicy: of the worker's pods, both ways", networkPolicy, [
            ...labelled(["spec", "podSelector", "matchLabels"]),
            [
                ["spec", "policyTypes"],
                ["Ingress", "Egress"],
            ],
        ]),
        check("B6", "NetworkPolicy: ingress", ingress, {
            kind: "kubernetes",
            aspect: "ingress",
            object: networkPolicy,
        }),
        check("B6", "NetworkPolicy: egress", egress(outputs), {
            kind: "kubernetes",
            aspect: "egress",
            object: networkPolicy,
        }),
        inCluster("B6", "PodDisruptionBudget", objects.disruptionBudget, [
            [["spec", "maxUnavailable"], 1],
            ...labelled(["spec", "selector", "matchLabels"]),
        ]),
        check(
            "B6",
            "a bare pod of the template",
            "accepted",
            { kind: "podSecurity", deployment: names.deployment, namespace, gainsPrivileges: false },
            "deployer",
        ),
        check(
            "B6",
            "the same pod, able to gain privileges",
            "refused by PodSecurity restricted:latest",
            { kind: "podSecurity", deployment: names.deployment, namespace, gainsPrivileges: true },
            "deployer",
        ),
        check("B6", "rights in the Kubernetes API", "nothing", { kind: "ownRights", namespace }, worker),
        check(
            "B6",
            "read the Secret",
            "denied (Forbidden)",
            { kind: "kubernetes", aspect: "exists", object: objects.secret },
            worker,
        ),
        check(
            "B8",
            "environment: settings",
            inPod.map((pair) => pair.join("=")).join(", "),
            {
                kind: "podEnvironment",
                aspect: "values",
                deployment: names.deployment,
                namespace,
                variables: inPod.map(([name]) => name),
            },
            environment,
        ),
        check(
            "B8",
            "environment: keys",
            keysIn(outputs).join(", ") || "none",
            {
                kind: "podEnvironment",
                aspect: "names",
                deployment: names.deployment,
                namespace,
                variables: keyVariables,
            },
            environment,
        ),
    ];
}

/** Variables of the container that are somebody's keys. */
const keyVariables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

const roleAnnotation = "eks.amazonaws.com/role-arn";

const podSecurityContext = {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    seccompProfile: { type: "RuntimeDefault" },
};
const containerSecurityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    privileged: false,
    readOnlyRootFilesystem: true,
};

/** With IRSA, EKS takes the role from an annotation of the service account. */
function annotatedRole({ identityMode, roleArn }: ClinicalAiOutputs): string | undefined {
    return identityMode === "irsa" ? (roleArn ?? "(the stack exports no roleArn)") : undefined;
}

/** The variables that are the worker's keys, in the order of `keyVariables`. */
function keysIn({ identityMode }: ClinicalAiOutputs): string[] {
    const keys = { static: 2, vaultDynamic: 3, irsa: 0, podIdentity: 0 };
    return keyVariables.slice(0, keys[identityMode]);
}

/** Key of the Secret that each of the variables comes from. */
const secretKeyOf: Readonly<Record<string, string>> = {
    AWS_ACCESS_KEY_ID: names.secretKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: names.secretKeys.secretAccessKey,
    AWS_SESSION_TOKEN: "aws-session-token",
};

function variables(outputs: ClinicalAiOutputs): string {
    const fromConfig = {
        AWS_REGION: names.configKeys.region,
        STORAGE_ENVIRONMENT: names.configKeys.storage,
        PREFECT_API_URL: names.configKeys.prefect,
    };
    return [
        ...keysIn(outputs).map((name) => `${name} from Secret ${names.secret}/${secretKeyOf[name]}`),
        ...Object.entries(fromConfig).map(([name, key]) => `${name} from ConfigMap ${names.configMap}/${key}`),
        // The only folder that the container can write to.
        "HOME=/tmp",
    ]
        .sort()
        .join(", ");
}

const ingress = `TCP ${names.healthPort} with pods of the namespace`;

/** DNS, Prefect's API, PostgreSQL, TLS out of the cluster; and with Pod Identity the agent of the node. */
function egress({ identityMode }: ClinicalAiOutputs): string {
    return [
        "TCP+UDP 53 with pods k8s-app=kube-dns of namespaces kubernetes.io/metadata.name=kube-system",
        `TCP ${names.prefectPort} with pods of the namespace`,
        `TCP ${names.postgresPort} with 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, pods of the namespace`,
        "TCP 443 with 0.0.0.0/0 except 10.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16, " +
            "::/0 except fc00::/7 fe80::/10",
        ...(identityMode === "podIdentity" ? ["TCP 80 with 169.254.170.23/32"] : []),
    ]
        .sort()
        .join("; ");
}
