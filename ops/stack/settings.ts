import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

import { type Document, parseDocument } from "yaml";

import { parseSettings, type Settings, SettingsError, settingsIn } from "../../stacks/settings";
import { exitCodes, InfraError } from "../common/errors";
import { readStackDocument } from "./document";
import { repository } from "./repository";

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
        return parseSettings(configValues(document.toJS(), projectConfig(repository)));
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

/**
 * What `parseSettings` takes, from a parsed stack file. What the file does not set, the project's file may.
 *
 * @throws SettingsError for what only the engine can read
 */
export function configValues(stackFile: unknown, project: Readonly<Record<string, unknown>> = {}) {
    const { config: own = {}, environment } = (stackFile ?? {}) as {
        config?: Record<string, unknown>;
        environment?: unknown;
    };
    if (environment !== undefined) {
        throw new SettingsError(
            "`environment:` names values that only the engine sees: write the settings into `config:`",
        );
    }
    return settingsIn({ ...project, ...own }, (key, value) => {
        if (isSecure(value)) throw new SettingsError(`${key}: settings hold no secrets; write it in plain text`);
        return value;
    });
}

function isSecure(value: unknown): boolean {
    return typeof value === "object" && value !== null && Object.keys(value).join() === "secure";
}

const isDeclaration = (value: unknown): value is { value?: unknown; default?: unknown } =>
    typeof value === "object" && value !== null && ("value" in value || "default" in value);

/** The settings of every stack, in the project's file: plain, or declared; without a namespace the project's. */
export function projectConfig(folder: string): Record<string, unknown> {
    const path = join(folder, "Pulumi.yaml");
    if (!existsSync(path)) return {};
    const { config } = parseDocument(readFileSync(path, "utf8")).toJS() as { config?: Record<string, unknown> };
    return Object.fromEntries(
        Object.entries(config ?? {}).map(([key, value]) => [
            key.includes(":") ? key : `platform:${key}`,
            isDeclaration(value) ? (value.value ?? value.default) : value,
        ]),
    );
}
