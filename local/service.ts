import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import execa from "execa";

import { writeAtomically } from "../ops/common/files";
import { stopIfInterrupted } from "../ops/common/interrupt";
import { isAlive } from "../ops/common/lock";
import { LocalError } from "./paths";

/** A server that outlives the command that starts it; its log and its pid file are in the local cloud's folder. */
export interface Service {
    /** Name of the log and the pid file. */
    readonly name: string;
    readonly command: string;
    readonly args: readonly string[];
    /** The whole environment, besides PATH: nothing of the caller's own comes through. */
    readonly env?: Readonly<Record<string, string>>;
    /** A word of its command line, by which the process is known again. */
    readonly marker: string;
    /** Ports of 127.0.0.1 that it will listen on. */
    readonly ports: readonly number[];
}

/**
 * Starts a server and waits until `isReady`.
 *
 * @throws LocalError when another program has one of its ports, or it ends or is not ready within `seconds`, with the
 * last lines of its log.
 */
export async function startService(
    folder: string,
    service: Service,
    isReady: () => Promise<boolean>,
    seconds = 30,
): Promise<void> {
    for (const port of service.ports) await requireFree(port, service.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const log = join(folder, `${service.name}.log`);
    const output = openSync(log, "a", 0o600);
    const child = spawn(service.command, service.args, {
        detached: true,
        stdio: ["ignore", output, output],
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: folder, ...service.env },
    });
    closeSync(output);
    let failure: Error | undefined;
    child.on("error", (error) => (failure = error));
    child.unref();
    const { marker, ports } = service;
    writeAtomically(pidFile(folder, service.name), JSON.stringify({ pid: child.pid, marker, ports }));
    const deadline = Date.now() + seconds * 1000;
    while (!(await isReady())) {
        const over = failure !== undefined || child.exitCode !== null || child.signalCode !== null;
        if (over || Date.now() > deadline) {
            await stopService(folder, service.name);
            const what = over ? "ended at once" : `is not ready after ${seconds} s`;
            throw new LocalError(`${service.name} ${what}; its log is ${log}:\n${failure ?? lastLines(log)}`);
        }
        stopIfInterrupted();
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

/** How long a server that runs may take to answer, in milliseconds, before it counts as one that is going away. */
const patience = 5_000;

/**
 * Starts a server unless it runs and answers; one that runs and does not, as after a signal that it has not yet
 * followed, is stopped first. Returns whether it had to be started.
 *
 * @throws as `startService`
 */
export async function keepService(
    folder: string,
    service: Service,
    isReady: () => Promise<boolean>,
    seconds?: number,
): Promise<boolean> {
    const deadline = Date.now() + patience;
    while (await runningService(folder, service.name)) {
        if (await isReady()) return false;
        if (Date.now() > deadline) await stopService(folder, service.name);
        else await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await startService(folder, service, isReady, seconds);
    return true;
}

/** The process of the pid file, if it is still that server: a process id is soon given to somebody else. */
export async function runningService(
    folder: string,
    name: string,
): Promise<{ readonly pid: number; readonly ports: readonly number[] } | undefined> {
    if (!existsSync(pidFile(folder, name))) return undefined;
    const noted = JSON.parse(readFileSync(pidFile(folder, name), "utf8")) as {
        pid: number;
        marker: string;
        ports: number[];
    };
    if (!isAlive(noted.pid)) return undefined;
    // Without -ww, ps cuts the command line off where COLUMNS says, in a pipe too, and the marker may be behind that.
    const { stdout } = await execa("ps", ["-ww", "-o", "args=", "-p", String(noted.pid)], { reject: false });
    return stdout.includes(noted.marker) ? noted : undefined;
}

/** Stops a server, if it runs, and waits for its end: only then are its ports free again. */
export async function stopService(folder: string, name: string): Promise<void> {
    const running = await runningService(folder, name);
    if (running) {
        process.kill(running.pid, "SIGTERM");
        const deadline = Date.now() + 10_000;
        while (isAlive(running.pid)) {
            if (Date.now() > deadline) process.kill(running.pid, "SIGKILL");
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }
    rmSync(pidFile(folder, name), { force: true });
}

const pidFile = (folder: string, name: string) => join(folder, `${name}.pid`);

async function requireFree(port: number, name: string): Promise<void> {
    if (!(await isTaken(port))) return;
    throw new LocalError(
        `Port ${port} of 127.0.0.1 is in use by another program, and ${name} needs it. ` +
            "Stop that program, or choose another block of ports: PLATFORM_LOCAL_PORT=4666 npm run local",
    );
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
