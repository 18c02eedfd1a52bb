import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

import { type Document } from "yaml";

import { parseSettings, parseValue, type Settings, SettingsError } from "../stacks/settings";
import { exitCodes, InfraError } from "./infra/errors";
import { repository } from "./infra/repository";
import { readStackDocument } from "./infra/stack-document";

/**
 * A stack's settings, from its file and without Pulumi: what `stacks/config.ts` reads with it.
 *
 * @throws InfraError when there is no such stack, or its file has faults
 */
export function readStackSettings(stack: string, folder = repository): Settings {
    const path = stackFile(stack, folder);
    return settingsOf(readStackDocument(path), basename(path));
}

/**
 * The settings that a stack file has.
 *
 * @param name what it is called, for the messages
 * @throws InfraError when they have faults
 */
export function settingsOf(document: Document, name: string): Settings {
    try {
        return parseSettings(configValues(document.toJS()));
    } catch (error) {
        throw error instanceof SettingsError ? new InfraError(exitCodes.usage, `${name}: ${error.message}`) : error;
    }
}

/**
 * Path of a stack's file.
 *
 * @throws InfraError when there is none
 */
export function stackFile(stack: string, folder: string): string {
    const stacks = stackNames(folder);
    if (stacks.includes(stack)) return join(folder, `Pulumi.${stack}.yaml`);
    throw new InfraError(
        exitCodes.usage,
        `There is no stack ${JSON.stringify(stack)}: its file Pulumi.${stack}.yaml is missing.`,
        `The stacks there are: ${stacks.join(", ") || "none"}.`,
    );
}

/** The stacks that have a file: a link that leads nowhere, or a folder of that name, is none. */
export function stackNames(folder = repository): string[] {
    return readdirSync(folder)
        .filter((name) => existsSync(join(folder, name)) && statSync(join(folder, name)).isFile())
        .flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? [])
        .sort();
}

/** What `parseSettings` takes, from a parsed stack file. */
export function configValues(stackFile: unknown): Record<string, unknown> {
    const config = (stackFile as { config?: Record<string, unknown> } | null)?.config ?? {};
    const values: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(config)) {
        if (key.startsWith("platform:")) values[key.slice("platform:".length)] = parseValue(value);
    }
    return {
        ...values,
        region: config["aws:region"],
        allowedAccountIds: parseValue(config["aws:allowedAccountIds"]),
    };
}
