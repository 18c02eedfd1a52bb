import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * What is left to do when this process ends at once, as after a second Ctrl-C: ends the local AWS and removes a folder.
 *
 * @param server the folder with the server's pid file
 */
export function removeAtOnce(folder: string, server: string): void {
    const pidFile = join(server, "aws.pid");
    if (existsSync(pidFile)) {
        try {
            process.kill((JSON.parse(readFileSync(pidFile, "utf8")) as { pid: number }).pid, "SIGKILL");
        } catch {
            // It has gone already.
        }
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
