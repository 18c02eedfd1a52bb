import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Host } from "../cli/host";
import { exitCodes, InfraError } from "../common/errors";
import { readLocks, type UpdateLock } from "../recover/lock";
import { type ExportedState } from "../recover/state";
import { parsed } from "./outputs";

/** A stack's state, and the locks of its updates. */
export interface StackState {
    /** Its secrets are encrypted. */
    readonly exported: ExportedState;
    /** Undefined where the backend is no folder: its locks cannot be read. */
    readonly locks: readonly UpdateLock[] | undefined;
}

/** An operation of the engine that came to its end, as `pulumi stack history` tells it. */
export interface PastUpdate {
    readonly kind: string;
    readonly result: string;
    readonly ended: Date;
    /** How many resources it created, updated, …; `same` are unchanged. */
    readonly changes: Readonly<Record<string, number>>;
}

const project = "platform";

/**
 * Reads a stack's state as it is, also while an update changes it.
 *
 * @throws InfraError where the backend does not give it
 */
export async function stackState({ host, stack }: { host: Host; stack: string }): Promise<StackState> {
    if (host.backend !== undefined) return stateInFolder(host.backend, stack);
    const ask = asker(host, stack);
    const [exported, { url }] = await Promise.all([
        ask(["stack", "export"]).then(parsed<ExportedState>),
        ask(["whoami", "--json"]).then(parsed<{ url: string }>),
    ]);
    return { exported, locks: readLocks(url, project, stack) };
}

/**
 * The last operations on a stack, the newest first.
 *
 * @throws InfraError where the backend does not tell them
 */
export async function stackHistory({ host, stack }: { host: Host; stack: string }): Promise<PastUpdate[]> {
    if (host.backend !== undefined) return historyInFolder(host.backend, stack);
    const ask = asker(host, stack);
    const told = parsed<ToldUpdate[]>(await ask(["stack", "history", "--json", "--page-size", "20"]));
    return told.map(({ kind, result, endTime, resourceChanges: changes = {} }) => {
        return { kind, result, ended: new Date(endTime), changes };
    });
}

function asker(host: Host, stack: string) {
    return async (args: readonly string[]) => {
        const { exitCode, stdout, stderr } = await host.pulumi(stack, args);
        if (exitCode === 0) return stdout;
        throw new InfraError(exitCodes.unreachable, `The state of stack ${stack} could not be read: ${stderr.trim()}`);
    };
}

interface ToldUpdate {
    readonly kind: string;
    readonly result: string;
    /** A date in words from the engine, seconds in a folder's file. */
    readonly endTime: string | number;
    readonly resourceChanges?: Readonly<Record<string, number>>;
}

/** What the engine would export, from the folder in which it keeps it. */
function stateInFolder(folder: string, stack: string): StackState {
    const file = join(folder, ".pulumi", "stacks", project, `${stack}.json`);
    const { checkpoint } = existsSync(file)
        ? parsed<{ checkpoint: { latest?: ExportedState["deployment"] } }>(readFileSync(file, "utf8"))
        : { checkpoint: {} };
    const exported = { version: 3, deployment: checkpoint.latest ?? {} };
    return { exported, locks: readLocks(`file://${folder}`, project, stack) };
}

function historyInFolder(folder: string, stack: string): PastUpdate[] {
    const place = join(folder, ".pulumi", "history", project, stack);
    if (!existsSync(place)) return [];
    // Their names have the time at which they were written.
    const files = readdirSync(place).filter((name) => name.endsWith(".history.json"));
    return files
        .sort()
        .slice(-20)
        .reverse()
        .map((name) => {
            const {
                kind,
                result,
                endTime,
                resourceChanges = {},
            } = parsed<ToldUpdate>(readFileSync(join(place, name), "utf8"));
            return { kind, result, ended: new Date(Number(endTime) * 1000), changes: resourceChanges };
        });
}
