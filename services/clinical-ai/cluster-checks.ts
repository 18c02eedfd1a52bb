import { check, foreignBucketChecks, inCluster, inVault, leftoversCheck, objectCalls, s3Check } from "../check-helpers";
import {
    allowed,
    type Caller,
    type Check,
    type CheckContext,
    type ClusterProbe,
    denied,
    type VaultAddress,
    type VaultLogin,
} from "../checks";
import { names } from "./names";
import { bucketsOf, type ClinicalAiClusterOutputs, type ClinicalAiOutputs } from "./outputs";
import { environment, objects, worker, workloadChecks } from "./workload-checks";

const { namespace, vault: vaultNames } = names;

const annotationsOf = (what: "secret" | "pod") => ({
    version: names.versionAnnotations[what],
    written: names.writtenAnnotations[what],
});

/** Which write of the Vault secret the stack delivered. By its version alone, one that was deleted and written again would pass for it. */
function writeOf({ vaultVersion, vaultCreated }: ClinicalAiClusterOutputs) {
    const version = vaultVersion ?? "(the stack exports no vaultVersion)";
    const written = vaultCreated ?? "(the stack exports no vaultCreated)";
    return { version, written, words: `version ${version} of ${written}` };
}

/** What the modes without static keys do not have, and the other way round. */
type ModeChecks = (outputs: ClinicalAiOutputs, cluster: ClinicalAiClusterOutputs, context: CheckContext) => Check[];

/**
 * What must hold in the cluster and in its Vault (B1 to B6, B8, B9, B11). Nothing where the stack has no cluster.
 *
 * Without access to it one line says that nothing of this was verified.
 */
export function clinicalAiClusterChecks(outputs: ClinicalAiOutputs, context: CheckContext): Check[] {
    const { cluster, identityMode } = outputs;
    if (cluster === undefined) return [];
    const access = (caller: Caller) =>
        check("B8", "cluster and Vault", "both answer", { kind: "clusterAccess", vault: addressOf(cluster) }, caller);
    if (!context.cluster) return [access("operator")];
    return [
        access("operator"),
        access("deployer"),
        ...workloadChecks(outputs, cluster),
        ...modes[identityMode](outputs, cluster, context),
    ];
}

const modes: Readonly<Record<ClinicalAiOutputs["identityMode"], ModeChecks>> = {
    static: (outputs, cluster, context) => [
        served("external-secrets.io/v1", ["externalsecrets", "secretstores"]),
        ...staticVault(cluster),
        ...loginChecks(cluster, { path: kvPath, other: `${vaultNames.mount}/data/clinical-ai/other`, list: kvFolder }),
        ...staticObjects(outputs, cluster),
        ...environmentChecks(outputs, context),
        ...absent(dynamicRemains(cluster)),
    ],
    vaultDynamic: (outputs, cluster, context) => [
        served("external-secrets.io/v1", ["externalsecrets"]),
        served("generators.external-secrets.io/v1alpha1", ["vaultdynamicsecrets"]),
        ...dynamicVault(outputs, cluster),
        ...loginChecks(cluster, {
            path: credentialsPath(cluster),
            other: `${awsMount(cluster)}/creds/other`,
            list: `${awsMount(cluster)}/roles`,
        }),
        ...dynamicObjects(cluster),
        ...environmentChecks(outputs, context),
        ...bucketsOf(outputs).map((bucket) => leftoversCheck("B8", bucket)),
        ...absent(staticRemains(cluster)),
    ],
    irsa: (_, cluster) => absent(everythingOfVault(cluster)),
    podIdentity: (_, cluster) => absent(everythingOfVault(cluster)),
};

const kvPath = `${vaultNames.mount}/data/${vaultNames.path}`;
const kvMetadata = `${vaultNames.mount}/metadata/${vaultNames.path}`;
const kvFolder = `${vaultNames.mount}/metadata/clinical-ai`;

function addressOf(cluster: ClinicalAiClusterOutputs): VaultAddress {
    return { address: cluster.vaultAddress, caCertFile: cluster.vaultCaCertFile, namespace: cluster.vaultNamespace };
}

function loginOf(cluster: ClinicalAiClusterOutputs): VaultLogin {
    const role = cluster.vaultRole ?? "(the stack exports no vaultRole)";
    return { vault: addressOf(cluster), mount: vaultNames.authMount, role, audience: cluster.audience };
}

function awsMount({ dynamic }: ClinicalAiClusterOutputs): string {
    return dynamic?.awsMount ?? "(the stack exports no cluster.dynamic)";
}

function credentialsPath(cluster: ClinicalAiClusterOutputs): string {
    return `${awsMount(cluster)}/creds/${vaultNames.awsRole}`;
}

/** That External Secrets is installed (B4): the cluster knows its kinds. */
function served(groupVersion: string, resources: readonly string[]): Check {
    const name = `External Secrets: ${groupVersion}`;
    return check("B4", name, resources.join(", "), { kind: "servedResources", groupVersion, resources });
}

function staticVault(cluster: ClinicalAiClusterOutputs): Check[] {
    const vault = addressOf(cluster);
    const { version, written } = writeOf(cluster);
    return [
        inVault("B1", `mount ${vaultNames.mount}`, vault, `sys/mounts/${vaultNames.mount}`, [
            [["type"], "kv"],
            [["options", "version"], 2],
        ]),
        inVault("B1", "secret's version", vault, kvMetadata, [
            [["current_version"], version],
            [["versions", version, "created_time"], written],
        ]),
        policy(vault, vaultNames.policy, kvPath),
        ...roleAndAuth(cluster, vaultNames.policy, vaultNames.tokenTtlSeconds),
    ];
}

function dynamicVault({ roleArn }: ClinicalAiOutputs, cluster: ClinicalAiClusterOutputs): Check[] {
    const vault = addressOf(cluster);
    const lifetime = cluster.dynamic?.ttlSeconds;
    return [
        inVault("B9", "role of Vault's AWS engine", vault, `${awsMount(cluster)}/roles/${vaultNames.awsRole}`, [
            [["credential_type"], "assumed_role"],
            [["role_arns"], [roleArn]],
            [["default_sts_ttl"], lifetime],
            [["max_sts_ttl"], lifetime],
        ]),
        policy(vault, vaultNames.dynamicPolicy, credentialsPath(cluster)),
        ...roleAndAuth(cluster, vaultNames.dynamicPolicy, lifetime),
    ];
}

function policy(vault: VaultAddress, name: string, path: string): Check {
    const probe = { kind: "vault", aspect: "policy", vault, path: `sys/policies/acl/${name}` } as const;
    return check("B2", `policy ${name}: one path`, `read on ${path}`, probe);
}

function roleAndAuth(cluster: ClinicalAiClusterOutputs, policyName: string, seconds: number | undefined): Check[] {
    const login = loginOf(cluster);
    const { vault, mount } = login;
    return [
        inVault("B3", "auth method", vault, `sys/auth/${mount}`, [[["type"], "kubernetes"]]),
        ...(cluster.vaultKubernetesHost === undefined
            ? []
            : [
                  inVault("B3", "auth method: whom it asks", vault, `auth/${mount}/config`, [
                      [["kubernetes_host"], cluster.vaultKubernetesHost],
                  ]),
              ]),
        inVault("B3", `role ${login.role}: who`, vault, `auth/${mount}/role/${login.role}`, [
            [["bound_service_account_names"], [names.serviceAccount]],
            [["bound_service_account_namespaces"], [namespace]],
            [["bound_service_account_namespace_selector"], undefined],
            [["audience"], login.audience],
        ]),
        inVault("B3", `role ${login.role}: what and how long`, vault, `auth/${mount}/role/${login.role}`, [
            [["token_policies"], [policyName]],
            [["token_ttl"], seconds],
            [["token_max_ttl"], seconds],
            [["token_period"], 0],
        ]),
        check("B11", "audit device", "on", { kind: "vault", aspect: "audit", vault, path: "sys/audit" }),
    ];
}

/** What the role's holder is let do, and everything that it and others are not. */
function loginChecks(
    cluster: ClinicalAiClusterOutputs,
    { path, other, list }: { readonly path: string; readonly other: string; readonly list: string },
): Check[] {
    const login = loginOf(cluster);
    const may = (name: string, expected: string, call: "read" | "write" | "list", where: string): Check =>
        check("B3", name, expected, { kind: "vaultLogin", login, then: { call, path: where } }, worker);
    const refused = (name: string, token: Extract<ClusterProbe, { kind: "vaultLogin" }>["token"]): Check =>
        check("B3", name, "login refused (permission denied)", { kind: "vaultLogin", login, token }, worker);
    // Vault looks at the name first: that no other namespace is let in is compared as declared, at the role. To try it
    // takes an account of the worker's name elsewhere, which the deployer may not make; the cluster's tests do.
    const stranger = (of: string): Check =>
        check(
            "B3",
            `log in under another name, in namespace ${of}`,
            "login refused (service account name not authorized)",
            { kind: "vaultLogin", login },
            { serviceAccount: "default", namespace: of },
        );
    const elsewhere = { ...login, audience: "somebody-else" };
    return [
        may(`read ${path}`, allowed, "read", path),
        may(`read ${other}`, `permission denied on ${other}`, "read", other),
        may(`write ${path}`, `permission denied on ${path}`, "write", path),
        may(`list ${list}`, `permission denied on ${list}`, "list", list),
        check(
            "B3",
            "log in with a token for another audience",
            "login refused (invalid audience (aud) claim: audience claim does not match any expected audience)",
            { kind: "vaultLogin", login: elsewhere },
            worker,
        ),
        refused("log in with a token of another signature", { fault: "signature" }),
        refused("log in with a token whose Secret was deleted", { fault: "deleted", secret: names.probeSecret }),
        stranger(namespace),
        stranger("default"),
    ];
}

function staticObjects(outputs: ClinicalAiOutputs, cluster: ClinicalAiClusterOutputs): Check[] {
    const { replicas } = cluster;
    const { version, written, words } = writeOf(cluster);
    const { secretKeys } = names;
    const key = (index: string, secretKey: string, property: string) =>
        [
            [["spec", "data", index, "secretKey"], secretKey],
            [["spec", "data", index, "remoteRef", "key"], vaultNames.path],
            [["spec", "data", index, "remoteRef", "property"], property],
        ] as const;
    const provider = ["spec", "provider", "vault"];
    return [
        inCluster("B5", "SecretStore", objects.secretStore, [
            [["apiVersion"], "external-secrets.io/v1"],
            [[...provider, "server"], cluster.vaultAddress],
            [[...provider, "path"], vaultNames.mount],
            [[...provider, "version"], "v2"],
            [[...provider, "namespace"], cluster.vaultNamespace],
        ]),
        inCluster("B5", "SecretStore: login", objects.secretStore, [[[...provider, "auth"], loginOfStore(cluster)]]),
        ready("SecretStore is ready", objects.secretStore),
        inCluster("B5", "ExternalSecret", objects.externalSecret, [
            [["apiVersion"], "external-secrets.io/v1"],
            // As the API server keeps it.
            [["spec", "refreshInterval"], "1h"],
            [["spec", "secretStoreRef"], { kind: "SecretStore", name: names.secretStore }],
            [["spec", "target", "name"], names.secret],
            [["spec", "target", "creationPolicy"], "Owner"],
        ]),
        inCluster("B5", "ExternalSecret: keys", objects.externalSecret, [
            ...key("0", secretKeys.accessKeyId, vaultNames.fields.accessKeyId),
            ...key("1", secretKeys.secretAccessKey, vaultNames.fields.secretAccessKey),
            [["spec", "data", "2"], undefined],
        ]),
        ready("ExternalSecret is ready", objects.externalSecret),
        check(
            "B8",
            "Secret holds what Vault has",
            `current (${words})`,
            {
                kind: "secretSync",
                reader: worker,
                login: loginOf(cluster),
                path: kvPath,
                secret: names.secret,
                keys: {
                    [secretKeys.accessKeyId]: vaultNames.fields.accessKeyId,
                    [secretKeys.secretAccessKey]: vaultNames.fields.secretAccessKey,
                },
                annotations: annotationsOf("secret"),
            },
            "deployer",
        ),
        inCluster("B8", "Deployment: version of the secret", objects.deployment, [
            [["spec", "template", "metadata", "annotations", names.versionAnnotations.pod], version],
            [["spec", "template", "metadata", "annotations", names.writtenAnnotations.pod], written],
        ]),
        check("B8", "pods: version of the secret", replicas === 0 ? "no pods" : `${replicas} with ${words}`, {
            kind: "podVersions",
            deployment: names.deployment,
            namespace,
            annotations: annotationsOf("pod"),
        }),
        check(
            "B8",
            "environment: published key",
            `AWS_ACCESS_KEY_ID=${outputs.accessKeyId}`,
            {
                kind: "podEnvironment",
                aspect: "values",
                deployment: names.deployment,
                namespace,
                variables: ["AWS_ACCESS_KEY_ID"],
            },
            environment,
        ),
    ];
}

function dynamicObjects(cluster: ClinicalAiClusterOutputs): Check[] {
    const provider = ["spec", "provider"];
    return [
        inCluster("B9", "generator", objects.generator, [
            [["spec", "path"], credentialsPath(cluster)],
            [["spec", "method"], "GET"],
            [[...provider, "server"], cluster.vaultAddress],
            [[...provider, "namespace"], cluster.vaultNamespace],
        ]),
        inCluster("B9", "generator: login", objects.generator, [[[...provider, "auth"], loginOfStore(cluster)]]),
        inCluster("B9", "ExternalSecret", objects.externalSecret, [
            [["apiVersion"], "external-secrets.io/v1"],
            [["spec", "refreshInterval"], refreshInterval(cluster)],
            [["spec", "target", "name"], names.secret],
            [["spec", "target", "creationPolicy"], "Owner"],
            [["spec", "dataFrom", "0", "sourceRef", "generatorRef", "name"], names.externalSecret],
        ]),
        ready("ExternalSecret is ready", objects.externalSecret),
        inCluster("B9", "Deployment: replaced when the Secret changes", objects.deployment, [
            [["metadata", "annotations", "secret.reloader.stakater.com/reload"], names.secret],
        ]),
        podsYoungerThanKeys(cluster),
    ];
}

/**
 * That no pod runs with keys that have ended. When a pod starts, its keys are at most one refresh old: what is left of
 * their life then is what a pod may be at work.
 */
function podsYoungerThanKeys({ dynamic }: ClinicalAiClusterOutputs): Check {
    const seconds = dynamic && dynamic.ttlSeconds - dynamic.refreshSeconds;
    return check("B9", "pods: gone before their keys end", `none older than ${seconds} s`, {
        kind: "podAges",
        deployment: names.deployment,
        namespace,
        seconds,
    });
}

/** A duration as the program writes it: in the largest unit that leaves no rest. */
function refreshInterval({ dynamic }: ClinicalAiClusterOutputs): string {
    const seconds = dynamic?.refreshSeconds;
    if (seconds === undefined) return "(the stack exports no cluster.dynamic)";
    const [unit, length] = (
        [
            ["h", 3600],
            ["m", 60],
            ["s", 1],
        ] as const
    ).find(([, of]) => seconds % of === 0)!;
    return `${seconds / length}${unit}`;
}

/** How External Secrets logs in: as the worker's service account, with a token for Vault alone. */
function loginOfStore(cluster: ClinicalAiClusterOutputs) {
    const { mount, role, audience } = loginOf(cluster);
    const serviceAccountRef = { name: names.serviceAccount, audiences: [audience] };
    return { kubernetes: { mountPath: mount, role, serviceAccountRef } };
}

function ready(name: string, object: (typeof objects)[keyof typeof objects]): Check {
    return check("B5", name, "ready", { kind: "kubernetes", aspect: "ready", object });
}

/** That the keys which the pods have open both buckets, and nothing else. */
function environmentChecks(outputs: ClinicalAiOutputs, context: CheckContext): Check[] {
    return [
        check(
            "B8",
            "environment: keys belong to the stack's account",
            `account ${context.accountId}`,
            { kind: "account" },
            environment,
        ),
        ...bucketsOf(outputs).flatMap((bucket) =>
            objectCalls.map(([call, does]) =>
                s3Check("B8", `${does} ${bucket}`, allowed, { call, bucket, under: "" }, environment),
            ),
        ),
        ...foreignBucketChecks("B8", context, environment),
        check(
            "B8",
            "list all buckets",
            denied,
            { kind: "s3", call: "listBuckets", bucket: outputs.sourceBucket, under: "" },
            environment,
        ),
    ];
}

/** Something that a mode does not have: what it is called, who looks for it, how. */
type Remains = readonly [name: string, caller: Caller, probe: Check["probe"]];

function absent(remains: readonly Remains[]): Check[] {
    return remains.map(([name, caller, probe]) => check("B9", `no ${name}`, "not there", probe, caller));
}

function object(name: string, reference: (typeof objects)[keyof typeof objects], caller: Caller = "operator"): Remains {
    return [name, caller, { kind: "kubernetes", aspect: "exists", object: reference }];
}

function vaultPath(name: string, cluster: ClinicalAiClusterOutputs, path: string): Remains {
    return [name, "operator", { kind: "vault", aspect: "exists", vault: addressOf(cluster), path }];
}

function staticRemains(cluster: ClinicalAiClusterOutputs): Remains[] {
    return [
        object("SecretStore", objects.secretStore),
        vaultPath("secret in Vault", cluster, kvMetadata),
        vaultPath("role in Vault", cluster, `auth/${vaultNames.authMount}/role/${vaultNames.role}`),
        vaultPath("policy in Vault", cluster, `sys/policies/acl/${vaultNames.policy}`),
    ];
}

function dynamicRemains(cluster: ClinicalAiClusterOutputs): Remains[] {
    return [
        object("generator", objects.generator),
        vaultPath(
            "role for dynamic keys in Vault",
            cluster,
            `auth/${vaultNames.authMount}/role/${vaultNames.dynamicRole}`,
        ),
        vaultPath("policy for dynamic keys in Vault", cluster, `sys/policies/acl/${vaultNames.dynamicPolicy}`),
    ];
}

function everythingOfVault(cluster: ClinicalAiClusterOutputs): Remains[] {
    return [
        ...staticRemains(cluster),
        ...dynamicRemains(cluster),
        object("ExternalSecret", objects.externalSecret),
        object("Secret", objects.secret, "deployer"),
    ];
}
