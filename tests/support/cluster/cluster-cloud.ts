import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import { parseDocument } from "yaml";

import { type Identities } from "../../../local/aws/identities";
import { findServer } from "../../../local/aws/server";
import { homeOf } from "../../../local/cloud";
import { clusterPorts, kubeconfigOf, type Places, type User } from "../../../local/cluster/places";
import { asOwner } from "../../../local/cluster/vault";
import { findEngine } from "../../../local/engine";
import { cacheDirectory, root } from "../../../local/paths";
import { Pulumi } from "../../../local/pulumi";
import { runningService, stopService } from "../../../local/service";
import { type EngineRun } from "../../../ops/cli/host";
import { diagnosisOf } from "../../../ops/doctor";
import { remediesOf } from "../../../ops/doctor/finding";
import { observe } from "../../../ops/doctor/observe";
import { Kubernetes } from "../../../ops/kubernetes/client";
import { type Vault } from "../../../ops/vault/client";
import { type CheckResult } from "../../../ops/verify/target";
import { type ClinicalAiOutputs } from "../../../services/clinical-ai";
import { freePorts, TestCloud, until } from "../test-cloud";

/** A local cloud with its cluster, of a test's own. */
export class ClusterCloud extends TestCloud {
    /** The local AWS's two ports and those of the cluster after them. */
    static override async create(): Promise<ClusterCloud> {
        return new ClusterCloud(await freePorts(13));
    }

    get places(): Places {
        const tls = join(this.folder, "tls");
        return {
            folder: join(this.folder, "cluster"),
            ports: clusterPorts(this.port),
            certificate: { certificate: join(tls, "certificate.pem"), key: join(tls, "key.pem") },
        };
    }

    /** The stack file that the cloud deploys; the committed one until it is changed. */
    private get stackFile(): string {
        return this.file("Pulumi.local.yaml");
    }

    override get env(): NodeJS.ProcessEnv {
        return { ...super.env, PLATFORM_LOCAL_STACK_FILE: this.stackFile };
    }

    /** Puts the committed stack file in place, with other values at some paths below `config`; undefined removes. */
    configure(changes: readonly (readonly [path: readonly (string | number)[], value: unknown])[] = []): void {
        const document = parseDocument(readFileSync(join(root, "Pulumi.local.yaml"), "utf8"));
        for (const [path, value] of changes) {
            if (value === undefined) document.deleteIn(["config", ...path]);
            else document.setIn(["config", ...path], document.createNode(value));
        }
        writeFileSync(this.stackFile, document.toString());
    }

    /** Changes one value of the stack's file as it is by now. */
    change([path, value]: readonly [path: readonly string[], value: unknown]): void {
        const document = parseDocument(readFileSync(this.stackFile, "utf8"));
        document.setIn(["config", ...path], value);
        writeFileSync(this.stackFile, document.toString());
    }

    /** As `configure`, with other values in the section that says which cluster clinical-ai is deployed to. */
    configureCluster(
        changes: readonly (readonly [path: readonly string[], value: unknown])[],
        others: readonly (readonly [path: readonly (string | number)[], value: unknown])[] = [],
    ): void {
        // The tool makes this section itself, and leaves one alone that is there.
        const deployed = parseDocument(readFileSync(join(this.folder, "Pulumi.local.yaml"), "utf8"));
        const section = ["platform:clinical-ai", "cluster"];
        const paths = changes.map(([path, value]) => [[...section, ...path], value] as const);
        this.configure([[section, deployed.getIn(["config", ...section])], ...others, ...paths]);
    }

    /** Sets the identity of clinical-ai: the one line that chooses a mode. */
    chooseIdentity(identity: object): void {
        this.configure([[["platform:clinical-ai", "identity"], identity]]);
    }

    /** Brings it up with its cluster. */
    override async up(): Promise<{ exitCode: number; checks: CheckResult[]; failed: number; words: string }> {
        const { exitCode, stdout, stderr } = await this.run(["up", "--cluster", "--json"]);
        if (!stdout.startsWith("{")) throw new Error(`no JSON from local up --cluster:\n${stdout}${stderr}`);
        return { exitCode, ...(JSON.parse(stdout) as { checks: CheckResult[]; failed: number }), words: stderr };
    }

    kubeconfig(user: User): string {
        return kubeconfigOf(this.places.folder, user);
    }

    kubernetes(user: User = "admin"): Kubernetes {
        return Kubernetes.connect({ kubeconfig: this.kubeconfig(user) });
    }

    /** Vault with its owner's token. */
    get vault(): Vault {
        return asOwner(this.places);
    }

    /** An object of the worker's namespace as it is now. */
    object(apiVersion: string, kind: string, name: string): Promise<KubernetesObject | undefined> {
        return this.kubernetes().read({ apiVersion, kind, name, namespace: "clinical-ai" });
    }

    /**
     * What `infra doctor clinical-ai` finds, by the deployer's rights, in mode `static`.
     *
     * @param outputs given where asking for them would repair what is to be found: the tool starts what does not run
     * @param laterSeconds how much later it would look, if nothing happened until then
     */
    async doctor(outputs?: ClinicalAiOutputs, laterSeconds = 0): Promise<string[]> {
        const { cluster, userName } =
            outputs ?? ((await this.outputs())["clinical-ai"] as unknown as ClinicalAiOutputs);
        const identities = JSON.parse(readFileSync(join(this.folder, "identities.json"), "utf8")) as Identities;
        const access = {
            kubeconfig: this.kubeconfig("deployer"),
            vault: { address: cluster!.vaultAddress, caCertFile: this.places.certificate.certificate },
            vaultToken: readFileSync(join(this.places.folder, "vault-token-deployer"), "utf8"),
            aws: { keys: identities.deployer, accountId: "000000000000", ...this.connection },
        };
        const declared = {
            stack: "local",
            mode: "static",
            replicas: 1,
            audience: "vault",
            refreshSeconds: 3600,
            userName,
            makesAudit: true,
        } as const;
        const seen = await observe(access, declared);
        const facts = { ...seen, now: new Date(seen.now.getTime() + laterSeconds * 1000) };
        return diagnosisOf(facts, declared, remediesOf("local")).findings.map(({ id }) => id);
    }

    /** Has External Secrets copy the secret now. While its store is not ready, it does not even ask Vault. */
    forceSync(): Promise<void> {
        return this.forceReconcile("ExternalSecret", "clinical-ai-aws-credentials");
    }

    /** The documented commands for when Vault is back and nobody wants to wait: the store first, then the secret. */
    async forceStoreAndSync(): Promise<void> {
        await this.forceReconcile("SecretStore", "vault-backend");
        await until("the store to be ready", async () => {
            const store = await this.object("external-secrets.io/v1", "SecretStore", "vault-backend");
            const { status } = store as { status?: { conditions?: { type: string; status: string }[] } };
            return Boolean(status?.conditions?.some((found) => found.type === "Ready" && found.status === "True"));
        });
        await this.forceSync();
    }

    private async forceReconcile(kind: string, name: string): Promise<void> {
        const config = new KubeConfig();
        config.loadFromFile(this.kubeconfig("admin"));
        const patch = {
            apiVersion: "external-secrets.io/v1",
            kind,
            metadata: { name, namespace: "clinical-ai", annotations: { "force-sync": String(Date.now()) } },
        };
        const api = KubernetesObjectApi.makeApiClient(config);
        await api.patch(patch, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch);
    }

    /** Runs the engine itself: unlike the tool, which is run otherwise, it starts nothing that does not run. */
    async engine(...args: string[]): Promise<EngineRun> {
        const { deployer } = JSON.parse(readFileSync(join(this.folder, "identities.json"), "utf8")) as Identities;
        const server = (await findServer(this.folder, this.places.certificate))!;
        const pulumi = new Pulumi({
            engine: (await findEngine(cacheDirectory())).folder,
            home: homeOf(this.folder),
            folder: this.folder,
            server,
            credentials: deployer,
            vaultToken: readFileSync(join(this.places.folder, "vault-token-deployer"), "utf8"),
        });
        return pulumi.execute(args, {});
    }

    /** Stops one of the cluster's servers; the next `up` starts it again. */
    stop(service: string): Promise<void> {
        return stopService(this.places.folder, service);
    }

    /** Kills one of the cluster's servers with no chance to end in order. */
    kill(service: string): Promise<void> {
        return this.signal(service, "SIGKILL");
    }

    /** Holds one of the cluster's servers where it is: it runs, and does nothing. */
    hold(service: string): Promise<void> {
        return this.signal(service, "SIGSTOP");
    }

    /** Lets a held one go on. */
    letGo(service: string): Promise<void> {
        return this.signal(service, "SIGCONT");
    }

    private async signal(service: string, signal: NodeJS.Signals): Promise<void> {
        const running = await runningService(this.places.folder, service);
        if (!running) throw new Error(`${service} does not run`);
        process.kill(running.pid, signal);
    }
}
