import { type Check, type ProbeKind } from "../../services/checks";
import { callsAtOnce, mapBounded } from "../aws/pool";
import { answerTo, type Session, settleMilliseconds, whoLooked } from "./answers";
import { addUsers, identityKey, isTemporary, vetAll } from "./callers";
import { clearUp, leftByOthers } from "./clean-up";
import { Cluster } from "./cluster";
import { type Identity } from "./identities";
import { settle } from "./outcome";
import { plan, type Planned } from "./plan";
import { whileInterruptible } from "./restore";
import { Scratch } from "./scratch";
import { type CheckResult, type VerifyTarget } from "./target";

export { type CheckResult, type ClusterAccess, type VerifyTarget } from "./target";
export { renderTable, toJson } from "./table";

/** Kinds that run after everything else, in this order: what changes rights, then what clears up. */
const late: readonly ProbeKind[] = ["shutOff", "gateInstances", "keeperShutOff", "gateShutOff", "leftovers"];

/**
 * Proves by live calls what must hold for a stack.
 *
 * Every identity is first asked for its account, and not used when it is another than the stack's. What is written is
 * removed again, and what is attached detached, also upon failure.
 */
export function verify(target: VerifyTarget, progress?: Progress): Promise<CheckResult[]> {
    return runChecks(plan(target), target, progress);
}

/** Told after each check how many of how many are done. */
export type Progress = (done: number, of: number) => void;

/** Runs these checks; the results stand in their order, then what could not be cleared up. */
export async function runChecks(
    planned: readonly Planned[],
    target: VerifyTarget,
    progress: Progress = () => undefined,
): Promise<CheckResult[]> {
    const scratch = new Scratch();
    const cluster = new Cluster(target.cluster);
    const identities = new Map<string, Identity>();
    const users = new Map<string, () => Promise<void>>();
    const results = new Array<CheckResult>(planned.length);
    const refusals: Planned[] = [];
    let done = 0;
    const clear = async () => {
        const faults = await clearUp(identities, users, scratch);
        // Seen also when the run was interrupted and returns no results.
        for (const { name, got } of faults) process.stderr.write(`verify: ${name}: expected removed, got ${got}\n`);
        results.push(...faults);
    };
    try {
        await whileInterruptible(async (stop) => {
            await vetAll(planned, target, cluster, identities);
            results.push(...(await leftByOthers(planned, target, identities)));
            await addUsers(planned, identities, users, { runId: scratch.runId, target, stop });
            const keep = async (one: Planned) => {
                if (stop.aborted) return;
                results[one.index] = await runCheck(one, { target, identities, cluster, scratch, stop, refusals });
                progress(++done, planned.length);
            };
            const early = planned.filter(({ check }) => !late.includes(check.probe.kind));
            const inOrder = async (sequence: readonly Planned[]) => {
                for (const one of sequence) await keep(one);
            };
            await mapBounded(sequences(early), callsAtOnce, inOrder, stop);
            for (const kind of late) await inOrder(planned.filter(({ check }) => check.probe.kind === kind));
            tellRefusalsOnce(refusals, results);
        }, clear);
    } finally {
        for (const identity of identities.values()) identity.close();
        await cluster.close();
    }
    return results;
}

/**
 * Of an identity whose keys were refused one check tells so, if there is one the check of whose keys they are; its others
 * were not tried.
 */
function tellRefusalsOnce(refusals: readonly Planned[], results: CheckResult[]): void {
    const byIdentity = new Map<string, Planned[]>();
    for (const one of refusals) {
        const { caller } = one.check;
        // The deployer makes the temporary users.
        const key = isTemporary(caller) ? "deployer" : identityKey(caller, one.service);
        byIdentity.set(key, [...(byIdentity.get(key) ?? []), one]);
    }
    for (const checks of byIdentity.values()) {
        const told = checks.find(({ check }) => check.probe.kind === "account") ?? checks[0];
        for (const { index } of checks.filter((one) => one !== told)) {
            results[index] = { ...results[index], got: `not tried: ${results[index].got}`, notTried: true };
        }
    }
}

/**
 * What may run side by side. The checks of a temporary user are one sequence: the first of them is allowed something,
 * and once it is, AWS knows the membership and a later denial means what it says.
 */
function sequences(planned: readonly Planned[]): Planned[][] {
    const found = new Map<string, Planned[]>();
    for (const one of planned) {
        const { caller } = one.check;
        const key = isTemporary(caller) ? identityKey(caller, one.service) : `check ${one.index}`;
        found.set(key, [...(found.get(key) ?? []), one]);
    }
    return [...found.values()];
}

async function runCheck(planned: Planned, session: Session): Promise<CheckResult> {
    const { service, check } = planned;
    const { id, name, caller, expected } = check;
    const gap = session.target.gaps?.find((one) => one.id === id && one.name === name);
    const tolerated = [...(check.tolerated ?? []), ...(gap ? [gap.answers] : [])];
    const patience = isTemporary(caller) ? settleMilliseconds(session.target) : 0;
    const answer = await settle(() => answerTo(check, service, session), expected, patience, session.stop);
    if (answer.refused) session.refusals.push(planned);
    const lacks = gap && `The emulator lacks ${gap.lacks}.`;
    const notes = [check.note, lacks ?? emulatedNote(check, session.target), answer.note].filter(Boolean);
    return {
        id,
        service,
        name,
        identity: whoLooked(check, session.target),
        expected: [expected, ...tolerated].join(", or "),
        got: answer.got,
        ok: [expected, ...tolerated].includes(answer.got),
        ...(answer.notTried ? { notTried: true } : {}),
        ...(notes.length > 0 ? { note: notes.join(" ") } : {}),
    };
}

/** Where an emulator is asked in another way than AWS. */
function emulatedNote({ probe }: Check, { endpoint }: VerifyTarget): string | undefined {
    if (endpoint !== undefined && probe.kind === "modelHealth") return "The emulator answers in place of the model.";
    if (endpoint !== undefined && probe.kind === "inferenceProfile") {
        return "The emulator knows the profiles of us, eu and apac alone, and routes them to its own region.";
    }
    if (endpoint === undefined || probe.kind !== "s3" || !probe.plaintext) return undefined;
    return "The emulator was told by the header x-forwarded-proto that the request came without TLS.";
}
