import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/**
 * Whether a server of this machine answers with success. Of one with TLS only `caBundle` is trusted: another program on
 * its port does not pass.
 */
export function answers(url: string, caBundle?: string, headers: Record<string, string> = {}): Promise<boolean> {
    return new Promise((resolve) => {
        const request = url.startsWith("https:") ? requestHttps : requestHttp;
        const ca = caBundle === undefined ? undefined : readFileSync(caBundle);
        const probe = request(url, { ca, headers, timeout: 2000, agent: false }, (answer) => {
            answer.resume();
            resolve(answer.statusCode === 200);
        });
        probe.on("timeout", () => probe.destroy());
        probe.on("error", () => resolve(false));
        probe.end();
    });
}
