import { createHash } from "node:crypto";

import { interrupted, stopIfInterrupted } from "../ops/common/interrupt";
import { certificatesOfCaller, proxyOf } from "../ops/network/proxy";
import { LocalError } from "./paths";

/** The file cannot be had from there, by no fault in it: the one failure after which another way is taken. */
export class Unavailable extends Error {}

/** Nobody answered at all: what else that server has is not worth waiting for either. */
export class Unreachable extends Unavailable {}

/** Turns the address of an official file into the one to ask: the same, or its place on a mirror. */
export type Mirror = (url: string) => string;

/** `PLATFORM_DOWNLOAD_URL` names a mirror, under which each official address stands without its `https://`. */
export function mirror(env: NodeJS.ProcessEnv = process.env): Mirror {
    const base = env.PLATFORM_DOWNLOAD_URL?.replace(/\/$/, "");
    return (url) => (base === undefined ? url : `${base}/${url.replace(/^https:\/\//, "")}`);
}

/** How long the server may take to answer at all, in milliseconds. */
const answerTimeout = 10_000;

/**
 * Downloads a file.
 *
 * @throws Unreachable when there is no answer; Unavailable when it is a refusal, as of a proxy that lets nothing through;
 * LocalError when it breaks off; Interrupted after Ctrl-C.
 */
export async function download(url: string, doing?: (detail: string) => void): Promise<Buffer> {
    stopIfInterrupted();
    const cancel = new AbortController();
    const timer = setTimeout(() => cancel.abort(), answerTimeout);
    interrupted.addEventListener("abort", () => cancel.abort(), { once: true });
    const { Agent, fetch, ProxyAgent } = await import("undici");
    const proxy = proxyOf(url);
    const tls = { ca: certificatesOfCaller() };
    const dispatcher =
        proxy === undefined ? new Agent({ connect: tls }) : new ProxyAgent({ uri: proxy, requestTls: tls });
    let response;
    try {
        response = await fetch(url, { signal: cancel.signal, dispatcher });
    } catch {
        stopIfInterrupted();
        throw new Unreachable(`${new URL(url).host} cannot be reached`);
    } finally {
        clearTimeout(timer);
    }
    if (!response.ok) throw new Unavailable(`${url} answered ${response.status} ${response.statusText}`.trim());
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
        stopIfInterrupted();
        throw new LocalError(`${url} broke off after ${megabytes(received)} MB; run this again`);
    } finally {
        void dispatcher.close();
    }
    return Buffer.concat(chunks);
}

const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(0);

/**
 * Downloads a file and checks it against its SHA-256, in hexadecimal.
 *
 * @throws as `download`, and LocalError when the file is another one.
 */
export async function downloadChecked(url: string, sha256: string, doing?: (detail: string) => void): Promise<Buffer> {
    const content = await download(url, doing);
    const got = createHash("sha256").update(content).digest("hex");
    if (got === sha256) return content;
    throw new LocalError(
        `${url} has the SHA-256 ${got}, its release says ${sha256}. ` +
            "Nothing was installed; try again, and if it stays so, do not trust that server.",
    );
}

/** The SHA-256 of a file in the lines `<hexadecimal>  <file>` of a checksum list. */
export function checksumOf(list: string, file: string): string | undefined {
    return list
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .find(([, name]) => name?.replace(/^\*/, "") === file)?.[0];
}
