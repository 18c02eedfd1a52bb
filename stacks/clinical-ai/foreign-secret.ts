import { type V1Secret } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";

import { kubectlsOwn } from "../../ops/kubernetes/access";
import { clinicalAi, type ClinicalAiClusterSettings } from "../../services/clinical-ai";

/** Where the cluster is, as the provider is told. */
type Access = Pick<ClinicalAiClusterSettings["kubernetes"], "kubeconfig" | "context">;

/**
 * Refuses, in a preview too, to have External Secrets take over a Secret that somebody else has made. Nothing that the
 * provider offers can ask for an object that may not be there, so the operators' client does.
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

/**
 * Undefined where there is none.
 *
 * @throws Error in an update where the API does not say whether there is; a preview warns of it
 */
async function readSecret({ kubeconfig, context }: Access): Promise<V1Secret | undefined> {
    const { Kubernetes } = await import("../../ops/kubernetes/client");
    const { secret: name, namespace } = clinicalAi;
    try {
        const api = Kubernetes.connect({ kubeconfig: kubeconfig ?? kubectlsOwn(process.env), context });
        return await api.read({ apiVersion: "v1", kind: "Secret", namespace, name });
    } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const words = `Whether somebody else has a Secret ${name} in namespace ${namespace} could not be seen: ${why}`;
        if (!pulumi.runtime.isDryRun()) throw new Error(words);
        void pulumi.log.warn(words);
        return undefined;
    }
}
