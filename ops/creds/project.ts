import { statSync } from "node:fs";
import { join, resolve } from "node:path";

import { type ServiceName } from "../../services";
import { type VariableSources } from "../../services/credential-sources";
import { type CommandContext } from "../cli/command";
import { exitCodes, InfraError } from "../common/errors";
import { type FoundCredentials, type Resolution, resolveCredentials, variablesOf } from "./resolve";
import { readFiles, theEnvironment } from "./variables";

/** Codes of errors that say that a path leads to no folder. */
const leadsNowhere = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"];

/**
 * The absolute path of the folder that `--directory` names.
 *
 * @throws InfraError where it is none, or cannot be looked at
 */
export function projectFolder(directory: string): string {
    const folder = resolve(directory);
    try {
        if (statSync(folder).isDirectory()) return folder;
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (!leadsNowhere.includes(code!)) {
            throw new InfraError(exitCodes.unreachable, `--directory: ${folder} cannot be looked at (${code}).`);
        }
    }
    throw new InfraError(exitCodes.usage, `--directory: there is no folder ${folder}.`);
}

/**
 * Which credentials a service uses that is started from here, in its project's folder. Every command that acts as a
 * service takes them from here.
 *
 * @throws InfraError as {@link resolveCredentials}
 */
export function credentialsIn(folder: string, sources: VariableSources, stackRegion: string): Resolution {
    const inputs = { environment: process.env, files: readFiles(folder, sources.files) };
    return resolveCredentials(sources, inputs, stackRegion);
}

/** What to say where there are none. */
export function noCredentials(
    { host, stack }: Pick<CommandContext, "host" | "stack">,
    service: ServiceName,
    { files, processEnvironment }: VariableSources,
    folder: string,
    { hidden }: Pick<Resolution, "hidden">,
): InfraError {
    const places = [...files, ...(processEnvironment ? ["the environment"] : [])];
    return new InfraError(
        exitCodes.failed,
        `There are no credentials of ${service} in ${places.join(", ")}.`,
        hidden.length > 0
            ? unsetThem(hidden)
            : `Write them: ${host.program} env ${service} --stack ${stack} --out ${join(folder, files[0])}`,
    );
}

/** What to do where the environment sets variables to nothing that a file has. */
export function unsetThem(hidden: readonly string[]): string {
    return `The environment sets them to nothing, over the file's values. Unset there: ${hidden.join(", ")}.`;
}

/** What to do where the credentials that were found are somebody else's. */
export function replaceOthers(
    { host, stack }: Pick<CommandContext, "host" | "stack">,
    service: ServiceName,
    { place, set }: Pick<FoundCredentials, "place" | "set">,
    folder: string,
): string {
    if (place === theEnvironment) return `Unset ${Object.values(variablesOf(set)).join(", ")} in the environment.`;
    const write = `${host.program} env ${service} --stack ${stack} --out ${join(folder, place)}`;
    return `Give the service its own: ${write}`;
}
