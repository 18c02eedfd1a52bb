// A configured provider: its settings and its cluster, which is not looked for before it is needed.

import { Refusal } from "../errors";
import type { Host } from "../package";
import { Client } from "./client";
import { Cluster } from "./cluster";
import type { KubernetesSettings } from "./settings";

export class KubernetesContext {
    private warned = false;

    constructor(
        readonly settings: KubernetesSettings,
        readonly host: Host,
        /** The cluster, or why the kubeconfig leads to none. */
        private readonly connected: Cluster | Refusal,
    ) {}

    static async from(settings: KubernetesSettings, host: Host): Promise<KubernetesContext> {
        try {
            const client = await Client.fromSettings(settings, host);
            return new KubernetesContext(settings, host, new Cluster(client));
        } catch (error) {
            if (error instanceof Refusal) {
                return new KubernetesContext(settings, host, error);
            }
            throw error;
        }
    }

    get credentials(): string[] {
        return this.connected instanceof Cluster ? this.connected.client.credentials : [];
    }

    /** Where objects go that name no namespace. */
    get namespace(): string {
        const own = this.connected instanceof Cluster ? this.connected.client.namespace : undefined;
        return this.settings.namespace ?? own ?? "default";
    }

    async cluster(): Promise<Cluster> {
        if (this.connected instanceof Cluster) {
            return Promise.resolve(this.connected);
        }
        throw this.connected;
    }

    /** Undefined, with one warning, when there is none: a preview is then made without it. */
    async clusterForPreview(): Promise<Cluster | undefined> {
        if (this.connected instanceof Cluster) {
            return this.warned ? undefined : this.connected;
        }
        await this.warnUnreachable(this.connected.message);
        return undefined;
    }

    async warnUnreachable(why: string): Promise<void> {
        if (!this.warned) {
            this.warned = true;
            await this.host.warn(`${why} Kubernetes objects are previewed without the API server's validation.`);
        }
    }
}
