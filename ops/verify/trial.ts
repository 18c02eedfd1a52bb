import { askControl, ControlFailed } from "../aws/gate-control";
import { NotGiven } from "./outcome";
import { whileInterruptible } from "./restore";
import { type ProbeRun } from "./run";
import { type WhileShutOff } from "./target";

/** @throws NotGiven where nobody has asked for a trial that a live service feels */
export function consentOf(
    { whileShutOff }: ProbeRun,
    what = "denies the live service its invocations for a while",
): WhileShutOff {
    if (whileShutOff) return whileShutOff;
    throw new NotGiven(`it ${what} (--try-shut-off)`);
}

/** Seconds after which the keeper ends a trial whose run was killed. */
const seconds = 300;

/** Does something while the keeper has its ledger at the shut-off's level. */
export function whileTrying(
    run: ProbeRun,
    {
        controlName,
        user,
        policyArn,
    }: { readonly controlName: string; readonly user: string; readonly policyArn: string },
    work: () => Promise<string[]>,
): Promise<string[]> {
    const { lambda } = run.deployer();
    // A trial that was refused may be another run's, which is at work.
    let refused = false;
    return consentOf(run)({ user, policyArn }, () =>
        whileInterruptible(
            async () => {
                try {
                    await askControl(lambda, controlName, { task: "beginTrial", seconds });
                } catch (error) {
                    if (!(error instanceof ControlFailed)) throw error;
                    refused = true;
                    return [`not tried: ${error.message}`];
                }
                return work();
            },
            async () => {
                if (!refused) await askControl(lambda, controlName, { task: "endTrial" });
            },
        ),
    );
}
