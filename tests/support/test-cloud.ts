import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import execa from "execa";
import { parseDocument } from "yaml";

import { rootCredentials } from "../../local/aws/server";
import { localDirectory, root } from "../../local/paths";
import { clientsFor, closeClients, type Clients, type Connection } from "../../ops/aws/clients";
import { type CheckResult } from "../../ops/verify/target";
import { type ServiceName } from "../../services";

/** A local cloud of a test's own: its folder, its port, its emulator; driven by the command that users type. */
export class TestCloud {
    private readonly place = mkdtempSync(join(tmpdir(), "platform-e2e-"));
    readonly folder = localDirectory({ PLATFORM_LOCAL_DIR: this.place });
    private clients?: Clients;

    protected constructor(readonly port: number) {}

    /** @param services those of the stack, which a stack file of the cloud's own names; default: all of them */
    static async create(services?: readonly ServiceName[]): Promise<TestCloud> {
        const cloud = new TestCloud(await freePorts(2));
        if (services) cloud.chooseServices(services);
        return cloud;
    }

    private chooseServices(services: readonly ServiceName[]): void {
        const document = parseDocument(readFileSync(join(root, "Pulumi.local.yaml"), "utf8"));
        document.setIn(["config", "platform:services"], services);
        this.stack = this.file("Pulumi.local.yaml");
        writeFileSync(this.stack, document.toString());
    }

    private stack?: string;

    get env(): NodeJS.ProcessEnv {
        return {
            ...process.env,
            PLATFORM_LOCAL_DIR: this.place,
            PLATFORM_LOCAL_PORT: String(this.port),
            ...(this.stack ? { PLATFORM_LOCAL_STACK_FILE: this.stack } : {}),
        };
    }

    /** A file in the cloud's own place, which is removed with it. */
    protected file(name: string): string {
        return join(this.place, name);
    }

    /** Starts `npm run local -- <args>` and leaves it running; it leads a process group, as in a terminal. */
    start(args: readonly string[], env: NodeJS.ProcessEnv = {}): execa.ExecaChildProcess {
        const command = ["-r", "ts-node/register/transpile-only", "local/cli.ts", ...args];
        return execa(process.execPath, command, {
            cwd: root,
            env: { ...this.env, ...env },
            reject: false,
            detached: true,
            all: true,
        });
    }

    /** Runs `npm run local -- <args>` to its end, whatever that is. */
    async run(args: readonly string[] = [], env?: NodeJS.ProcessEnv): Promise<execa.ExecaReturnValue> {
        return this.start(args, env);
    }

    /** Runs it and fails with all that it printed unless it succeeds. */
    async succeed(args: readonly string[] = []): Promise<execa.ExecaReturnValue> {
        const result = await this.run(args);
        if (result.exitCode !== 0) throw new Error(`local ${args.join(" ")} exited ${result.exitCode}:\n${result.all}`);
        return result;
    }

    /** Brings the cloud up and returns its checks; `failed` is what the command printed, not counted here. */
    async up(): Promise<{ exitCode: number; checks: CheckResult[]; failed: number; words: string }> {
        const { exitCode, stdout, stderr } = await this.run(["up", "--json"]);
        if (!stdout.startsWith("{")) throw new Error(`no JSON from local up:\n${stdout}${stderr}`);
        return { exitCode, ...(JSON.parse(stdout) as { checks: CheckResult[]; failed: number }), words: stderr };
    }

    async outputs(): Promise<Record<string, Record<string, string>>> {
        const { stdout } = await this.succeed(["pulumi", "stack", "output", "--json", "--show-secrets"]);
        return JSON.parse(stdout) as Record<string, Record<string, string>>;
    }

    /** The engine's state as it stands in the backend. */
    state(): { resources?: StateEntry[]; pending_operations?: { type: string; resource: StateEntry }[] } {
        const checkpoint = JSON.parse(readFileSync(this.stateFile, "utf8")) as { checkpoint: { latest?: object } };
        return checkpoint.checkpoint.latest ?? {};
    }

    get stateFile(): string {
        return join(this.folder, "state", ".pulumi", "stacks", "platform", "local.json");
    }

    /** Calls to the emulator with its root credentials: somebody's hand beside the program. */
    get root(): Clients {
        return (this.clients ??= clientsFor(rootCredentials, this.connection));
    }

    get connection(): Connection {
        return {
            endpoint: `https://127.0.0.1:${this.port}`,
            caBundle: join(this.folder, "tls", "certificate.pem"),
            region: "us-east-1",
        };
    }

    /** Takes the cloud down, whatever state it is in. */
    async remove(): Promise<void> {
        if (this.clients) closeClients(this.clients);
        const { exitCode } = await this.run(["down"]);
        // What a test has protected is in the way of destroying: its servers would outlive their folder.
        if (exitCode !== 0) await this.run(["down", "--discard"]);
        rmSync(this.place, { recursive: true, force: true });
    }
}

interface StateEntry {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly inputs?: Record<string, unknown>;
}

/** A port that nobody listens on right now. */
export function freePort(wanted = 0): Promise<number> {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.on("error", reject);
        server.listen(wanted, "127.0.0.1", () => {
            const { port } = server.address() as AddressInfo;
            server.close(() => resolve(port));
        });
    });
}

/** The first of `count` ports in a row that nobody listens on right now. */
export async function freePorts(count: number): Promise<number> {
    for (;;) {
        // Below those that the system gives to connections as they come.
        const first = 10_000 + Math.floor(Math.random() * 20_000);
        try {
            for (let port = first; port < first + count; port++) await freePort(port);
            return first;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
        }
    }
}

/** Waits until `holds`, and fails after `seconds`. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await holds())) {
        if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}
