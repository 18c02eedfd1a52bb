import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import execa from "execa";

import { findPython } from "../../local/aws/install";
import { cachedFolder } from "../../local/files";
import { cacheDirectory, LocalError, root } from "../../local/paths";
import { clientEnvironment } from "./client-environment";

const programs = join(root, "tests", "clients", "programs");
export const requirements = join(programs, "requirements.txt");

/** A Python with boto3, the AWS CLI and OpenAI's client, each at the version that is pinned. */
export interface PythonClients {
    readonly python: string;
    /** A folder for PATH with `python` and `aws`. */
    readonly commands: string;
}

/** Kept by versions in the user's cache; undefined, with the reason printed, where there is no Python. */
export async function pythonClients(): Promise<PythonClients | undefined> {
    const python = await findPython().catch((error: unknown) => {
        if (!(error instanceof LocalError)) throw error;
        process.stderr.write(`  The clients in Python are skipped: ${error.message}\n`);
    });
    if (!python) return undefined;
    const version = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
    const folder = join(cacheDirectory(), `python-clients-${version}-python-${python.version}`);
    await cachedFolder(folder, async (target) => {
        await execa(python.command, ["-m", "venv", target]);
        const installed = join(target, "bin", "python");
        const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
        await execa(installed, [...install, "-r", requirements]);
        // An environment is made under another name: the command that came with it would look there.
        const commands = join(target, "commands");
        mkdirSync(commands);
        const script = (module: string) => `#!/bin/sh\nexec "$(dirname "$0")/../bin/python" ${module}"$@"\n`;
        writeFileSync(join(commands, "python"), script(""));
        writeFileSync(join(commands, "aws"), script("-m awscli "));
        for (const name of ["python", "aws"]) chmodSync(join(commands, name), 0o755);
    });
    return { python: join(folder, "bin", "python"), commands: join(folder, "commands") };
}

/**
 * What a program of `tests/clients/programs` prints.
 *
 * @param names of its functions to run, one after the other
 */
export async function runProgram(
    { python }: PythonClients,
    program: string,
    names: readonly string[],
    variables: Readonly<Record<string, string>>,
): Promise<unknown[]> {
    const env = clientEnvironment(variables);
    const { stdout } = await execa(python, [join(programs, program), ...names], { env, extendEnv: false });
    return JSON.parse(stdout) as unknown[];
}
