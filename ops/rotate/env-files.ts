import { existsSync, readFileSync, statSync } from "node:fs";

import { parse } from "dotenv";

import { type ServiceName } from "../../services";
import { writeAtomically } from "../files";
import { exitCodes, InfraError } from "../infra/errors";
import { type Keys } from "../verify/target";

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
    const wanted = Object.entries(keyVariables(service, key));
    return envFiles.map((path) => {
        const values = existsSync(path) ? parse(readFileSync(path)) : {};
        return wanted.every(([name, value]) => values[name] === value)
            ? { path, since: statSync(path).mtime }
            : { path };
    });
}

/** Writes a key into a file of variables, whole or not at all; every other line stays. */
export function writeKey(path: string, service: ServiceName, key: Keys): Promise<void> {
    const variables = keyVariables(service, key);
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    if (lines.at(-1) === "") lines.pop();
    const names = Object.keys(variables);
    const kept = lines.filter((line) => !names.some((name) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(line)));
    const own = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    writeAtomically(path, `${[...kept, ...own].join("\n")}\n`);
    return Promise.resolve();
}

function keyVariables(service: ServiceName, { accessKeyId, secretAccessKey }: Keys): Record<string, string> {
    if (service === "clinical-ai") {
        throw new InfraError(exitCodes.usage, "clinical-ai's keys are never in a file: its pods have them from Vault.");
    }
    const prefix = service === "mlflow" ? "MLFLOW_" : "";
    return {
        [`${prefix}AWS_ACCESS_KEY_ID`]: accessKeyId,
        [`${prefix}AWS_SECRET_ACCESS_KEY`]: secretAccessKey,
    };
}
