import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, closeSync } from "node:fs";
import { connect } from "node:net";
import { request } from "node:https";
import { join } from "node:path";

import execa from "execa";

import { isAlive } from "../../ops/process";
import { writeAtomically } from "../files";
import { LocalError } from "../paths";
import { type Certificate } from "./certificate";

/** The running local AWS. */
export interface Server {
    readonly endpoint: string;
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
 * @throws LocalError when another program has the port, or the emulator does not answer.
 */
export async function startServer(
    folder: string,
    python: string,
    port: number,
    certificate: Certificate,
): Promise<Server> {
    const running = await findServer(folder, certificate);
    const server = serverAt(port, certificate);
    if (running?.endpoint === server.endpoint) return running;
    await stopServer(folder);
    if (await isTaken(port)) {
        throw new LocalError(
            `Port ${port} of 127.0.0.1 is in use by another program. ` +
                "Stop that program, or choose another port: PLATFORM_LOCAL_PORT=4567 npm run local",
        );
    }
    const log = join(folder, "aws.log");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const output = openSync(log, "a", 0o600);
    const child = spawn(python, ["-m", "ministack"], {
        detached: true,
        stdio: ["ignore", output, output],
        cwd: folder,
        env: {
            PATH: process.env.PATH,
            HOME: folder,
            TMPDIR: folder,
            AUTH: "true",
            USE_SSL: "1",
            MINISTACK_SSL_CERT: certificate.certificate,
            MINISTACK_SSL_KEY: certificate.key,
            BIND_HOST: "127.0.0.1",
            GATEWAY_PORT: String(port),
            LOG_LEVEL: "WARNING",
        },
    });
    closeSync(output);
    child.unref();
    if (!child.pid) throw new LocalError(`${python} could not be started`);
    writeAtomically(pidFile(folder), JSON.stringify({ pid: child.pid, port }));
    const deadline = Date.now() + 30_000;
    while (!(await isHealthy(server))) {
        if (child.exitCode !== null || Date.now() > deadline) {
            await stopServer(folder);
            throw new LocalError(`The local AWS does not answer; its log is ${log}:\n${lastLines(log)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return { ...server, fresh: true };
}

const serverAt = (port: number, { certificate }: Certificate) => ({
    endpoint: `https://127.0.0.1:${port}`,
    caBundle: certificate,
});

/** The emulator that an earlier call started here, if it still runs and answers. */
export async function findServer(folder: string, certificate: Certificate): Promise<Server | undefined> {
    const running = await runningServer(folder);
    if (!running) return undefined;
    const server = serverAt(running.port, certificate);
    return (await isHealthy(server)) ? { ...server, fresh: false } : undefined;
}

/** Stops the emulator, if it runs, and waits for its end: only then is its port free again. */
export async function stopServer(folder: string): Promise<void> {
    const running = await runningServer(folder);
    if (running) {
        process.kill(running.pid, "SIGTERM");
        const deadline = Date.now() + 10_000;
        while (isAlive(running.pid)) {
            if (Date.now() > deadline) process.kill(running.pid, "SIGKILL");
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }
    rmSync(pidFile(folder), { force: true });
}

const pidFile = (folder: string) => join(folder, "aws.pid");

/** The process of the pid file, if it is still the emulator: a process id is soon given to somebody else. */
async function runningServer(folder: string): Promise<{ pid: number; port: number } | undefined> {
    if (!existsSync(pidFile(folder))) return undefined;
    const noted = JSON.parse(readFileSync(pidFile(folder), "utf8")) as { pid: number; port: number };
    if (!isAlive(noted.pid)) return undefined;
    const { stdout } = await execa("ps", ["-o", "args=", "-p", String(noted.pid)], { reject: false });
    return stdout.includes("ministack") ? noted : undefined;
}

/** Asks the health page, trusting the certificate of this folder only: another program on the port does not pass. */
function isHealthy({ endpoint, caBundle }: Pick<Server, "endpoint" | "caBundle">): Promise<boolean> {
    return new Promise((resolve) => {
        const probe = request(
            `${endpoint}/_ministack/health`,
            { ca: readFileSync(caBundle), timeout: 2000, agent: false },
            (answer) => {
                answer.resume();
                resolve(answer.statusCode === 200);
            },
        );
        probe.on("timeout", () => probe.destroy());
        probe.on("error", () => resolve(false));
        probe.end();
    });
}

function isTaken(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = connect({ port, host: "127.0.0.1" });
        socket.on("connect", () => {
            socket.destroy();
            resolve(true);
        });
        socket.on("error", () => resolve(false));
    });
}

const lastLines = (path: string) => readFileSync(path, "utf8").trim().split("\n").slice(-10).join("\n");
