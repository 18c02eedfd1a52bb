import { join } from "node:path";
import { answers } from "../health";
import { LocalError } from "../paths";
import { runningService, startService, stopService } from "../service";
import { type Certificate } from "./certificate";

/** The running local AWS. */
export interface Server {
    readonly endpoint: string;
    /** The proxy through which the provider calls S3 Control, and nothing beyond this machine. */
    readonly proxy: string;
    /** Path of the certificate to trust. */
    readonly caBundle: string;
    /** Whether this call started it: it then has nothing in it. */
    readonly fresh: boolean;
}

/** The account that the emulator gives to its root credentials. */
export const localAccount = "000000000000";

/** The emulator's root credentials; they exist on 127.0.0.1 only. */
export const rootCredentials = { accessKeyId: "test", secretAccessKey: "test" };

/**
 * Starts the emulator on 127.0.0.1 with TLS and IAM enforced, or finds the one that an earlier call started. It goes on
 * running when this process ends.
 *
 * @throws LocalError when another program has the port, the emulator does not answer, or it runs at another port: it has
 * everything in its memory, so it is not stopped unasked.
 */
export async function startServer(
    folder: string,
    python: string,
    port: number,
    certificate: Certificate,
): Promise<Server> {
    const running = await findServer(folder, certificate);
    const server = serverAt(port, certificate);
    if (running && running.endpoint !== server.endpoint) {
        const used = new URL(running.endpoint).port;
        throw new LocalError(
            `The local AWS of this checkout runs at port ${used}, and PLATFORM_LOCAL_PORT says ${port}. ` +
                `Set PLATFORM_LOCAL_PORT=${used}, or take it down first: PLATFORM_LOCAL_PORT=${used} npm run local -- down`,
        );
    }
    if (running) return running;
    await stopServer(folder);
    const emulator = {
        name: serviceName,
        command: python,
        args: [join(__dirname, "emulator.py")],
        marker: "emulator.py",
        ports: [port, port + 1],
        env: {
            TMPDIR: folder,
            AUTH: "true",
            USE_SSL: "1",
            MINISTACK_SSL_CERT: certificate.certificate,
            MINISTACK_SSL_KEY: certificate.key,
            // Its functions call it, whatever the caller's own Node trusts.
            NODE_EXTRA_CA_CERTS: certificate.certificate,
            BIND_HOST: "127.0.0.1",
            GATEWAY_PORT: String(port),
            PROXY_PORT: String(port + 1),
            LOG_LEVEL: "WARNING",
        },
    };
    await startService(folder, emulator, () => isHealthy(server));
    return { ...server, fresh: true };
}

/** Name of the emulator's log and pid file. */
const serviceName = "aws";

/** The local AWS has two ports: its own, and the next for the proxy. */
const serverAt = (port: number, { certificate }: Certificate) => ({
    endpoint: `https://127.0.0.1:${port}`,
    proxy: `http://127.0.0.1:${port + 1}`,
    caBundle: certificate,
});

/** How long an emulator on a busy machine may take to answer, in milliseconds: given up, it loses all that it has. */
const patience = 30_000;

/** The emulator that an earlier call started here, if it still runs and answers. */
export async function findServer(folder: string, certificate: Certificate): Promise<Server | undefined> {
    const deadline = Date.now() + patience;
    for (;;) {
        const running = await runningService(folder, serviceName);
        if (!running) return undefined;
        const server = serverAt(running.ports[0], certificate);
        if (await isHealthy(server)) return { ...server, fresh: false };
        if (Date.now() > deadline) return undefined;
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
}

/** Stops the emulator, if it runs, and waits for its end: only then is its port free again. */
export const stopServer = (folder: string): Promise<void> => stopService(folder, serviceName);

const isHealthy = async ({ endpoint, proxy, caBundle }: Omit<Server, "fresh">) =>
    (await answers(`${endpoint}/_ministack/health`, caBundle)) && (await answers(proxy));
