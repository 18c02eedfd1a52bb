import { openAudit, type AuditEntry } from "../../infra/audit";
import { failureInWords } from "../../verify/outcome";
import { Stopped } from "../../verify/restore";
import { type WhileShutOff } from "../../verify/target";

/** Records the trial of a shut-off; where that is not possible, nothing is tried. */
export function recordingShutOffs(stack: string, open = openAudit): WhileShutOff {
    return async ({ user, policyArn }, trial) => {
        const audit = open();
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
            append({ outcome: error instanceof Stopped ? "interrupted" : "failed", reason: failureInWords(error) });
            throw error;
        }
    };
}
