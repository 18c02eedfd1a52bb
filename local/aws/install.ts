import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { pythonWith } from "../python";
import { versions } from "../versions";

<<<<<<< HEAD
/**
 * The Python that has the AWS emulator installed: a virtual environment, kept in `cache` under a digest of what
 * is installed.
 *
 * @throws LocalError when Python is missing or too old, or the package cannot be installed.
 */
export async function installEmulator(cache: string): Promise<string> {
    const python = await findPython();
    // A virtual environment names its interpreter by path: another Python needs another one.
    const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
    const folder = join(cache, `ministack-${versions.ministack}-${digest}-python-${python.version}`);
    await step(`local AWS: MiniStack ${versions.ministack} from PyPI`, () =>
        cachedFolder(folder, async (target) => {
            try {
                await execa(python.command, ["-m", "venv", target]);
                const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
                await execa(join(target, "bin", "python"), [...install, "--require-hashes", "-r", requirements]);
            } catch (error) {
                const { stderr, message } = error as execa.ExecaError;
                throw new LocalError(`MiniStack could not be installed:\n${stderr || message}`);
            }
        }),
    );
    return join(folder, "bin", "python");
}

/** The emulator and all that it needs, each with its SHA-256. */
const requirements = join(__dirname, "requirements.txt");

/** @throws LocalError when Python is missing or too old */
export async function findPython(): Promise<{ command: string; version: string }> {
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
    throw new LocalError(`Python 3.10 or newer is needed (${found.join(", ")}). Install it and retry.`);
}
=======
/** The Python that has the AWS emulator installed, kept by version in `cache`. @throws LocalError */
export const installEmulator = (cache: string): Promise<string> =>
    pythonWith(
        {
            title: "MiniStack",
            name: "ministack",
            version: versions.ministack,
            neededFor: "local AWS",
            // The emulator and all that it needs, each with its SHA-256.
            requirements: join(__dirname, "requirements.txt"),
            hashes: true,
        },
        cache,
    );
>>>>>>> 75170f6 (Bench: the gate's overshoot and latency, each with LiteLLM beside it)
