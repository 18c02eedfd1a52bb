// vault.aws.SecretBackend: a mount of the AWS secrets engine and the credentials it works with. Its id is its path.

import { flag, list, number, text, type Property } from "../declare";
import { optional, str } from "../values";
import type { Properties } from "../wire";
import type { Vault } from "./client";
import { faultsOfPath, saying, sayingAll, told, type VaultType } from "./common";
import { makeMount, mountInputs, readMount, updateMount } from "./mounts";

const TOKEN = "vault:aws/secretBackend:SecretBackend";

const CREDENTIALS: Record<string, Property> = {
    accessKey: text(),
    iamEndpoint: text(),
    maxRetries: number({ default: -1 }),
    region: text({ default: "us-east-1" }),
    secretKey: text({ writeOnly: true }),
    stsEndpoint: text(),
    stsFallbackEndpoints: list(text()),
    stsFallbackRegions: list(text()),
    stsRegion: text(),
};
/** Features of Vault Enterprise are said only where the program says them; so is what Vault chooses. */
const OPTIONAL: Record<string, Property> = {
    disableAutomatedRotation: flag({ default: false }),
    identityTokenAudience: text(),
    identityTokenTtl: number({ computed: true }),
    roleArn: text(),
    rotationPeriod: number({ default: 0 }),
    rotationSchedule: text(),
    rotationWindow: number({ default: 0 }),
    usernameTemplate: text({ computed: true }),
};

const secretBackend: VaultType = {
    token: TOKEN,
    inputs: {
        ...mountInputs,
        ...CREDENTIALS,
        ...OPTIONAL,
        disableRemount: flag({ default: false, writeOnly: true }),
        path: text({ default: "aws" }),
    },
    outputs: ["accessor"],
    secretOutputs: ["accessKey", "secretKey"],
    identity: ["path", "namespace"],
    check: (inputs) => faultsOfPath("path", inputs["path"]),

    async create(context, inputs, created) {
        const vault = context.of(inputs);
        const at = optional(inputs, "path") ?? "aws";
        await makeMount(vault, TOKEN, "aws", at, inputs);
        created(at);
        await configure(vault, at, inputs);
    },

    async read(context, id, known) {
        const vault = context.of(known);
        const live = await readMount(vault, optional(known, "path") ?? id);
        if (live === undefined) {
            return undefined;
        }
        const mount = Object.fromEntries(Object.entries(live).filter(([key]) => key !== "type"));
        const root = (await vault.read(`${str(live, "path")}/config/root`)) ?? {};
        return { ...mount, ...told(root, [...Object.keys(CREDENTIALS), ...Object.keys(OPTIONAL)]) };
    },

    async update(context, _id, inputs, known) {
        const vault = context.of(inputs);
        const at = optional(inputs, "path") ?? "aws";
        await updateMount(vault, at, inputs, known);
        await configure(vault, at, inputs);
    },

    delete: (context, id, known) => context.of(known).delete(`sys/mounts/${optional(known, "path") ?? id}`),

    identify: (values) => str(values, "path"),
};

/** Vault forgets what a write does not say. */
async function configure(vault: Vault, at: string, inputs: Properties): Promise<void> {
    const body = {
        ...sayingAll(CREDENTIALS, inputs, Object.keys(CREDENTIALS)),
        ...saying(inputs, Object.keys(OPTIONAL)),
    };
    await vault.write(`${at}/config/root`, body, [str(inputs, "accessKey"), str(inputs, "secretKey")]);
}

export const awsBackendTypes: readonly VaultType[] = [secretBackend];
