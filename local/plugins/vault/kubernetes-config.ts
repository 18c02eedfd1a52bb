// vault.kubernetes.AuthBackendConfig. Its id is `auth/<backend>/config`.

import { flag, list, text } from "../declare";
import { optional, str } from "../values";
import type { Properties } from "../wire";
import type { VaultContext } from "./client";
import { faultsOfPath, namespace, sayingAll, told, trimmed, type VaultType } from "./common";

const authBackendConfig: VaultType = {
    token: "vault:kubernetes/authBackendConfig:AuthBackendConfig",
    inputs: {
        backend: text({ default: "kubernetes", replace: true }),
        // Vault's own default is true. The official provider says false where the program says nothing: with `pemKeys`
        // Vault then refuses tokens of any issuer but `kubernetes.io/serviceaccount`.
        disableIssValidation: flag({ default: false }),
        disableLocalCaJwt: flag({ default: false }),
        issuer: text(),
        kubernetesCaCert: trimmed(),
        kubernetesHost: text({ required: true }),
        namespace: namespace(),
        pemKeys: list(trimmed()),
        tokenReviewerJwt: text({ writeOnly: true }),
        useAnnotationsAsAliasMetadata: flag({ default: false }),
    },
    outputs: [],
    secretOutputs: ["tokenReviewerJwt"],
    identity: ["backend", "namespace"],
    check: (inputs) => faultsOfPath("backend", inputs["backend"]),

    async create(context, inputs, created) {
        const id = `auth/${optional(inputs, "backend") ?? "kubernetes"}/config`;
        await write(context, id, inputs);
        created(id);
    },

    async read(context, id, known) {
        const answer = await context.of(known).read(id);
        return answer === undefined
            ? undefined
            : { ...told(answer, TOLD), backend: id.replace(/^auth\/|\/config$/g, "") };
    },

    update: (context, id, inputs) => write(context, id, inputs),

    // It goes with its auth method and not before.
    delete: () => Promise.resolve(),
};

const WRITTEN = Object.keys(authBackendConfig.inputs).filter((key) => !["backend", "namespace"].includes(key));
const TOLD = WRITTEN.filter((key) => key !== "tokenReviewerJwt");

/** Vault forgets what a write does not say. */
async function write(context: VaultContext, id: string, inputs: Properties): Promise<void> {
    const body = sayingAll(authBackendConfig.inputs, inputs, WRITTEN);
    await context.of(inputs).write(id, body, [str(inputs, "tokenReviewerJwt")]);
}

export const kubernetesConfigTypes: readonly VaultType[] = [authBackendConfig];
