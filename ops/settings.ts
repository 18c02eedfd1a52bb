import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { parseSettings, parseValue, type Settings, SettingsError } from "../stacks/settings";
import { exitCodes, InfraError } from "./infra/errors";
import { repository } from "./infra/repository";

/**
 * A stack's settings, from its file and without Pulumi: what `stacks/config.ts` reads with it.
 *
 * @throws InfraError when there is no such stack, or its file has faults
 */
export function readStackSettings(stack: string, folder = repository): Settings {
    const refuse = (error: Error) => new InfraError(exitCodes.usage, `Pulumi.${stack}.yaml: ${error.message}`);
    const file = stackFile(stack, folder);
    let parsed: unknown;
    try {
        parsed = parse(readFileSync(file, "utf8"));
    } catch (error) {
        // One that may not be read, is no YAML, or has an alias that leads nowhere.
        throw refuse(error as Error);
    }
    try {
        return parseSettings(configValues(parsed));
    } catch (error) {
        throw error instanceof SettingsError ? refuse(error) : error;
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
