import { type ServiceName } from "../../../services";
import { type Diagnosis } from "../../doctor";
import { diagnosisInWords } from "../../doctor/words";
import { type ExitCode, exitCodes } from "../../cli/errors";
import { printJson, say } from "../../cli/output";

/** Says what was found, as JSON or in words, and returns the exit code for it. */
export function report(
    diagnosis: Diagnosis,
    { stack, service, json }: { readonly stack: string; readonly service?: ServiceName; readonly json: boolean },
): ExitCode {
    const { findings, looked, notSeen, unreachable } = diagnosis;
    if (json) printJson({ stack, service: service ?? null, findings, looked, notSeen });
    else say(diagnosisInWords(diagnosis, process.stderr.columns));
    if (unreachable) return exitCodes.unreachable;
    return findings.length === 0 ? exitCodes.held : exitCodes.failed;
}
