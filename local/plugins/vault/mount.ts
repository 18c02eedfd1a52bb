// vault.Mount. Its id is its path.

import { text } from "../declare";
import { optional, record, str } from "../values";
import type { Properties } from "../wire";
import { faultsOfPath, type VaultType } from "./common";
import { makeMount, mountInputs, readMount, updateMount } from "./mounts";

const TOKEN = "vault:index/mount:Mount";

const mount: VaultType = {
    token: TOKEN,
    inputs: {
        ...mountInputs,
        path: text({ required: true }),
        type: text({ required: true, replace: true }),
    },
    outputs: ["accessor"],
    identity: ["path", "namespace"],
    check: (inputs) => faultsOfPath("path", inputs["path"]),

    async create(context, inputs, created) {
        const at = str(inputs, "path");
        await makeMount(context.of(inputs), TOKEN, str(inputs, "type"), at, inputs);
        created(at);
    },

    async read(context, id, known) {
        const live = await readMount(context.of(known), optional(known, "path") ?? id);
        return live === undefined ? undefined : asDeclared(live, known);
    },

    update: (context, _id, inputs, known) => updateMount(context.of(inputs), str(inputs, "path"), inputs, known),

    delete: (context, id, known) => context.of(known).delete(`sys/mounts/${optional(known, "path") ?? id}`),

    identify: (values) => str(values, "path"),
};

/** Vault knows no type `kv-v2`: it makes it `kv` with version 2 among its options. */
export function asDeclared(live: Properties, known: Properties): Properties {
    const { version, ...others } = record(live, "options") ?? {};
    if (known["type"] !== "kv-v2" || live["type"] !== "kv" || version !== "2") {
        return live;
    }
    const options = record(known, "options")?.["version"] === undefined ? others : { version, ...others };
    return { ...live, type: "kv-v2", options };
}

export const mountTypes: readonly VaultType[] = [mount];
