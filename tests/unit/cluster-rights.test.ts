import assert from "node:assert/strict";

import {
    kubernetesDeployerRights,
    kubernetesDeployerRules,
    kubernetesOperatorRights,
    kubernetesOperatorRules,
    type KubernetesRule,
    vaultDeployerPolicy,
    vaultOperatorPolicy,
    vaultPreviewerPolicy,
} from "../../ops/rights/cluster";

/** What a policy opens, as `path: capabilities`. */
function opens(policy: string): string[] {
    const found = [...policy.matchAll(/path "([^"]+)" \{\n {2}capabilities = \[([^\]]*)\]\n\}\n/g)];
    assert.equal(found.map(([text]) => text).join("\n"), policy);
    return found.map(([, path, list]) => `${path}: ${list.replaceAll('"', "")}`);
}

const ofEveryStack = [
    "auth/token/create: update",
    "auth/token/lookup-self: read",
    "secret/data/clinical-ai/aws: create, read, update",
    "secret/metadata/clinical-ai/aws: read, update, delete",
    "secret/config: read",
    "sys/policies/acl/clinical-ai-aws-read: read, update, delete",
    "sys/policies/acl/clinical-ai-aws-make: read, update, delete",
    "auth/kubernetes/role/clinical-ai-prefect: create, read, update, delete",
    "auth/kubernetes/role/clinical-ai-prefect-dynamic: create, read, update, delete",
];
const awsRole = "aws/roles/clinical-ai-prefect: read, update, delete";
const shared = [
    "sys/mounts/secret: read, update",
    "sys/auth/kubernetes: read, update, sudo",
    "sys/mounts/auth/kubernetes: read",
    "sys/mounts/auth/kubernetes/tune: read",
    "auth/kubernetes/config: read, update",
    "sys/audit/file: update, sudo",
    "sys/audit: read, sudo",
];

describe("rights in Vault", () => {
    it("the deployer: exactly the paths of its resources", () => {
        assert.deepEqual(opens(vaultDeployerPolicy()), [...ofEveryStack, awsRole, ...shared]);
    });

    it("the deployer of a stack that shares nothing and uses no AWS engine has neither right", () => {
        assert.deepEqual(opens(vaultDeployerPolicy({ awsMount: undefined, shared: false })), ofEveryStack);
    });

    it("the deployer of another AWS engine", () => {
        const paths = opens(vaultDeployerPolicy({ awsMount: "aws-dev" }));
        assert.ok(paths.includes(`aws-dev/${awsRole.slice("aws/".length)}`));
        assert.ok(!paths.includes(awsRole));
    });

    it("the operator reads what is declared, and no value of the secret", () => {
        assert.deepEqual(opens(vaultOperatorPolicy()), [
            "auth/token/lookup-self: read",
            "sys/mounts/secret: read",
            "secret/metadata/clinical-ai/aws: read",
            "sys/policies/acl/clinical-ai-aws-read: read",
            "sys/policies/acl/clinical-ai-aws-make: read",
            "auth/kubernetes/config: read",
            "auth/kubernetes/role/clinical-ai-prefect: read",
            "auth/kubernetes/role/clinical-ai-prefect-dynamic: read",
            "aws/roles/clinical-ai-prefect: read",
            "sys/auth/kubernetes: read, sudo",
            "sys/audit: read, sudo",
        ]);
        assert.ok(opens(vaultOperatorPolicy({ awsMount: undefined })).every((path) => !path.startsWith("aws/")));
    });

    it("the previewer reads what a preview and a refresh read, the secret too, and changes nothing but its own token", () => {
        const ofEveryPreview = [
            "auth/token/create: update",
            "auth/token/lookup-self: read",
            "secret/data/clinical-ai/aws: read",
            "secret/metadata/clinical-ai/aws: read",
            "secret/config: read",
            "sys/policies/acl/clinical-ai-aws-read: read",
            "sys/policies/acl/clinical-ai-aws-make: read",
            "auth/kubernetes/role/clinical-ai-prefect: read",
            "auth/kubernetes/role/clinical-ai-prefect-dynamic: read",
        ];
        assert.deepEqual(opens(vaultPreviewerPolicy()), [
            ...ofEveryPreview,
            "aws/roles/clinical-ai-prefect: read",
            "sys/mounts/secret: read",
            "sys/auth/kubernetes: read, sudo",
            "sys/mounts/auth/kubernetes: read",
            "sys/mounts/auth/kubernetes/tune: read",
            "auth/kubernetes/config: read",
            "sys/audit: read, sudo",
        ]);
        assert.deepEqual(opens(vaultPreviewerPolicy({ awsMount: undefined, shared: false })), ofEveryPreview);
    });

    it("nobody has a pattern", () => {
        for (const policy of [vaultDeployerPolicy(), vaultPreviewerPolicy(), vaultOperatorPolicy()]) {
            assert.doesNotMatch(policy, /[*+]/);
        }
    });
});

/** A rule as `verbs group/resource names`. */
const inWords = ({ apiGroups, resources, resourceNames = [], verbs }: KubernetesRule) =>
    `${verbs.join(",")} ${[apiGroups.join(","), resources.join(",")].filter(Boolean).join("/")}` +
    (resourceNames.length > 0 ? ` ${resourceNames.join(",")}` : "");
const worker = "clinical-ai-prefect-worker";
const secretName = "clinical-ai-aws-credentials";
const declared = [
    "configmaps clinical-ai-config",
    `serviceaccounts ${worker}`,
    `services ${worker}`,
    `apps/deployments ${worker}`,
    `networking.k8s.io/networkpolicies ${worker}`,
    `policy/poddisruptionbudgets ${worker}`,
    "external-secrets.io/secretstores vault-backend",
    `external-secrets.io/externalsecrets ${secretName}`,
    `generators.external-secrets.io/vaultdynamicsecrets ${secretName}`,
];

describe("rights in the cluster", () => {
    it("the deployer declares objects by their names, and watches their kinds", () => {
        const { cluster, namespaces } = kubernetesDeployerRights();
        assert.deepEqual(cluster.map(inWords), [
            "create,get,patch namespaces clinical-ai",
            "list,watch namespaces",
            "create,get,patch rbac.authorization.k8s.io/clusterrolebindings vault-token-reviewer",
            "bind rbac.authorization.k8s.io/clusterroles system:auth-delegator",
        ]);
        assert.deepEqual(Object.keys(namespaces), ["clinical-ai", "default", "kube-system"]);
        assert.deepEqual(namespaces["clinical-ai"].map(inWords), [
            ...declared.map((object) => `create,delete,get,patch ${object}`),
            ...declared.map((object) => `list,watch ${object.split(" ")[0]}`),
            ...["endpoints", "events", "persistentvolumeclaims", "pods"].map((kind) => `get,list,watch ${kind}`),
            "get,list,watch apps/replicasets",
            "get,list,watch discovery.k8s.io/endpointslices",
            `get,patch secrets ${secretName}`,
            "list,watch secrets",
            `create serviceaccounts/token ${worker},default`,
            "create pods",
            "create secrets",
            "delete,get,patch secrets clinical-ai-verify",
        ]);
        assert.deepEqual(namespaces["default"].map(inWords), ["create serviceaccounts/token default"]);
        assert.deepEqual(namespaces["kube-system"].map(inWords), [
            "create,get,patch serviceaccounts vault-token-reviewer",
            "create,get,patch secrets vault-token-reviewer",
        ]);
    });

    it("a deployer that shares nothing has no right in kube-system, nor to bind a role", () => {
        const { cluster, namespaces } = kubernetesDeployerRights({ shared: false });
        assert.deepEqual(cluster.map(inWords), ["create,get,patch namespaces clinical-ai", "list,watch namespaces"]);
        assert.deepEqual(Object.keys(namespaces), ["clinical-ai", "default"]);
    });

    it("the operator looks at what is declared, and at no Secret", () => {
        const { cluster, namespaces } = kubernetesOperatorRights();
        assert.deepEqual(cluster.map(inWords), [
            "get namespaces clinical-ai",
            "get rbac.authorization.k8s.io/clusterrolebindings vault-token-reviewer",
        ]);
        assert.deepEqual(namespaces["clinical-ai"].map(inWords), [
            ...declared.map((object) => `get ${object}`),
            ...["endpoints", "events", "pods"].map((kind) => `get,list,watch ${kind}`),
            "get,list,watch apps/replicasets",
            "get,list,watch discovery.k8s.io/endpointslices",
        ]);
        assert.deepEqual(namespaces["kube-system"].map(inWords), ["get serviceaccounts vault-token-reviewer"]);
        const kinds = kubernetesOperatorRules().flatMap(({ resources }) => resources);
        assert.deepEqual(
            kinds.filter((kind) => ["secrets", "serviceaccounts/token"].includes(kind)),
            [],
        );
    });

    it("nobody has a pattern, and nothing of shared things or of the namespace can be deleted", () => {
        const rules = [...kubernetesDeployerRules(), ...kubernetesOperatorRules()];
        assert.doesNotMatch(JSON.stringify(rules), /\*/);
        for (const kind of ["namespaces", "clusterrolebindings"]) {
            const verbs = rules.filter(({ resources }) => resources.includes(kind)).flatMap((rule) => rule.verbs);
            assert.ok(verbs.length > 0 && !verbs.includes("delete"), kind);
        }
    });

    it("one list has the rules of every place", () => {
        const { cluster, namespaces } = kubernetesDeployerRights();
        assert.equal(
            kubernetesDeployerRules().length,
            cluster.length + Object.values(namespaces).reduce((sum, rules) => sum + rules.length, 0),
        );
        assert.ok(kubernetesDeployerRules({ shared: false }).length < kubernetesDeployerRules().length);
    });
});
