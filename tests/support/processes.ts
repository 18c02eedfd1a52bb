import { basename } from "node:path";

import execa from "execa";

import { until } from "./test-cloud";

/** A process that runs. */
export interface Process {
    readonly pid: number;
    readonly parent: number;
    /** Of its program, without the folder. */
    readonly name: string;
}

/** Every process that runs: one that has ended and that nobody has asked for its exit code does not run any more. */
async function running(): Promise<Process[]> {
    const { stdout } = await execa("ps", ["-A", "-o", "pid=,ppid=,stat=,comm="]);
    return stdout.split("\n").flatMap((line) => {
        const [, pid, parent, state, name] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
        return pid && !state.startsWith("Z")
            ? [{ pid: Number(pid), parent: Number(parent), name: basename(name) }]
            : [];
    });
}

/** Whether none of these processes runs any more. */
export async function haveEnded(pids: readonly number[]): Promise<boolean> {
    return !(await running()).some(({ pid }) => pids.includes(pid));
}

/** The processes below one. */
export async function descendants(pid: number): Promise<Process[]> {
    const all = await running();
    const below = (parent: number): Process[] =>
        all.filter((each) => each.parent === parent).flatMap((child) => [child, ...below(child.pid)]);
    return below(pid);
}

/** Sends a signal to whichever of these processes are there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
    for (const pid of pids) {
        try {
            process.kill(pid, signal);
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
        }
    }
}

/** Kills the leader of a process group with all that is below it, and returns when they have ended. */
export async function killFamily(leader: number): Promise<void> {
    // The engine's plugins are in process groups of their own. It stands still while they are looked for.
    signalAll([-leader], "SIGSTOP");
    const family = [leader, ...(await descendants(leader)).map(({ pid }) => pid)];
    signalAll(family, "SIGKILL");
    await until("the killed processes to end", () => haveEnded(family), 20);
}
