import { type AuditEntry, type AuditRecord, openAudit, recorded } from "../../audit";
import { InfraError } from "../../cli/errors";
import { say } from "../../cli/output";
import { failureInWords, NotTried } from "../../aws/outcome";
import { Stopped } from "../../verify/restore";
import { type VerifyTarget, type WhileShutOff } from "../../verify/target";

/** Records the trial of a shut-off; where that is not possible, nothing is tried. */
export function recordingShutOffs(stack: string, open = openAudit): WhileShutOff {
    return async ({ user, policyArn }, trial) => {
        const audit = opened(open);
        const append = (became: Pick<AuditEntry, "outcome" | "reason">) =>
            audit.append({
                command: "verify",
                stack,
                target: user,
                changes: [{ policy: policyArn, change: "attached, detached" }],
                ...became,
            });
        try {
            const result = await trial();
            append({ outcome: "done" });
            return result;
        } catch (error) {
            append(
                error instanceof Stopped
                    ? { outcome: "interrupted" }
                    : { outcome: "failed", reason: failureInWords(error) },
            );
            throw error;
        }
    };
}

/** @throws NotTried when the record cannot be written */
function opened(open: typeof openAudit): AuditRecord {
    try {
        return open();
    } catch (error) {
        throw error instanceof InfraError ? new NotTried(error.reason) : error;
    }
}

/** Says and records what is removed of what runs that were killed have left. */
export function recordingRemovals(stack: string): NonNullable<VerifyTarget["removing"]> {
    return async (target, what, work) => {
        await recorded({ command: "verify", stack, target, changes: [{ change: what }] }, work);
        say(`${target}: ${what}.`);
    };
}
