import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as tar from "tar";

import { mirror } from "../download";
import { downloadListed } from "../part";
import { LocalError } from "../paths";
import { versions } from "../versions";

/**
 * Downloads the official release of the engine into `folder` and checks it against the release's own list of SHA-256
 * checksums.
 *
 * @throws as `downloadChecked`
 */
export async function downloadEngine(
    folder: string,
    doing: (detail: string) => void,
    env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
    const base = mirror(env)("https://get.pulumi.com/releases/sdk");
    const archive = `pulumi-v${versions.pulumi}-${releasePlatform()}.tar.gz`;
    const content = await downloadListed(base, `pulumi-${versions.pulumi}-checksums.txt`, archive, doing);
    const packed = join(folder, archive);
    await mkdir(folder, { recursive: true });
    await writeFile(packed, content);
    // The release keeps everything in one folder `pulumi` (`pulumi/bin` on some platforms).
    await tar.extract({ file: packed, cwd: folder, strip: 1 });
    await rm(packed);
}

/** Operating system and processor as the release's files are named. */
export function releasePlatform(platform: string = process.platform, arch: string = process.arch): string {
    const processor = { x64: "x64", arm64: "arm64" }[arch];
    if (!processor || (platform !== "linux" && platform !== "darwin")) {
        throw new LocalError(`There is no engine for ${platform}-${arch}; Linux and macOS on x64 and arm64 are known.`);
    }
    return `${platform}-${processor}`;
}
