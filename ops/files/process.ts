import { readFileSync } from "node:fs";

/** Whether a process of this machine still runs; one of another user's does too, though it may not be signalled. */
export function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return !isZombie(pid);
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}

/** One that has ended and waits for its parent to ask: in a container where process 1 never does, for good. */
function isZombie(pid: number): boolean {
    try {
        // The state follows the program's name, which is in parentheses and may have some of its own.
        return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
        // Not Linux, or gone meanwhile.
        return false;
    }
}
