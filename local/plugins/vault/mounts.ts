// What every mount of a secrets engine has, whichever type declares it.

import { flag, list, map, number, set, text, type Property } from "../declare";
import { Refusal } from "../errors";
import { bool, num, optional, record, str } from "../values";
import type { Properties } from "../wire";
import type { Vault } from "./client";
import { isAbsent, makeAt, namespace, remount, saying, told } from "./common";

const hidden = (): Property => text({ default: "hidden", oneOf: ["hidden", "unauth"] });

/** Lists and texts of a mount that can be tuned. */
const TUNABLE: Record<string, Property> = {
    allowedManagedKeys: set(text()),
    allowedResponseHeaders: list(text()),
    auditNonHmacRequestKeys: list(text(), { computed: true }),
    auditNonHmacResponseKeys: list(text(), { computed: true }),
    delegatedAuthAccessors: list(text()),
    identityTokenKey: text(),
    listingVisibility: hidden(),
    passthroughRequestHeaders: list(text()),
    pluginVersion: text(),
};

/** Inputs of a mount besides its path and type. */
export const mountInputs: Record<string, Property> = {
    ...TUNABLE,
    defaultLeaseTtlSeconds: number({ computed: true }),
    description: text(),
    externalEntropyAccess: flag({ default: false, replace: true }),
    forceNoCache: flag({ default: false, replace: true }),
    local: flag({ default: false, replace: true }),
    maxLeaseTtlSeconds: number({ computed: true }),
    namespace: namespace(),
    options: map(),
    sealWrap: flag({ default: false, replace: true }),
};

export async function makeMount(vault: Vault, token: string, type: string, at: string, inputs: Properties) {
    const body = {
        type,
        description: str(inputs, "description"),
        ...saying(inputs, ["externalEntropyAccess", "local", "options", "sealWrap"]),
        config: { ...saying(inputs, [...Object.keys(TUNABLE), "forceNoCache"]), ...ttls(inputs) },
    };
    await makeAt(token, at, () => vault.write(`sys/mounts/${at}`, body));
}

/** Undefined when there is no mount. */
export async function readMount(vault: Vault, at: string): Promise<Properties | undefined> {
    const answer = await vault.read(`sys/mounts/${at}`);
    return answer === undefined ? undefined : { ...mountFrom(answer), path: at };
}

/** A mount as Vault tells it, under the provider's names. */
export function mountFrom(answer: Properties): Properties {
    const config = record(answer, "config") ?? {};
    return {
        ...told(answer, ["accessor", "description", "options", "type"]),
        ...told(config, Object.keys(TUNABLE)),
        ...told(answer, ["pluginVersion"]),
        externalEntropyAccess: bool(answer, "external_entropy_access") ?? false,
        forceNoCache: bool(config, "force_no_cache") ?? false,
        local: bool(answer, "local") ?? false,
        sealWrap: bool(answer, "seal_wrap") ?? false,
        defaultLeaseTtlSeconds: num(config, "default_lease_ttl") ?? 0,
        maxLeaseTtlSeconds: num(config, "max_lease_ttl") ?? 0,
        listingVisibility: optional(config, "listing_visibility") ?? "hidden",
    };
}

/** Moves and tunes. */
export async function updateMount(vault: Vault, at: string, inputs: Properties, known: Properties): Promise<void> {
    await move(vault, "", at, inputs, known);
    const body = {
        description: str(inputs, "description"),
        ...tuning(TUNABLE, inputs, known),
        ...ttls(inputs),
        ...saying(inputs, ["options"]),
    };
    await vault.write(`sys/mounts/${at}/tune`, body);
}

/** To its new path, with all that is in it. */
export async function move(vault: Vault, prefix: string, to: string, inputs: Properties, known: Properties) {
    const from = optional(known, "path") ?? to;
    if (from === to || (await vault.read(`sys/${prefix === "" ? "mounts" : "auth"}/${from}`)) === undefined) {
        return;
    }
    if (bool(inputs, "disableRemount") === true) {
        throw new Refusal(
            `${from} would have to be made anew at ${to}, since disableRemount is set, and what is in it would be ` +
                "lost. If that is what you want: pulumi up --replace <its URN>",
        );
    }
    await remount(vault, prefix + from, prefix + to);
}

/** What is said, and as empty what is said no more. */
export function tuning(declared: Record<string, Property>, inputs: Properties, known: Properties): Properties {
    const dropped = Object.keys(declared).filter((key) => isAbsent(inputs[key]) && !isAbsent(known[key]));
    const empty = dropped
        // Vault takes no empty version: one that is said no more stays.
        .filter((key) => key !== "pluginVersion" && declared[key]!.computed !== true)
        .map((key) => [key, declared[key]!.default ?? (declared[key]!.kind === "list" ? [] : "")]);
    return saying({ ...inputs, ...Object.fromEntries(empty) }, Object.keys(declared));
}

function ttls(inputs: Properties): Record<string, string> {
    const named = { default_lease_ttl: "defaultLeaseTtlSeconds", max_lease_ttl: "maxLeaseTtlSeconds" };
    return Object.fromEntries(
        Object.entries(named)
            .filter(([, key]) => num(inputs, key) !== undefined)
            .map(([theirs, key]) => [theirs, `${num(inputs, key)}s`]),
    );
}
