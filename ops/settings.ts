import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse, YAMLParseError } from "yaml";

import { parseSettings, type Settings, SettingsError } from "../stacks/settings";
import { exitCodes, InfraError } from "./infra/errors";
import { repository } from "./infra/repository";

/**
 * A stack's settings, from its file and without Pulumi: what `stacks/config.ts` reads with it.
 *
 * @throws InfraError when there is no such stack, or its file has faults
 */
export function readStackSettings(stack: string, folder = repository): Settings {
    const file = stackFile(stack, folder);
    try {
        return parseSettings(configValues(parse(readFileSync(file, "utf8"))));
    } catch (error) {
        if (!(error instanceof SettingsError || error instanceof YAMLParseError)) throw error;
        throw new InfraError(exitCodes.usage, `Pulumi.${stack}.yaml: ${error.message}`);
    }
}

/**
 * Path of a stack's file.
 *
 * @throws InfraError when there is none
 */
export function stackFile(stack: string, folder: string): string {
    const stacks = stackNames(folder);
    const file = join(folder, `Pulumi.${stack}.yaml`);
    if (stacks.includes(stack) && existsSync(file)) return file;
    throw new InfraError(
        exitCodes.usage,
        `There is no stack ${JSON.stringify(stack)}: its file Pulumi.${stack}.yaml is missing.`,
        `The stacks there are: ${stacks.join(", ") || "none"}.`,
    );
}

/** The stacks that have a file. */
export function stackNames(folder = repository): string[] {
    return readdirSync(folder)
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

/** `pulumi config set` writes a list or a map as JSON text; what is none stays text, which the schema refuses. */
function parseValue(value: unknown): unknown {
    if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
    try {
        return JSON.parse(value) as unknown;
    } catch {
        return value;
    }
}
