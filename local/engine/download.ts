import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as tar from "tar";

import { interrupted } from "../interrupt";
import { LocalError } from "../paths";
import { versions } from "../versions";

/** The download server could not be reached at all: the one failure after which another way is taken. */
export class Unreachable extends Error {}

/** How long the server may take to answer at all, in milliseconds. */
const answerTimeout = 10_000;

/**
 * Downloads the official release of the engine into `folder` and checks it against the release's own list of SHA-256
 * checksums. `PLATFORM_PULUMI_DOWNLOAD_URL` names a mirror of the folder that holds the releases.
 *
 * @throws Unreachable when there is no answer; LocalError when the answer is not the release.
 */
export async function downloadEngine(
    folder: string,
    doing: (detail: string) => void,
    env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
    const base = (env.PLATFORM_PULUMI_DOWNLOAD_URL ?? "https://get.pulumi.com/releases/sdk").replace(/\/$/, "");
    const archive = `pulumi-v${versions.pulumi}-${releasePlatform()}.tar.gz`;
    const checksums = (await get(`${base}/pulumi-${versions.pulumi}-checksums.txt`)).toString("utf8");
    const expected = checksumOf(checksums, archive);
    if (!expected) throw new LocalError(`${base} lists no checksum of ${archive}`);
    const content = await get(`${base}/${archive}`, doing);
    const got = createHash("sha256").update(content).digest("hex");
    if (got !== expected) {
        throw new LocalError(
            `${base}/${archive} has the SHA-256 ${got}, its release says ${expected}. ` +
                "Nothing was installed; try again, and if it stays so, do not trust that server.",
        );
    }
    const packed = join(folder, archive);
    await mkdir(folder, { recursive: true });
    await writeFile(packed, content);
    // The release keeps everything in one folder `pulumi` (`pulumi/bin` on some platforms).
    await tar.extract({ file: packed, cwd: folder, strip: 1 });
    await rm(packed);
}

/** The SHA-256 of a file in the lines `<hexadecimal>  <file>` of a checksum list. */
export function checksumOf(list: string, file: string): string | undefined {
    return list
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .find(([, name]) => name?.replace(/^\*/, "") === file)?.[0];
}

/** Operating system and processor as the release's files are named. */
export function releasePlatform(platform: string = process.platform, arch: string = process.arch): string {
    const processor = { x64: "x64", arm64: "arm64" }[arch];
    if (!processor || (platform !== "linux" && platform !== "darwin")) {
        throw new LocalError(`There is no engine for ${platform}-${arch}; Linux and macOS on x64 and arm64 are known.`);
    }
    return `${platform}-${processor}`;
}

async function get(url: string, doing?: (detail: string) => void): Promise<Buffer> {
    const cancel = new AbortController();
    const timer = setTimeout(() => cancel.abort(), answerTimeout);
    interrupted.addEventListener("abort", () => cancel.abort(), { once: true });
    let response: Response;
    try {
        response = await fetch(url, { signal: cancel.signal });
    } catch {
        throw new Unreachable(`${new URL(url).host} cannot be reached`);
    } finally {
        clearTimeout(timer);
    }
    if (!response.ok) throw new LocalError(`${url} answered ${response.status} ${response.statusText}`);
    const total = Number(response.headers.get("content-length"));
    const chunks: Uint8Array[] = [];
    let received = 0;
    try {
        for await (const chunk of response.body ?? []) {
            chunks.push(chunk);
            received += chunk.length;
            doing?.(`${megabytes(received)}${total ? ` of ${megabytes(total)}` : ""} MB`);
        }
    } catch {
        throw new LocalError(`${url} broke off after ${megabytes(received)} MB; run this again`);
    }
    return Buffer.concat(chunks);
}

const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(0);
