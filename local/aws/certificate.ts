import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";

import { generate } from "selfsigned";

import { writeAtomically } from "../../ops/common/files";

/** Paths of a certificate and its key; the certificate is its own authority. */
export interface Certificate {
    readonly certificate: string;
    readonly key: string;
}

/** The certificate of the local AWS for 127.0.0.1, localhost and the hosts of its accounts: made once, made anew a week before it ends. */
export async function localCertificate(folder: string): Promise<Certificate> {
    const paths = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
    if (existsSync(paths.key) && isCurrent(paths.certificate)) return paths;
    const made = await generate([{ name: "commonName", value: "localhost" }], {
        keyType: "ec",
        algorithm: "sha256",
        notAfterDate: new Date(Date.now() + 365 * day),
        extensions: [
            { name: "basicConstraints", cA: true },
            {
                name: "subjectAltName",
                altNames: [
                    { type: 2, value: "localhost" },
                    // S3 Control has the account before its host.
                    { type: 2, value: accountHosts },
                    { type: 7, ip: "127.0.0.1" },
                ],
            },
        ],
    });
    writeAtomically(paths.key, made.private);
    writeAtomically(paths.certificate, made.cert, 0o644);
    return paths;
}

const accountHosts = "*.localhost";
const day = 24 * 60 * 60 * 1000;

function isCurrent(path: string): boolean {
    if (!existsSync(path)) return false;
    const { subjectAltName, validTo } = new X509Certificate(readFileSync(path));
    return !!subjectAltName?.includes(accountHosts) && new Date(validTo).getTime() > Date.now() + 7 * day;
}
