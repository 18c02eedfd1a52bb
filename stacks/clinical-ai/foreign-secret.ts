import { type V1Secret } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";

import { clinicalAi } from "../../services/clinical-ai";
import { type ClinicalAiClusterSettings } from "../settings";

/** Where the cluster is, as the provider is told. */
type Access = Pick<ClinicalAiClusterSettings["kubernetes"], "kubeconfig" | "context">;

/**
 * Refuses, in a preview too, to have External Secrets take over a Secret that somebody else has made. Nothing that the
 * provider offers can ask for an object that may not be there, so the cluster's own client does.
 */
export function refuseForeignSecret(access: Access): pulumi.ResourceHook {
    return new pulumi.ResourceHook(
        "clinical-ai-refuse-foreign-secret",
        async () => {
            const fault = foreignSecretFault(await readSecret(access));
            if (fault) throw new Error(fault);
        },
        { onDryRun: true },
    );
}

/** Why the Secret cannot be External Secrets' to write; undefined where it is, or there is none. */
export function foreignSecretFault(secret: V1Secret | undefined): string | undefined {
    const owners = secret?.metadata?.ownerReferences ?? [];
    if (!secret || owners.some(({ kind, name }) => kind === "ExternalSecret" && name === clinicalAi.externalSecret)) {
        return undefined;
    }
    const keys = Object.keys(secret.data ?? {}).join(", ") || "none";
    return (
        `Secret ${clinicalAi.secret} in namespace ${clinicalAi.namespace} is not managed by External Secrets, which ` +
        `would replace all that it holds (keys: ${keys}). Where nobody needs it: kubectl delete secret ` +
        `${clinicalAi.secret} --namespace ${clinicalAi.namespace}; else copy it to another name first.`
    );
}

/** Undefined where there is none. What keeps the API from answering stops the provider, too. */
async function readSecret({ kubeconfig, context }: Access): Promise<V1Secret | undefined> {
    const { CoreV1Api, KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    try {
        if (kubeconfig === undefined) config.loadFromDefault();
        else config.loadFromFile(kubeconfig);
        if (context !== undefined) config.setCurrentContext(context);
        const { secret: name, namespace } = clinicalAi;
        return await config.makeApiClient(CoreV1Api).readNamespacedSecret({ name, namespace });
    } catch (error) {
        if ((error as { code?: number }).code === 404) return undefined;
        void pulumi.log.warn(
            `Secret ${clinicalAi.secret} could not be read, so that somebody else's would not be noticed: ` +
                (error instanceof Error ? error.message.split("\n")[0] : String(error)),
        );
        return undefined;
    }
}
