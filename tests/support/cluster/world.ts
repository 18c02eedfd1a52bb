// The cluster side of clinical-ai made by hand on real servers, under a name of its own: what the checks look at.

import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { KubeConfig, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";

import { type ClusterAccess } from "../../../ops/kubernetes/access";
import { Kubernetes, type ObjectReference } from "../../../ops/kubernetes/client";
import { Vault } from "../../../ops/vault/client";
import { type CheckResult, runChecks } from "../../../ops/verify";
import { plan, type Planned } from "../../../ops/verify/plan";
import { type VerifyTarget } from "../../../ops/verify/target";
import { type ServiceOutputs } from "../../../services";
import { until } from "../test-cloud";

/** From the environment, which `npm run test:cluster` sets; whose rights are all there are. */
function given(name: string): string {
    const value = process.env[name];
    if (value) return value;
    throw new Error(`${name} is not set: run this test with \`npm run test:cluster\`, which starts a cluster.`);
}

type Outputs = ServiceOutputs["clinical-ai"];

const image =
    "ghcr.io/clinical-ai/prefect-worker@sha256:ecc794405dff8379b049fffe06ee4ee08baf35a281b7015805f18b55514da464";

export class World {
    /**
     * @param name takes the place of `clinical-ai` in every name
     * @param mount path of the KV engine; External Secrets takes it off the front of a key, so it is not the name
     * @param auth path of the auth method
     */
    constructor(
        readonly name = `verify-${randomBytes(3).toString("hex")}`,
        readonly mount = `${name}-kv`,
        readonly auth = name,
    ) {}

    /** When the first version was written. */
    private written = "";

    private get auditLog(): string {
        return join(tmpdir(), `${this.name}.log`);
    }

    private readonly kubeconfig = given("PLATFORM_TEST_KUBECONFIG");
    private readonly token = given("PLATFORM_TEST_VAULT_TOKEN");
    readonly vaultAddress = {
        address: given("PLATFORM_TEST_VAULT_ADDR"),
        caCertFile: given("PLATFORM_TEST_VAULT_CACERT"),
    };
    readonly kubernetes = Kubernetes.connect({ kubeconfig: this.kubeconfig });
    readonly vault = new Vault(this.vaultAddress, this.token);
    readonly access: ClusterAccess = { kubeconfig: this.kubeconfig, vaultToken: this.token };

    /** What the stack would export. */
    get outputs(): Outputs {
        return {
            region: "us-east-1",
            sourceBucket: "source",
            destinationBucket: "destination",
            identityMode: "static",
            userName: "worker",
            accessKeyId: "AKIAONE",
            accessKeyIds: ["AKIAONE"],
            cluster: {
                namespace: this.name,
                vaultAddress: this.vaultAddress.address,
                vaultCaCertFile: this.vaultAddress.caCertFile,
                audience: "vault",
                vaultRole: "clinical-ai-prefect",
                vaultVersion: "1",
                vaultCreated: this.written,
                image,
                replicas: 1,
            },
        };
    }

    /** The checks of the cluster side, and what they find. */
    check(wanted: (planned: Planned) => boolean = () => true, changed: Partial<Outputs> = {}): Promise<CheckResult[]> {
        const target: VerifyTarget = {
            // Nobody listens there: this is about the cluster.
            endpoint: "https://127.0.0.1:9",
            region: "us-east-1",
            accountId: "000000000000",
            credentials: { operator: this.noKeys, deployer: this.noKeys },
            cluster: { operator: this.access, deployer: this.access },
            outputs: { "clinical-ai": { ...this.outputs, ...changed } },
            services: ["clinical-ai"],
        };
        const ofCluster = plan(target).filter(
            ({ check: { probe } }) => !["s3", "user", "role", "account", "leftovers"].includes(probe.kind),
        );
        const planned = this.renamed(ofCluster).filter(wanted);
        return runChecks(
            planned.map((one, index) => ({ ...one, index })),
            { ...target, services: [] },
        );
    }

    private readonly noKeys = { accessKeyId: "none", secretAccessKey: "none" };

    /** The same data under this world's names, the mounts of Vault among them. */
    renamed<Data>(data: Data): Data {
        const { name } = this;
        const text = JSON.stringify(data)
            .replaceAll('"service":"clinical-ai"', '"service":"-"')
            .replaceAll("clinical-ai", name)
            .replaceAll('"service":"-"', '"service":"clinical-ai"')
            .replace(/\bsecret\/(data|metadata)\//g, `${this.mount}/$1/`)
            .replaceAll("sys/mounts/secret", `sys/mounts/${this.mount}`)
            .replaceAll('path secret"', `path ${this.mount}"`)
            .replaceAll("path secret,", `path ${this.mount},`)
            .replace(/((?:sys\/)?auth)\/kubernetes/g, `$1/${this.auth}`)
            .replaceAll('"mount":"kubernetes"', `"mount":"${this.auth}"`)
            .replaceAll("mountPath kubernetes", `mountPath ${this.auth}`);
        return JSON.parse(text) as Data;
    }

    async make(): Promise<void> {
        const ns = { metadata: { labels: { "pod-security.kubernetes.io/enforce": "restricted" } } };
        await this.put("v1", "Namespace", undefined, this.name, ns);
        await this.makeVault();
        await this.makeWorkload();
        await this.makeSync("1");
        await until("the Secret", async () => (await this.kubernetes.read(this.secret)) !== undefined, 30);
        await this.makeDeployment("1");
        await until("the pod", async () => (await this.runningPods()) === 1, 30);
    }

    async remove(): Promise<void> {
        await this.kubernetes.remove({ apiVersion: "v1", kind: "Namespace", name: this.name });
        await this.kubernetes.remove(this.binding);
        await this.vault.remove(`sys/mounts/${this.mount}`);
        await this.vault.remove(`sys/auth/${this.auth}`);
        await this.vault.remove(`sys/audit/${this.name}`);
        rmSync(this.auditLog, { force: true });
        await this.vault.remove(`sys/policies/acl/${this.name}-aws-read`);
    }

    get secret(): ObjectReference {
        return this.object("v1", "Secret", `${this.name}-aws-credentials`);
    }
    get externalSecret() {
        return this.object("external-secrets.io/v1", "ExternalSecret", `${this.name}-aws-credentials`);
    }
    get deployment() {
        return this.object("apps/v1", "Deployment", `${this.name}-prefect-worker`);
    }

    private get binding(): ObjectReference {
        return {
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "ClusterRoleBinding",
            name: this.name,
        };
    }

    object(apiVersion: string, kind: string, name: string): ObjectReference {
        return { apiVersion, kind, namespace: this.name, name };
    }

    async put(apiVersion: string, kind: string, namespace: string | undefined, name: string, rest: object) {
        const { metadata, ...parts } = rest as { metadata?: object };
        const object = { apiVersion, kind, metadata: { name, namespace, ...metadata }, ...parts };
        return this.kubernetes.create(object, { apiVersion, kind, namespace });
    }

    /** Changes an object by a merge patch. */
    async merge({ apiVersion, kind, namespace, name }: ObjectReference, metadata: object, rest = {}): Promise<void> {
        const config = new KubeConfig();
        config.loadFromFile(this.kubeconfig);
        const patch = { apiVersion, kind, metadata: { name, namespace, ...metadata }, ...rest };
        const api = KubernetesObjectApi.makeApiClient(config);
        await api.patch(patch, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch);
    }

    get role() {
        return {
            bound_service_account_names: [`${this.name}-prefect-worker`],
            bound_service_account_namespaces: [this.name],
            audience: "vault",
            token_policies: [`${this.name}-aws-read`],
            token_ttl: 3600,
            token_max_ttl: 3600,
        };
    }

    get policy() {
        return `path "${this.mount}/data/${this.name}/aws" {\n  capabilities = ["read"]\n}\n`;
    }

    /** Writes keys to Vault, and returns when. */
    async writeKeys(id: string): Promise<string> {
        const data = { aws_access_key_id: id, aws_secret_access_key: `secret-of-${id}` };
        const answer = await this.vault.write(`${this.mount}/data/${this.name}/aws`, { data });
        return String(answer.data?.created_time);
    }

    private async writeFirst(): Promise<true> {
        this.written = await this.writeKeys("AKIAONE");
        return true;
    }

    private async makeVault(): Promise<void> {
        const { name, vault } = this;
        await vault.write(`sys/mounts/${this.mount}`, { type: "kv", options: { version: "2" } });
        await until("the engine", () => this.writeFirst().catch(() => false), 10);
        await vault.write(`sys/policies/acl/${name}-aws-read`, { policy: this.policy });
        await vault.write(`sys/auth/${this.auth}`, { type: "kubernetes" });
        await this.put("v1", "ServiceAccount", name, "reviewer", {});
        await this.put(this.binding.apiVersion, this.binding.kind, undefined, name, {
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:auth-delegator" },
            subjects: [{ kind: "ServiceAccount", name: "reviewer", namespace: name }],
        });
        await vault.write(`sys/audit/${name}`, { type: "file", options: { file_path: this.auditLog } });
        await vault.write(`auth/${this.auth}/config`, await this.authConfig());
        await vault.write(`auth/${this.auth}/role/${name}-prefect`, this.role);
    }

    async authConfig(): Promise<object> {
        return {
            kubernetes_host: /server: "?([^",\s]+)/.exec(readFileSync(this.kubeconfig, "utf8"))?.[1],
            kubernetes_ca_cert: readFileSync(this.vaultAddress.caCertFile, "utf8"),
            token_reviewer_jwt: await this.kubernetes.tokenOf(this.name, "reviewer", {}),
        };
    }

    private async makeWorkload(): Promise<void> {
        const worker = `${this.name}-prefect-worker`;
        const labels = { "app.kubernetes.io/name": worker };
        const tcp = (port: number) => ({ protocol: "TCP", port });
        const privates = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
        const blocks = privates.map((cidr) => ({ ipBlock: { cidr } }));
        const add = (apiVersion: string, kind: string, rest: object, name = worker) =>
            this.put(apiVersion, kind, this.name, name, rest);
        await add("v1", "ServiceAccount", { automountServiceAccountToken: false });
        await add("v1", "ConfigMap", { data: this.settings }, `${this.name}-config`);
        const ports = [{ name: "health", port: 8080, targetPort: "health", protocol: "TCP" }];
        await add("v1", "Service", { spec: { type: "ClusterIP", selector: labels, ports } });
        await add("policy/v1", "PodDisruptionBudget", {
            spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
        });
        await add("networking.k8s.io/v1", "NetworkPolicy", {
            spec: {
                podSelector: { matchLabels: labels },
                policyTypes: ["Ingress", "Egress"],
                ingress: [{ from: [{ podSelector: {} }], ports: [tcp(8080)] }],
                egress: [
                    {
                        to: [
                            {
                                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
                                podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
                            },
                        ],
                        ports: [{ protocol: "UDP", port: 53 }, tcp(53)],
                    },
                    { to: [{ podSelector: {} }], ports: [tcp(4200)] },
                    { to: [{ podSelector: {} }, ...blocks], ports: [tcp(5432)] },
                    {
                        to: [
                            { ipBlock: { cidr: "0.0.0.0/0", except: [...privates, "169.254.0.0/16"] } },
                            { ipBlock: { cidr: "::/0", except: ["fc00::/7", "fe80::/10"] } },
                        ],
                        ports: [tcp(443)],
                    },
                ],
            },
        });
    }

    private get settings() {
        return {
            "storage-environment": "production",
            "aws-region": "us-east-1",
            "prefect-api-url": `http://${this.name}-prefect-server.${this.name}.svc.cluster.local:4200/api`,
        };
    }

    private async makeSync(version: string): Promise<void> {
        const { name } = this;
        const auth = {
            kubernetes: {
                mountPath: this.auth,
                role: `${name}-prefect`,
                serviceAccountRef: { name: `${name}-prefect-worker`, audiences: ["vault"] },
            },
        };
        const vault = {
            server: this.vaultAddress.address,
            caBundle: readFileSync(this.vaultAddress.caCertFile).toString("base64"),
            path: this.mount,
            version: "v2",
            auth,
        };
        await this.put("external-secrets.io/v1", "SecretStore", name, "vault-backend", {
            spec: { provider: { vault } },
        });
        const key = (secretKey: string, property: string) => ({
            secretKey,
            remoteRef: { key: `${name}/aws`, property },
        });
        await this.put("external-secrets.io/v1", "ExternalSecret", name, this.externalSecret.name, {
            spec: {
                refreshInterval: "1h",
                secretStoreRef: { kind: "SecretStore", name: "vault-backend" },
                target: {
                    name: this.secret.name,
                    creationPolicy: "Owner",
                    template: {
                        engineVersion: "v2",
                        metadata: { annotations: { "vault-version": version, "vault-created": this.written } },
                    },
                },
                data: [
                    key("aws-access-key-id", "aws_access_key_id"),
                    key("aws-secret-access-key", "aws_secret_access_key"),
                ],
            },
        });
    }

    private marksOfPods(version: string): Record<string, string> {
        return { [`${this.name}/vault-secret-version`]: version, [`${this.name}/vault-secret-created`]: this.written };
    }

    async makeDeployment(version: string): Promise<void> {
        const labels = { "app.kubernetes.io/name": this.deployment.name };
        const from = (ref: string, source: string) => (variable: string, key: string) => ({
            name: variable,
            valueFrom: { [ref]: { name: source, key } },
        });
        const secret = from("secretKeyRef", this.secret.name);
        const config = from("configMapKeyRef", `${this.name}-config`);
        const env = [
            secret("AWS_ACCESS_KEY_ID", "aws-access-key-id"),
            secret("AWS_SECRET_ACCESS_KEY", "aws-secret-access-key"),
            config("AWS_REGION", "aws-region"),
            config("STORAGE_ENVIRONMENT", "storage-environment"),
            config("PREFECT_API_URL", "prefect-api-url"),
            { name: "HOME", value: "/tmp" },
        ];
        const container = {
            name: "worker",
            image: image.replace("clinical-ai", this.name),
            env,
            ports: [{ name: "health", containerPort: 8080, protocol: "TCP" }],
            resources: { requests: { cpu: "250m", memory: "512Mi" }, limits: { cpu: "1", memory: "1Gi" } },
            securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
                privileged: false,
                readOnlyRootFilesystem: true,
            },
        };
        await this.put("apps/v1", "Deployment", this.name, this.deployment.name, {
            spec: {
                replicas: 1,
                selector: { matchLabels: labels },
                template: {
                    metadata: { labels, annotations: this.marksOfPods(version) },
                    spec: {
                        serviceAccountName: `${this.name}-prefect-worker`,
                        automountServiceAccountToken: false,
                        securityContext: {
                            runAsNonRoot: true,
                            runAsUser: 1000,
                            runAsGroup: 1000,
                            fsGroup: 1000,
                            seccompProfile: { type: "RuntimeDefault" },
                        },
                        containers: [container],
                    },
                },
            },
        });
    }

    private async runningPods(): Promise<number> {
        const pods = await this.kubernetes.pods(this.name, { "app.kubernetes.io/name": this.deployment.name });
        return pods.filter(({ status }) =>
            status?.conditions?.some((one) => one.type === "Ready" && one.status === "True"),
        ).length;
    }
}
