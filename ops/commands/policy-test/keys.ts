import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "dotenv";

import { exitCodes, InfraError } from "../../infra/errors";
import { type Keys } from "../../verify/target";

type Variables = Readonly<Record<string, string | undefined>>;

/** Keys, and where they were found. */
export interface FoundKeys {
    readonly keys: Keys;
    readonly source: string;
}

/**
 * The keys of a set of variables, else those of `.env` in a folder; nothing is taken from a profile or from both.
 *
 * @throws InfraError when there are none, or only half of a pair
 */
export function keysFrom(environment: Variables, directory: string): FoundKeys {
    const file = join(directory, ".env");
    const found = pairOf(environment, "the environment") ?? pairOf(readVariables(file), file);
    if (found) return found;
    throw new InfraError(
        exitCodes.usage,
        `There are no keys: neither the environment nor ${file} has AWS_ACCESS_KEY_ID.`,
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name the folder of the service's .env by --directory.",
    );
}

function pairOf(variables: Variables, source: string): FoundKeys | undefined {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
    if (accessKeyId && secretAccessKey) {
        return {
            keys: { accessKeyId, secretAccessKey, sessionToken: variables.AWS_SESSION_TOKEN || undefined },
            source,
        };
    }
    if (!accessKeyId && !secretAccessKey) return undefined;
    const missing = accessKeyId ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID";
    throw new InfraError(
        exitCodes.usage,
        `Half a pair of keys in ${source}: ${missing} is missing.`,
        "Id and secret are one set: set both there, or none.",
    );
}

function readVariables(file: string): Variables {
    try {
        return parse(readFileSync(file));
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT") return {};
        throw new InfraError(exitCodes.usage, `${file} cannot be read (${code}).`);
    }
}
