import { type CommandContext } from "../../cli/command";
import { Interrupted } from "../../cli/errors";
import { whileSaying } from "../../cli/progress";
import { type CheckResult, type Progress } from "../../verify";
import { Stopped } from "../../verify/restore";

/**
 * Runs checks, says how far they have got, and ends in order at Ctrl-C.
 *
 * @throws Interrupted then
 */
export async function checking(
    { interrupted }: CommandContext,
    run: (progress: Progress) => Promise<CheckResult[]>,
): Promise<CheckResult[]> {
    if (interrupted.aborted) throw new Interrupted();
    let words = "";
    try {
        return await whileSaying(
            () => words,
            () => run((done, of) => (words = `${done} of ${of} checks done`)),
        );
    } catch (error) {
        if (!(error instanceof Stopped)) throw error;
        throw new Interrupted("Stopped; what the checks had made was removed, but for what a line above names.");
    }
}
