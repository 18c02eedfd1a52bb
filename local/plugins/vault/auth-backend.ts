// vault.AuthBackend. Its id is its path.

import { flag, list, object, text, type Property } from "../declare";
import { found, num, optional, record, str } from "../values";
import type { Properties } from "../wire";
import { faultsOfPath, makeAt, namespace, saying, told, type VaultType } from "./common";
import { parseDuration } from "./durations";
import { mountFrom, move, tuning } from "./mounts";

const TOKEN = "vault:index/authBackend:AuthBackend";

const duration = (): Property => ({ kind: "text", normalise: parseDuration, default: "0s" });

const TUNE: Record<string, Property> = {
    allowedResponseHeaders: list(text()),
    auditNonHmacRequestKeys: list(text()),
    auditNonHmacResponseKeys: list(text()),
    defaultLeaseTtl: duration(),
    listingVisibility: text({ default: "hidden", oneOf: ["hidden", "unauth"] }),
    maxLeaseTtl: duration(),
    passthroughRequestHeaders: list(text()),
    tokenType: text({
        default: "default-service",
        oneOf: ["default-service", "default-batch", "service", "batch"],
    }),
};

const authBackend: VaultType = {
    token: TOKEN,
    inputs: {
        description: text(),
        disableRemount: flag({ default: false, writeOnly: true }),
        identityTokenKey: text(),
        local: flag({ default: false, replace: true }),
        namespace: namespace(),
        path: text({ computed: true }),
        tune: object(TUNE, { computed: true }),
        type: text({ required: true, replace: true }),
    },
    outputs: ["accessor"],
    identity: ["path", "type", "namespace"],
    check: (inputs) => faultsOfPath("path", inputs["path"]),

    async create(context, inputs, created) {
        const vault = context.of(inputs);
        const at = pathOf(inputs);
        const body = {
            type: str(inputs, "type"),
            description: str(inputs, "description"),
            ...saying(inputs, ["local"]),
            config: {
                ...saying(record(inputs, "tune") ?? {}, Object.keys(TUNE)),
                ...saying(inputs, ["identityTokenKey"]),
            },
        };
        await makeAt(TOKEN, at, () => vault.write(`sys/auth/${at}`, body));
        created(at);
    },

    async read(context, id, known) {
        const at = optional(known, "path") ?? id;
        const answer = await context.of(known).read(`sys/auth/${at}`);
        return answer === undefined ? undefined : { ...authBackendFrom(answer), path: at };
    },

    async update(context, _id, inputs, known) {
        const vault = context.of(inputs);
        const at = optional(inputs, "path") ?? pathOf(known);
        await move(vault, "auth/", at, inputs, known);
        const body = {
            description: str(inputs, "description"),
            ...tuning(TUNE, record(inputs, "tune") ?? {}, record(known, "tune") ?? {}),
            ...tuning({ identityTokenKey: text() }, inputs, known),
        };
        await vault.write(`sys/mounts/auth/${at}/tune`, body);
    },

    delete: (context, id, known) => context.of(known).delete(`sys/auth/${optional(known, "path") ?? id}`),

    identify: (values) => str(values, "path"),
};

function pathOf(inputs: Properties): string {
    return optional(inputs, "path") ?? str(inputs, "type");
}

/** As Vault tells it; of `tune` only what is not the default. */
export function authBackendFrom(answer: Properties): Properties {
    const { accessor, description, identityTokenKey, local, type } = mountFrom(answer);
    const config = record(answer, "config") ?? {};
    const tune: Properties = told(config, Object.keys(TUNE));
    for (const [key, theirs] of [
        ["defaultLeaseTtl", "default_lease_ttl"],
        ["maxLeaseTtl", "max_lease_ttl"],
    ] as const) {
        tune[key] = `${num(config, theirs) ?? 0}s`;
    }
    const notable = Object.entries(tune).filter(([key, value]) => value !== TUNE[key]?.default);
    return found({
        accessor,
        description,
        identityTokenKey,
        local,
        type,
        tune: notable.length === 0 ? undefined : Object.fromEntries(notable),
    });
}

export const authBackendTypes: readonly VaultType[] = [authBackend];
