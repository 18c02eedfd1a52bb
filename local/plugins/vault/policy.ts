// vault.Policy. Its id is its name.

import { text } from "../declare";
import { found, str } from "../values";
import { namespace, trimmed, type VaultType } from "./common";

const policy: VaultType = {
    token: "vault:index/policy:Policy",
    inputs: {
        name: text({ replace: true }),
        namespace: namespace(),
        policy: trimmed({ required: true }),
    },
    outputs: [],
    name: { property: "name", maxLength: 128 },
    identity: ["name", "namespace"],

    async create(context, inputs, created) {
        const name = str(inputs, "name");
        await context.of(inputs).write(`sys/policies/acl/${name}`, { policy: str(inputs, "policy") });
        created(name);
    },

    async read(context, id, known) {
        const answer = await context.of(known).read(`sys/policies/acl/${id}`);
        // Not the name that Vault tells: it makes every letter small.
        return answer === undefined ? undefined : found({ name: id, policy: str(answer, "policy") });
    },

    async update(context, id, inputs) {
        await context.of(inputs).write(`sys/policies/acl/${id}`, { policy: str(inputs, "policy") });
    },

    delete: (context, id, known) => context.of(known).delete(`sys/policies/acl/${id}`),
};

export const policyTypes: readonly VaultType[] = [policy];
