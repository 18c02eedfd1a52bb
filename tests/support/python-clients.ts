import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";

import { cacheDirectory, LocalError, root } from "../../local/paths";
import { findPython, pythonWith } from "../../local/python";
import { clientEnvironment } from "./client-environment";

const programs = join(root, "tests", "clients", "programs");
export const requirements = join(programs, "requirements.txt");

/** A Python with boto3, the AWS CLI and OpenAI's client, each at the version that is pinned. */
export interface PythonClients {
    readonly python: string;
    /** A folder for PATH with `python` and `aws`. */
    readonly commands: string;
}

/** Kept in the user's cache; undefined, with the reason printed, where there is no Python. */
export async function pythonClients(): Promise<PythonClients | undefined> {
    const missing = await findPython("clients in Python").then(
        () => undefined,
        (error: unknown) => {
            if (error instanceof LocalError) return error.message;
            throw error;
        },
    );
    if (missing !== undefined) {
        process.stderr.write(`  The clients in Python are skipped: ${missing}\n`);
        return undefined;
    }
    const packages = {
        title: "boto3, the AWS CLI and openai",
        name: "python-clients",
        version: "1",
        neededFor: "clients in Python",
        requirements,
        hashes: true,
    };
    const python = await pythonWith(packages, cacheDirectory());
    return { python, commands: commandsOf(python) };
}

/** An environment is made under another name: the commands that came with it would look there. */
function commandsOf(python: string): string {
    const folder = mkdtempSync(join(tmpdir(), "python-clients-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const script = (module: string) => `#!/bin/sh\nexec "${python}" ${module}"$@"\n`;
    writeFileSync(join(folder, "python"), script(""), { mode: 0o755 });
    writeFileSync(join(folder, "aws"), script("-m awscli "), { mode: 0o755 });
    return folder;
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
