import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import execa from "execa";

import { cachedFolder } from "./files";
import { LocalError } from "./paths";
import { step } from "./progress";

/** Packages of PyPI. */
export interface PythonPackages {
    /** What people know them by. */
    readonly title: string;
    /** Name and version, for a folder of the cache. */
    readonly name: string;
    readonly version: string;
    /** What needs them, for people without Python. */
    readonly neededFor: string;
    /** File with all of them, each with its version. */
    readonly requirements: string;
    /** Whether the file has the SHA-256 of each as well. */
    readonly hashes: boolean;
}

/**
 * The Python that has packages installed: a virtual environment, kept in `cache` under a digest of what is installed.
 *
 * @throws LocalError when Python is missing or too old, or a package cannot be installed.
 */
export async function pythonWith(packages: PythonPackages, cache: string): Promise<string> {
    const { title, name, version, neededFor, requirements, hashes } = packages;
    const python = await findPython(neededFor);
    // A virtual environment names its interpreter by path: another Python needs another one.
    const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
    const folder = join(cache, `${name}-${version}-${digest}-python-${python.version}`);
    await step(`${neededFor}: ${title} ${version} from PyPI`, () =>
        cachedFolder(folder, async (target) => {
            try {
                await execa(python.command, ["-m", "venv", target]);
                const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
                const checked = hashes ? ["--require-hashes"] : [];
                await execa(join(target, "bin", "python"), [...install, ...checked, "-r", requirements]);
            } catch (error) {
                const { stderr, message } = error as execa.ExecaError;
                throw new LocalError(`${title} could not be installed:\n${stderr || message}`);
            }
        }),
    );
    return join(folder, "bin", "python");
}

/** @throws LocalError when Python is missing or too old */
export async function findPython(neededFor: string): Promise<{ command: string; version: string }> {
    const found: string[] = [];
    for (const command of ["python3", "python"]) {
        try {
            const { stdout } = await execa(command, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
            const [major, minor] = stdout.trim().split(".").map(Number);
            if (major === 3 && minor >= 10) return { command, version: stdout.trim() };
            found.push(`${command} is ${stdout.trim()}`);
        } catch {
            found.push(`${command} is not there`);
        }
    }
    throw new LocalError(
        `Python 3.10 or newer is needed for the ${neededFor} (${found.join(", ")}). Install it and retry.`,
    );
}
