// vault.kubernetes.AuthBackendRole. Its id is `auth/<backend>/role/<name>`.

import { flag, map, number, set, text, type Property } from "../declare";
import { optional, str } from "../values";
import type { Properties } from "../wire";
import type { VaultContext } from "./client";
import { faultsOfPath, namespace, saying, sayingAll, told, trimmed, type VaultType } from "./common";

/** Vault leaves out the length of a range that is one address. */
const cidr = (): Property => ({ kind: "text", normalise: (value) => value.replace(/(\/32|(?<=:.*)\/128)$/, "") });

const authBackendRole: VaultType = {
    token: "vault:kubernetes/authBackendRole:AuthBackendRole",
    inputs: {
        aliasMetadata: map(),
        aliasNameSource: text({
            default: "serviceaccount_uid",
            oneOf: ["serviceaccount_uid", "serviceaccount_name"],
        }),
        audience: text(),
        backend: text({ default: "kubernetes", replace: true }),
        boundServiceAccountNames: set(text(), { required: true }),
        boundServiceAccountNamespaceSelector: trimmed(),
        boundServiceAccountNamespaces: set(text()),
        namespace: namespace(),
        roleName: text({ required: true, replace: true }),
        tokenBoundCidrs: set(cidr()),
        tokenExplicitMaxTtl: number({ default: 0 }),
        tokenMaxTtl: number({ default: 0 }),
        tokenNoDefaultPolicy: flag({ default: false }),
        tokenNumUses: number({ default: 0 }),
        tokenPeriod: number({ default: 0 }),
        tokenPolicies: set(text()),
        tokenTtl: number({ default: 0 }),
        tokenType: text({ default: "default", oneOf: ["default", "service", "batch"] }),
    },
    outputs: [],
    identity: ["backend", "roleName", "namespace"],
    check: (inputs) => [
        ...faultsOfPath("backend", inputs["backend"]),
        ...(inputs["boundServiceAccountNamespaces"] === undefined &&
        inputs["boundServiceAccountNamespaceSelector"] === undefined
            ? ["One of boundServiceAccountNamespaces and boundServiceAccountNamespaceSelector is required."]
            : []),
    ],

    async create(context, inputs, created) {
        const id = `auth/${optional(inputs, "backend") ?? "kubernetes"}/role/${str(inputs, "roleName")}`;
        await write(context, id, inputs);
        created(id);
    },

    async read(context, id, known) {
        const answer = await context.of(known).read(id);
        const [, backend = "", roleName = ""] = /^auth\/(.+)\/role\/([^/]+)$/.exec(id) ?? [];
        return answer === undefined ? undefined : { ...told(answer, TOLD), backend, roleName };
    },

    update: (context, id, inputs) => write(context, id, inputs),

    delete: (context, id, known) => context.of(known).delete(id),
};

const TOLD = Object.keys(authBackendRole.inputs).filter((key) => !["backend", "namespace", "roleName"].includes(key));
/** Vault keeps what a write does not say. An older Vault does not know aliasMetadata. */
const WRITTEN = TOLD.filter((key) => key !== "aliasMetadata");

async function write(context: VaultContext, id: string, inputs: Properties): Promise<void> {
    const body = sayingAll(authBackendRole.inputs, inputs, WRITTEN);
    await context.of(inputs).write(id, { ...body, ...saying(inputs, ["aliasMetadata"]) });
}

export const kubernetesRoleTypes: readonly VaultType[] = [authBackendRole];
