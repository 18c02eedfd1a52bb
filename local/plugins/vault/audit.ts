// vault.Audit. Its id is its path. Vault can only make and remove an audit device.

import { flag, map, text } from "../declare";
import { bool, found, optional, record, str } from "../values";
import { faultsOfPath, makeAt, namespace, saying, told, type VaultType } from "./common";

const TOKEN = "vault:index/audit:Audit";

const audit: VaultType = {
    token: TOKEN,
    inputs: {
        description: text({ replace: true }),
        local: flag({ default: false, replace: true }),
        namespace: namespace(),
        options: map({ required: true, replace: true }),
        path: text({ computed: true, replace: true }),
        type: text({ required: true, replace: true }),
    },
    outputs: [],
    identity: ["path", "namespace"],
    check: (inputs) => faultsOfPath("path", inputs["path"]),

    async create(context, inputs, created) {
        const at = optional(inputs, "path") ?? str(inputs, "type");
        const body = saying(inputs, ["description", "local", "options", "type"]);
        await makeAt(TOKEN, at, () => context.of(inputs).write(`sys/audit/${at}`, body));
        created(at);
    },

    async read(context, id, known) {
        // Vault tells all devices or none.
        const device = record((await context.of(known).read("sys/audit")) ?? {}, `${id}/`);
        return device === undefined
            ? undefined
            : found({ ...told(device, ["description", "options", "type"]), local: bool(device, "local"), path: id });
    },

    delete: (context, id, known) => context.of(known).delete(`sys/audit/${id}`),
};

export const auditTypes: readonly VaultType[] = [audit];
