import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { installEmulator } from "../../../local/aws/install";
import { cacheDirectory } from "../../../local/paths";
import { until } from "../test-cloud";

/** A local AWS without TLS, for tests that speak to the plugin themselves; its root key is test/test. */
export class PlainEmulator {
    // Known before it runs, since the samples of the contract are made from it: a port that is rarely taken.
    readonly endpoint = `http://127.0.0.1:${20_000 + (process.pid % 10_000)}`;
    private stop = async () => undefined as void;

    async start(): Promise<void> {
        const python = await installEmulator(cacheDirectory());
        const folder = mkdtempSync(join(tmpdir(), "platform-emulator-"));
        const { port } = new URL(this.endpoint);
        const server = spawn(python, ["-m", "ministack"], {
            cwd: folder,
            stdio: "ignore",
            env: { PATH: process.env.PATH, HOME: folder, AUTH: "true", BIND_HOST: "127.0.0.1", GATEWAY_PORT: port },
        });
        const ended = new Promise((resolve) => server.on("exit", resolve));
        this.stop = async () => {
            server.kill();
            await ended;
            rmSync(folder, { recursive: true, force: true });
        };
        await until("the emulator", async () => {
            if (server.exitCode !== null) throw new Error(`the emulator did not start at ${this.endpoint}`);
            return fetch(`${this.endpoint}/_ministack/health`).then(
                ({ ok }) => ok,
                () => false,
            );
        });
    }

    async end(): Promise<void> {
        await this.stop();
    }
}
