// The engine as the plugin sees it: a place to send warnings to, and the user's interrupt.

import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Host } from "./package";

/** The engine at an address; without one, warnings go to standard error, which the engine shows too. */
export function engineHost(address: string | undefined, cancelled: AbortSignal): Host {
    if (address === undefined) {
        return { cancelled, warn: (message) => Promise.resolve(void process.stderr.write(`${message}\n`)) };
    }
    const engine = new EngineClient(address, grpc.credentials.createInsecure());
    return { cancelled, warn: (message, urn = "") => log(engine, message, urn) };
}

/** For tests that are not about warnings. */
export function silentHost(): Host {
    return { cancelled: new AbortController().signal, warn: () => Promise.resolve() };
}

/** A warning that cannot be delivered is no reason to fail. */
function log(engine: EngineClient, message: string, urn: string): Promise<void> {
    const request = new LogRequest().setSeverity(LogSeverity.WARNING).setMessage(message).setUrn(urn);
    return new Promise((resolve) => engine.log(request, () => resolve()));
}
