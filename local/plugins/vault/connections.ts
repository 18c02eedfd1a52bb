// How the provider's settings become connections.

import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as path from "node:path";
import { Refusal } from "../errors";
import type { VaultSettings } from "./settings";

/** A request that hangs for longer has failed. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface Connections {
    httpAgent: http.Agent;
    httpsAgent: https.Agent;
    timeout: number;
}

export function connectionsFor(settings: VaultSettings): Connections {
    const { caCertFile, caCertDir, clientAuth, tlsServerName, skipTlsVerify } = settings;
    const files = [
        ...(caCertFile === undefined ? [] : [caCertFile]),
        ...(caCertDir === undefined ? [] : filesIn(caCertDir)),
    ];
    const tls: https.AgentOptions = {
        ...(files.length === 0 ? {} : { ca: files.map((file) => contentOf("caCertFile", file)) }),
        ...(clientAuth === undefined
            ? {}
            : { cert: contentOf("clientAuth", clientAuth.certFile), key: contentOf("clientAuth", clientAuth.keyFile) }),
        ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
        ...(skipTlsVerify ? { rejectUnauthorized: false } : {}),
    };
    return {
        httpAgent: new http.Agent({ keepAlive: true }),
        httpsAgent: new https.Agent({ keepAlive: true, ...tls }),
        timeout: REQUEST_TIMEOUT_MS,
    };
}

function filesIn(folder: string): string[] {
    try {
        return fs.readdirSync(folder).map((name) => path.join(folder, name));
    } catch {
        throw new Refusal(`vault:caCertDir: ${folder} cannot be read.`);
    }
}

function contentOf(setting: string, file: string): Buffer {
    try {
        return fs.readFileSync(file);
    } catch {
        throw new Refusal(`vault:${setting}: ${file} cannot be read.`);
    }
}
