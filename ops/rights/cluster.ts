import { clinicalAi } from "../../services/clinical-ai";

/** What may be done at one path of Vault. */
interface VaultRight {
    readonly path: string;
    readonly capabilities: readonly ("create" | "read" | "update" | "delete" | "sudo")[];
}

/** One rule of a Role or a ClusterRole. */
export interface KubernetesRule {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
}

/** What an identity may do in a cluster, by where it may do it. */
export interface KubernetesRights {
    /** Rules of a ClusterRole that is bound in the whole cluster. */
    readonly cluster: readonly KubernetesRule[];
    /** Rules of a Role in a namespace, by namespace. */
    readonly namespaces: Readonly<Record<string, readonly KubernetesRule[]>>;
}

/** What of a stack's settings decides about rights. */
export interface RightsOptions {
    /**
     * Mount path of Vault's AWS secrets engine; `undefined` where no stack uses mode `vaultDynamic`.
     *
     * @default "aws"
     */
    readonly awsMount?: string;
    /**
     * Whether the stack may make what a Vault or a cluster has once: mount, auth method with its reviewer, audit device.
     *
     * @default true
     */
    readonly shared?: boolean;
}

const { vault } = clinicalAi;

/** What a provider does with its own token: the official one works with a child of the token that it is given. */
const ownToken: readonly VaultRight[] = [
    { path: "auth/token/create", capabilities: ["update"] },
    { path: "auth/token/lookup-self", capabilities: ["read"] },
];

/**
 * The policy of who deploys clinical-ai, in HCL: what `pulumi up`, `refresh` and `destroy` need in every mode.
 *
 * Vault has nothing finer than "may write this policy": who may, may give the service account's role any right, and log
 * in as it. Give it only to who may deploy.
 */
export function vaultDeployerPolicy(options: RightsOptions = {}): string {
    return inHcl(deployerRights(options));
}

/**
 * The policy of who previews clinical-ai and looks for drift, in HCL: of the deployer's rights those to read, and the
 * child token that the provider works with. The secret's value is among them: the program compares it in every preview.
 */
export function vaultPreviewerPolicy(options: RightsOptions = {}): string {
    const [childToken, ...others] = deployerRights(options);
    const reading = others
        .filter(({ capabilities }) => capabilities.includes("read"))
        .map(({ path, capabilities }) => ({
            path,
            capabilities: capabilities.filter((capability) => ["read", "sudo"].includes(capability)),
        }));
    return inHcl([childToken, ...reading]);
}

function deployerRights(options: RightsOptions): readonly VaultRight[] {
    const { awsMount, shared } = { awsMount: "aws", shared: true, ...options };
    const whole = ["create", "read", "update", "delete"] as const;
    return [
        ...ownToken,
        { path: `${vault.mount}/data/${vault.path}`, capabilities: ["create", "read", "update"] },
        // An update writes the metadata too; destroying removes every version.
        { path: `${vault.mount}/metadata/${vault.path}`, capabilities: ["read", "update", "delete"] },
        // Whether each write is asked for the version that it follows.
        { path: `${vault.mount}/config`, capabilities: ["read"] },
        ...[vault.policy, vault.dynamicPolicy].map((name) => ({
            path: `sys/policies/acl/${name}`,
            // A policy has no `create` to Vault.
            capabilities: ["read", "update", "delete"] as const,
        })),
        ...[vault.role, vault.dynamicRole].map((name) => ({
            path: `auth/${vault.authMount}/role/${name}`,
            capabilities: whole,
        })),
        ...(awsMount === undefined
            ? []
            : [{ path: `${awsMount}/roles/${vault.awsRole}`, capabilities: ["read", "update", "delete"] as const }]),
        ...(shared ? sharedRights : []),
    ];
}

/** Nothing to delete: these stay when a stack is destroyed. Vault asks for `sudo` at auth methods and audit devices. */
const sharedRights: readonly VaultRight[] = [
    { path: `sys/mounts/${vault.mount}`, capabilities: ["read", "update"] },
    { path: `sys/auth/${vault.authMount}`, capabilities: ["read", "update", "sudo"] },
    // An auth method is read as the mount that it is.
    { path: `sys/mounts/auth/${vault.authMount}`, capabilities: ["read"] },
    { path: `sys/mounts/auth/${vault.authMount}/tune`, capabilities: ["read"] },
    { path: `auth/${vault.authMount}/config`, capabilities: ["read", "update"] },
    { path: `sys/audit/${vault.auditDevice}`, capabilities: ["update", "sudo"] },
    // A device is read by listing them all.
    { path: "sys/audit", capabilities: ["read", "sudo"] },
];

/** The policy of the read-only operator, in HCL: what the checks read. The secret's value is not among it. */
export function vaultOperatorPolicy(options: Pick<RightsOptions, "awsMount"> = {}): string {
    const { awsMount } = { awsMount: "aws", ...options };
    const paths = [
        "auth/token/lookup-self",
        `sys/mounts/${vault.mount}`,
        `${vault.mount}/metadata/${vault.path}`,
        `sys/policies/acl/${vault.policy}`,
        `sys/policies/acl/${vault.dynamicPolicy}`,
        `auth/${vault.authMount}/config`,
        `auth/${vault.authMount}/role/${vault.role}`,
        `auth/${vault.authMount}/role/${vault.dynamicRole}`,
        ...(awsMount === undefined ? [] : [`${awsMount}/roles/${vault.awsRole}`]),
    ];
    return inHcl([
        ...paths.map((path) => ({ path, capabilities: ["read"] as const })),
        // Vault asks for `sudo` to read these too.
        ...[`sys/auth/${vault.authMount}`, "sys/audit"].map((path) => ({
            path,
            capabilities: ["read", "sudo"] as const,
        })),
    ]);
}

function inHcl(rights: readonly VaultRight[]): string {
    return rights
        .map(({ path, capabilities }) => {
            const list = capabilities.map((capability) => JSON.stringify(capability)).join(", ");
            return `path ${JSON.stringify(path)} {\n  capabilities = [${list}]\n}\n`;
        })
        .join("\n");
}

/** A kind of object that the stack declares in the worker's namespace, and the names that it has. */
type Declared = readonly [apiGroup: string, resource: string, name: string];

const declared: readonly Declared[] = [
    ["", "configmaps", clinicalAi.configMap],
    ["", "serviceaccounts", clinicalAi.serviceAccount],
    ["", "services", clinicalAi.deployment],
    ["apps", "deployments", clinicalAi.deployment],
    ["networking.k8s.io", "networkpolicies", clinicalAi.deployment],
    ["policy", "poddisruptionbudgets", clinicalAi.deployment],
    ["external-secrets.io", "secretstores", clinicalAi.secretStore],
    ["external-secrets.io", "externalsecrets", clinicalAi.externalSecret],
    ["generators.external-secrets.io", "vaultdynamicsecrets", clinicalAi.externalSecret],
];

/**
 * What to declare one object by server-side apply takes. Unlike `create` by POST, the API asks for the right to create
 * *this* name.
 */
const declare = ["create", "delete", "get", "patch"];

/** What waiting for objects takes: the provider watches all of a kind in a namespace, so no name narrows it. */
const observe = ["list", "watch"];

/** What `pulumi up` watches besides what it declares: how a rollout goes, and whether pods are behind the Service. */
const observed: readonly (readonly [apiGroup: string, resource: string])[] = [
    ["", "endpoints"],
    ["", "events"],
    ["", "persistentvolumeclaims"],
    ["", "pods"],
    ["apps", "replicasets"],
    ["discovery.k8s.io", "endpointslices"],
];

/** The service accounts whose tokens the checks take: the worker's, and two that Vault must refuse. */
const tokensOf: Readonly<Record<string, readonly string[]>> = {
    [clinicalAi.namespace]: [clinicalAi.serviceAccount, "default"],
    default: ["default"],
};

/**
 * What who deploys and verifies clinical-ai may do in the cluster.
 *
 * A Role needs its namespace: where the stack makes the namespace itself, whoever owns the cluster makes it with the
 * Role beforehand (the stack's setting is then `existing`), or grants all of it in the whole cluster, where it is as good as
 * every right there is: who may declare a Deployment in a namespace may act as any service account of it.
 */
export function kubernetesDeployerRights({ shared = true }: Pick<RightsOptions, "shared"> = {}): KubernetesRights {
    const { namespace } = clinicalAi;
    return {
        cluster: [
            // Not `delete`: the namespace stays.
            rule("", "namespaces", ["create", "get", "patch"], [namespace]),
            rule("", "namespaces", observe),
            ...(shared ? reviewerBinding : []),
        ],
        namespaces: {
            [namespace]: [
                ...declared.map(([group, resource, name]) => rule(group, resource, declare, [name])),
                ...declared.map(([group, resource]) => rule(group, resource, observe)),
                ...observed.map(([group, resource]) => rule(group, resource, ["get", ...observe])),
                // External Secrets makes it; `up` marks it and waits for what the operator writes, the checks compare
                // it with Vault. To wait is to list: who deploys here could mount any Secret of the namespace anyway.
                rule("", "secrets", ["get", "patch"], [clinicalAi.secret]),
                rule("", "secrets", observe),
                tokens(namespace),
                // A pod that is not made, to see that the namespace admits it; and a Secret that a token is bound to
                // and that is gone before the token is tried.
                rule("", "pods", ["create"]),
                rule("", "secrets", ["create"]),
                rule("", "secrets", ["delete", "get", "patch"], [clinicalAi.probeSecret]),
            ],
            default: [tokens("default")],
            ...(shared ? { [vault.reviewer.namespace]: reviewerObjects } : {}),
        },
    };
}

function tokens(namespace: string): KubernetesRule {
    return rule("", "serviceaccounts/token", ["create"], tokensOf[namespace]);
}

/**
 * The reviewer's service account and the Secret of its token. Who may make such a Secret in `kube-system` may make one
 * of any service account there: only the stack that makes the auth method needs this, and only then.
 */
const reviewerObjects: readonly KubernetesRule[] = [
    rule("", "serviceaccounts", ["create", "get", "patch"], [vault.reviewer.name]),
    // The provider asks for it by name until the token is in it.
    rule("", "secrets", ["create", "get", "patch"], [vault.reviewer.name]),
];

const rbac = "rbac.authorization.k8s.io";

const reviewerBinding: readonly KubernetesRule[] = [
    rule(rbac, "clusterrolebindings", ["create", "get", "patch"], [vault.reviewer.name]),
    // To give away a role, one must have all of it or this right.
    rule(rbac, "clusterroles", ["bind"], ["system:auth-delegator"]),
];

/** What the read-only operator may do in the cluster: look at what is declared and at what became of it; no Secret. */
export function kubernetesOperatorRights(): KubernetesRights {
    const { namespace } = clinicalAi;
    return {
        cluster: [
            rule("", "namespaces", ["get"], [namespace]),
            rule(rbac, "clusterrolebindings", ["get"], [vault.reviewer.name]),
        ],
        namespaces: {
            [namespace]: [
                ...declared.map(([group, resource, name]) => rule(group, resource, ["get"], [name])),
                ...observed
                    .filter(([, resource]) => resource !== "persistentvolumeclaims")
                    .map(([group, resource]) => rule(group, resource, ["get", "list", "watch"])),
            ],
            [vault.reviewer.namespace]: [rule("", "serviceaccounts", ["get"], [vault.reviewer.name])],
        },
    };
}

function rule(
    apiGroup: string,
    resource: string,
    verbs: readonly string[],
    resourceNames?: readonly string[],
): KubernetesRule {
    return { apiGroups: [apiGroup], resources: [resource], ...(resourceNames ? { resourceNames } : {}), verbs };
}

/** The deployer's rules in one list, for a ClusterRole that is bound in the whole cluster: see the rights. */
export function kubernetesDeployerRules(options?: Pick<RightsOptions, "shared">): readonly KubernetesRule[] {
    return inOneList(kubernetesDeployerRights(options));
}

/** The operator's rules in one list, for a ClusterRole that is bound in the whole cluster. */
export function kubernetesOperatorRules(): readonly KubernetesRule[] {
    return inOneList(kubernetesOperatorRights());
}

function inOneList({ cluster, namespaces }: KubernetesRights): readonly KubernetesRule[] {
    return [...cluster, ...Object.values(namespaces).flat()];
}
