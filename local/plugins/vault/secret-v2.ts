// vault.kv.SecretV2: the latest version of a secret in a KV v2 mount. Its id is `<mount>/data/<name>`.

import { isDeepStrictEqual } from "node:util";
import { flag, json, map, number, object, text } from "../declare";
import { bool, num, record, str } from "../values";
import { isRecord, type Properties, type Value } from "../wire";
import type { Vault } from "./client";
import { faultsOfPath, namespace, told, type VaultType } from "./common";
import { parseDuration } from "./durations";

const secretV2: VaultType = {
    token: "vault:kv/secretV2:SecretV2",
    inputs: {
        cas: number({ writeOnly: true }),
        customMetadata: object(
            {
                casRequired: flag({ default: false }),
                data: map(),
                deleteVersionAfter: number({ default: 0 }),
                maxVersions: number({ default: 0 }),
            },
            { computed: true },
        ),
        dataJson: json({ required: true }),
        deleteAllVersions: flag({ default: false, writeOnly: true }),
        disableRead: flag({ default: false, writeOnly: true }),
        mount: text({ required: true, replace: true }),
        name: text({ replace: true }),
        namespace: namespace(),
        options: map({ writeOnly: true }),
    },
    outputs: ["data", "metadata", "path"],
    derived: { data: ["dataJson"], path: ["mount", "name"] },
    movedBy: { metadata: ["dataJson", "customMetadata"] },
    secretOutputs: ["data", "dataJson"],
    name: { property: "name", maxLength: 512 },
    identity: ["mount", "name", "namespace"],
    check: (inputs) => [
        ...faultsOfPath("mount", inputs["mount"]),
        ...faultsOfPath("name", inputs["name"]),
        ...(typeof inputs["dataJson"] !== "string" || isRecord(JSON.parse(inputs["dataJson"]))
            ? []
            : ["dataJson must be a JSON object."]),
    ],

    async create(context, inputs, created) {
        const vault = context.of(inputs);
        const id = `${str(inputs, "mount")}/data/${str(inputs, "name")}`;
        await writeData(vault, id, inputs);
        created(id);
        await writeMetadata(vault, id, inputs);
    },

    async read(context, id, known) {
        const [mount, name] = partsOf(id);
        const values = { mount, name, path: id };
        if (bool(known, "disableRead") === true) {
            return { ...values, ...(known["dataJson"] === undefined ? {} : { dataJson: known["dataJson"] }) };
        }
        const vault = context.of(known);
        const answer = await vault.read(id);
        const data = answer && record(answer, "data");
        if (answer === undefined || data === undefined) {
            return undefined;
        }
        return {
            ...values,
            data: asTexts(data),
            dataJson: JSON.stringify(data),
            metadata: asTexts(record(answer, "metadata") ?? {}),
            ...(known["customMetadata"] === undefined ? {} : await customMetadata(vault, mount, name)),
        };
    },

    async update(context, id, inputs, known) {
        const vault = context.of(inputs);
        if (!(await holds(vault, id, inputs, known))) {
            await writeData(vault, id, inputs);
        }
        await writeMetadata(vault, id, inputs);
    },

    async delete(context, id, known) {
        const [mount, name] = partsOf(id);
        const what = bool(known, "deleteAllVersions") === true ? "metadata" : "data";
        await context.of(known).delete(`${mount}/${what}/${name}`);
    },
};

/** A new version only where the values differ: everything downstream follows the version. */
async function holds(vault: Vault, id: string, inputs: Properties, known: Properties): Promise<boolean> {
    const wanted: unknown = JSON.parse(str(inputs, "dataJson"));
    if (bool(inputs, "disableRead") === true) {
        return typeof known["dataJson"] === "string" && isDeepStrictEqual(JSON.parse(known["dataJson"]), wanted);
    }
    const answer = await vault.read(id);
    return answer !== undefined && isDeepStrictEqual(record(answer, "data"), wanted);
}

async function writeData(vault: Vault, id: string, inputs: Properties): Promise<void> {
    const data = JSON.parse(str(inputs, "dataJson")) as Properties;
    const cas = num(inputs, "cas");
    const options = { ...record(inputs, "options"), ...(cas === undefined ? {} : { cas }) };
    await vault.write(id, { data, ...(Object.keys(options).length === 0 ? {} : { options }) }, leaves(data));
}

async function writeMetadata(vault: Vault, id: string, inputs: Properties): Promise<void> {
    const declared = record(inputs, "customMetadata");
    if (declared === undefined) {
        return;
    }
    const [mount, name] = partsOf(id);
    await vault.write(`${mount}/metadata/${name}`, {
        cas_required: bool(declared, "casRequired") ?? false,
        custom_metadata: record(declared, "data") ?? {},
        delete_version_after: `${num(declared, "deleteVersionAfter") ?? 0}s`,
        max_versions: num(declared, "maxVersions") ?? 0,
    });
}

async function customMetadata(vault: Vault, mount: string, name: string): Promise<Properties> {
    const answer = (await vault.read(`${mount}/metadata/${name}`)) ?? {};
    const { customMetadata: data } = told(answer, ["customMetadata"]);
    return {
        customMetadata: {
            casRequired: bool(answer, "cas_required") ?? false,
            ...(data === undefined ? {} : { data }),
            deleteVersionAfter: Number(parseDuration(str(answer, "delete_version_after")) || 0),
            maxVersions: num(answer, "max_versions") ?? 0,
        },
    };
}

function partsOf(id: string): [string, string] {
    const at = id.indexOf("/data/");
    return at < 0 ? [id, ""] : [id.slice(0, at), id.slice(at + "/data/".length)];
}

/** As the official provider tells them: what is no text is written as JSON. */
export function asTexts(values: Properties): Record<string, string> {
    return Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    );
}

/** Shorter ones are no secrets, and would take innocent words out of a message. */
const SHORTEST_SECRET = 4;

/** Every text in it, at whatever depth. */
export function leaves(value: Value): string[] {
    if (typeof value === "string") {
        return value.length < SHORTEST_SECRET ? [] : [value];
    }
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [];
}

export const secretV2Types: readonly VaultType[] = [secretV2];
