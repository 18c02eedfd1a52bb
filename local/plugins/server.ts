// The process: serves until its parent is gone or the engine says stop.

import { Console } from "node:console";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { engineHost, silentHost } from "./host";
import type { Host, Package } from "./package";
import { providerService } from "./service";

const PARENT_CHECK_MS = 1000;
/** A pod's or a stack's properties can be large; the engine itself allows as much. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** Serves a package on a free port of this machine. */
export async function serve<Context>(
    served: Package<Context>,
    stop: () => void,
    host: Host = silentHost(),
): Promise<{ port: number; server: grpc.Server }> {
    const server = new grpc.Server({
        "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
        "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    });
    server.addService(ResourceProviderService, providerService(served, stop, host));
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error === null ? resolve(bound) : reject(error),
        );
    });
    return { port, server };
}

/** Runs as the plugin of the engine at an address: the first line on standard output is the port, and nothing else is ever written there. */
export async function runPlugin<Context>(served: Package<Context>, engine: string | undefined): Promise<void> {
    keepStandardOutputClean();
    leaveWithParent();
    const running: { server?: grpc.Server } = {};
    // What is under way is finished first: a resource that was just made must still be told to the engine.
    const interrupted = new AbortController();
    const stop = (): void => {
        interrupted.abort();
        running.server?.tryShutdown(leave);
    };
    const leave = () => void (served.end?.() ?? Promise.resolve()).finally(() => process.exit(0));
    if (served.end !== undefined) {
        // When a run is over, the engine says stop and at once sends a signal.
        process.on("SIGINT", leave).on("SIGTERM", leave);
    }
    const { port, server } = await serve(served, stop, engineHost(engine, interrupted.signal));
    running.server = server;
    process.stdout.write(`${port}\n`);
}

/**
 * When the CLI is killed, its plugins live on unless they look for it themselves. The launcher says who the CLI is: it
 * may be gone before this line is reached.
 */
function leaveWithParent(): void {
    const parent = Number(process.env["PLATFORM_PLUGIN_PARENT"] ?? process.ppid);
    setInterval(() => {
        if (process.ppid !== parent) {
            process.exit(0);
        }
    }, PARENT_CHECK_MS).unref();
}

/** Libraries print, and warn of this and that; the engine would show each line to the user. */
function keepStandardOutputClean(): void {
    globalThis.console = new Console(process.stderr);
    process.removeAllListeners("warning");
    process.on("warning", () => {});
}
