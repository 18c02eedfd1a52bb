import { statSync } from "node:fs";

import { type ServiceName } from "../../services";
import { type Keys } from "../aws/clients";
import { readEnvFile, type Variables, variableStates } from "../env-file";
import { variablesOf } from "../env-file/service";

/** A file from which consumers read a service's variables. */
export interface ConsumerFile {
    readonly path: string;
    /** When it was last written; undefined where it does not have the key. */
    readonly since?: Date;
}

/** Which of the files have a key. */
export function lookAtFiles(
    { service, envFiles }: { readonly service: ServiceName; readonly envFiles: readonly string[] },
    key: Keys,
): ConsumerFile[] {
    return envFiles.map((path) => {
        const states = Object.values(variableStates(readEnvFile(path).text, keyVariables(service, key)));
        return states.every((state) => state === "current") ? { path, since: statSync(path).mtime } : { path };
    });
}

/** The variables in which a service reads a key. */
export function keyVariables(service: ServiceName, { accessKeyId, secretAccessKey }: Keys): Variables {
    const values: Readonly<Record<string, string>> = { accessKeyId, secretAccessKey };
    return Object.fromEntries(
        variablesOf(service).flatMap(({ name, from }) => (from in values ? [[name, values[from]]] : [])),
    );
}
