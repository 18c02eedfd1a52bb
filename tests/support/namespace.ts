import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { type Readable, type Writable } from "node:stream";

import execa from "execa";

import { root } from "../../local/paths";
import { killFamily } from "./processes";

/** A command, the whole environment that it gets, and whose process it is. */
interface Order {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: NodeJS.ProcessEnv;
    readonly uid: number;
    readonly gid: number;
}

/** What a command printed, and what was wanted beyond this machine since the one before: by it, or by a server. */
export interface Watched {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
    /** The names that were looked up. */
    readonly lookups: readonly string[];
    /** How often something was sent to an address that is not this machine's. */
    readonly departures: number;
}

/**
 * Network and mounts of their own, with 127.0.0.1 and nothing else: the only name server is one that notes what it is
 * asked for, and knows no name. Of Linux alone; files and processes are those of the whole machine.
 */
export class Namespace {
    private constructor(
        private readonly driver: Driver,
        private readonly answers: Interface,
        private readonly gone: Promise<never>,
    ) {}

    /** Opens one, or says why that cannot be had here. */
    static async open(): Promise<Namespace | string> {
        let reason = "";
        for (const [command, ...args] of process.getuid?.() === 0 ? asRoot : asAnyone) {
            const script = ["-r", "ts-node/register/transpile-only", __filename];
            const driver: Driver = spawn(command, [...args, process.execPath, ...script], { cwd: root, stdio: "pipe" });
            const answers = createInterface(driver.stdout);
            let words = "";
            driver.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
            const gone = once(driver, "close").then(() =>
                Promise.reject<never>(new Error(words.trim().split("\n")[0])),
            );
            try {
                await Promise.race([once(answers, "line"), gone]);
                return new Namespace(driver, answers, gone);
            } catch (error) {
                reason = `no network namespace can be had here: ${(error as Error).message}`;
            }
        }
        return reason;
    }

    /** Runs a command in it to its end, as this process's user. */
    async run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Watched> {
        const order: Order = { command, args, env, uid: process.getuid!(), gid: process.getgid!() };
        this.driver.stdin.write(`${JSON.stringify(order)}\n`);
        const [line] = (await Promise.race([once(this.answers, "line"), this.gone])) as [string];
        return JSON.parse(line) as Watched;
    }

    /** Ends it with what runs in it, but for the servers that a command has left behind. */
    async close(): Promise<void> {
        this.driver.stdin.end();
        await this.gone.catch(() => undefined);
    }
}

type Driver = ChildProcessByStdio<Writable, Readable, Readable>;

/** The second way is that of a container whose root may do little outside of a user namespace. */
const asRoot = [
    ["unshare", "--net", "--mount"],
    ["unshare", "--user", "--map-root-user", "--net", "--mount"],
];

/** Not a user namespace: in one of theirs the system's folders are nobody's, and swc trusts nothing below those. */
const asAnyone = [["sudo", "--non-interactive", "unshare", "--net", "--mount"]];

/** How long a command may take, in milliseconds: one that goes on asking for what is not there is seen, and ended. */
const patience = 240_000;

/** The part of it that runs inside, an order a line and an answer a line. */
async function drive(): Promise<void> {
    await execa("ip", ["link", "set", "lo", "up"]);
    await replaceFile("/etc/resolv.conf", "nameserver 127.0.0.1\n");
    // Else some systems ask a service over a socket file, which is the same in every network namespace.
    await replaceFile("/etc/nsswitch.conf", "hosts: files dns\n");
    const lookups = new Set<string>();
    await recordLookups((name) => lookups.add(name));
    const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
    let gone = departures();
    let running: execa.ExecaChildProcess | undefined;
    const stop = async () => running?.pid && (await killFamily(running.pid));
    const obey = async ({ command, args, ...whose }: Order) => {
        const options = { ...whose, extendEnv: false, reject: false, stdin: "ignore", detached: true } as const;
        running = execa(command, args, options);
        const timer = setTimeout(() => void stop(), patience);
        const run = await running;
        clearTimeout(timer);
        running = undefined;
        answer({
            exitCode: run.exitCode ?? 1,
            stdout: run.stdout ?? "",
            stderr: run.stderr || (run as Partial<execa.ExecaError>).message || "",
            lookups: [...lookups],
            departures: departures() - gone,
        } satisfies Watched);
        lookups.clear();
        gone = departures();
    };
    const orders = createInterface(process.stdin);
    orders.on("line", (line) => void obey(JSON.parse(line) as Order));
    orders.on("close", () => void stop().finally(() => process.exit()));
    answer("ready");
}

/** Puts another file in the place of one, as this namespace sees it. */
async function replaceFile(path: string, text: string): Promise<void> {
    if (!existsSync(path)) return;
    const folder = mkdtempSync(join(tmpdir(), "platform-namespace-"));
    writeFileSync(join(folder, "file"), text, { mode: 0o644 });
    await execa("mount", ["--bind", join(folder, "file"), path]);
    // The mount keeps what it shows.
    rmSync(folder, { recursive: true });
}

/** A name server that answers every question with: there is no such name. */
async function recordLookups(record: (name: string) => void): Promise<void> {
    const server = createSocket("udp4");
    server.on("message", (query, { port, address }) => {
        const labels: string[] = [];
        let end = 12;
        for (; query[end]; end += query[end] + 1) labels.push(query.toString("latin1", end + 1, end + 1 + query[end]));
        record(labels.join("."));
        const answer = Buffer.alloc(end + 5);
        query.copy(answer);
        // A response, recursion available, NXDOMAIN; one question, no records.
        answer.writeUInt16BE(0x8183, 2);
        Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]).copy(answer, 4);
        server.send(answer, port, address);
    });
    server.bind(53, "127.0.0.1");
    await once(server, "listening");
}

/** What the kernel found no way for, in this network namespace, since it is there. */
function departures(): number {
    const [names, values] = readFileSync("/proc/net/snmp", "utf8")
        .split("\n")
        .filter((line) => line.startsWith("Ip:"))
        .map((line) => line.split(" "));
    const version6 = existsSync("/proc/net/snmp6") ? readFileSync("/proc/net/snmp6", "utf8") : "";
    return Number(values[names.indexOf("OutNoRoutes")]) + Number(/^Ip6OutNoRoutes\s+(\d+)/m.exec(version6)?.[1] ?? 0);
}

if (require.main === module) {
    drive().catch((error: Error) => {
        process.stderr.write(error.message);
        process.exit(1);
    });
}
