import { closeSync, constants, fchmodSync, mkdirSync, openSync, writeSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";

import { exitCodes, InfraError, Interrupted, OutcomeUnknown } from "../common/errors";
import { contentAt } from "../common/files";
import { say } from "../common/output";
import { repository } from "./repository";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/** What became of a change. */
export type Outcome = "done" | "failed" | "interrupted" | "unknown";

/** A change that was tried; free of secrets. */
export interface AuditEntry {
    /** As typed, without values of options: `buckets set`. */
    readonly command: string;
    readonly stack: string;
    readonly outcome: Outcome;
    /** What was worked on, and as whom. */
    readonly target: string;
    readonly changes: readonly object[];
    /** Why it failed. */
    readonly reason?: string;
}

/** The record of changes, one JSON document a line; only its owner reads it. */
export const auditFile = join(repository, ".infra", "audit.jsonl");

/** A change as it stands in the record. */
export interface RecordedEntry extends AuditEntry {
    /** ISO 8601. */
    readonly time: string;
    readonly by: { readonly user: string; readonly host: string };
}

/**
 * Reads the record, the oldest change first; one that is not there has none.
 *
 * @returns also how many lines are none: one that was being written when the machine went down is half of one
 * @throws InfraError when it cannot be read
 */
export function readAudit(file: string): { readonly entries: RecordedEntry[]; readonly unreadable: number } {
    const lines = (contentAt(file)?.content.toString("utf8") ?? "").split("\n").filter((line) => line !== "");
    const entries = lines.flatMap((line) => {
        try {
            const entry = JSON.parse(line) as RecordedEntry;
            return Array.isArray(entry.changes) ? [entry] : [];
        } catch {
            return [];
        }
    });
    return { entries, unreadable: lines.length - entries.length };
}

/** Where a change is recorded once its outcome is known. */
export interface AuditRecord {
    append(entry: AuditEntry): void;
}

/**
 * Opens the record before the change, so that nothing is changed that cannot be recorded.
 *
 * @throws InfraError when it cannot be written
 */
export function openAudit(file = auditFile): AuditRecord {
    let descriptor: number;
    try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        descriptor = openSync(file, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
        // One that was there already may have been readable for others.
        fchmodSync(descriptor, 0o600);
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw new InfraError(
            exitCodes.unreachable,
            `The record of changes ${file} cannot be written (${code}); nothing was changed.`,
            "Correct the permissions of that file and its folder.",
        );
    }
    return {
        append(entry) {
            const by = { user: userInfo().username, host: hostname() };
            const line = `${JSON.stringify({ time: new Date().toISOString(), by, ...entry })}\n`;
            try {
                // One write in append mode: two operators' lines do not mix.
                writeSync(descriptor, line);
            } catch {
                say(`The record of changes ${file} could not be written. Keep this line:\n${line}`);
            } finally {
                closeSync(descriptor);
            }
        },
    };
}

/** Does a change, and records what became of it. */
export async function recorded<T>(change: Omit<AuditEntry, "outcome" | "reason">, work: () => Promise<T>): Promise<T> {
    const audit = openAudit();
    const { command, stack, target, changes } = change;
    const append = (outcome: Outcome, reason?: string) =>
        audit.append({ command, stack, outcome, target, changes, reason });
    try {
        const result = await work();
        append("done");
        return result;
    } catch (error) {
        append(outcomeOf(error), error instanceof InfraError ? error.reason : "a fault of the tool");
        throw error;
    }
}

function outcomeOf(error: unknown): Outcome {
    if (error instanceof OutcomeUnknown) return "unknown";
    return error instanceof Interrupted ? "interrupted" : "failed";
}
