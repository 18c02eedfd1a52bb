import { readFileSync, statSync } from "node:fs";

import { formatAccessKeys, type AccessKeySettings } from "../../components/scoped-identity/access-keys";
import { exitCodes, InfraError, Interrupted } from "../common/errors";
import { writeFile } from "../common/files";
import { inTime } from "../common/output";
import { writeEnvFile } from "../env-file";
import { withSection } from "../stack/file";
import { keyVariables } from "./env-files";
import { look, type Seen, type Subject } from "./observe";
import { finishing, goalOf, isBegun, nextStep, type Step } from "./plan";
import { type Clock, proveKey, tryKey } from "./proof";
import { keySettingsIn, putKeySettings } from "./settings";

/** What a run is told. */
export interface RotateOptions {
    readonly rollback: boolean;
    /** Wait for what takes its time; else do what can be done now, and leave the rest to the next run. */
    readonly waits: boolean;
    readonly dryRun: boolean;
    readonly interrupted: AbortSignal;
    readonly clock: Clock;
    /** Told of every step, in words. */
    readonly say: (text: string) => void;
    /** Called around each wait, with words that change as time passes. */
    readonly whileSaying: <Result>(words: () => string, work: () => Promise<Result>) => Promise<Result>;
    /** Asks before the first change. */
    readonly consent: (what: string) => Promise<void>;
    /** Called around every change, to record it. */
    readonly record: (change: KeyChange, work: () => Promise<void>) => Promise<void>;
}

/** A change of the settings. */
export interface KeyChange {
    readonly user: string;
    readonly why: string;
    readonly from: string;
    readonly to: string;
    /** What allowed it. @default nothing had to */
    readonly evidence?: readonly string[];
}

/** Where a run ended. */
export interface RotateResult {
    /** `done`, `waiting` for a time or for others, or `planned` in a dry run. */
    readonly state: "done" | "waiting" | "planned";
    readonly user: string;
    readonly settings: AccessKeySettings;
    /** What it did, in order; in a dry run what it would do first. */
    readonly steps: readonly string[];
    /** What it waits for. */
    readonly waitsFor?: string;
    /** Before then there is nothing to do. */
    readonly until?: Date;
    /** Whether others have let it wait for longer than `timeoutSeconds` of the settings. @default false */
    readonly overdue?: boolean;
}

/**
 * Rotates the keys of a service, step by step: each changes one setting and lets the engine apply it. It may be ended at
 * any moment; the next run goes on from where it finds things.
 *
 * @throws InfraError where somebody has to decide, or something does not answer
 */
export async function rotate(of: Subject, options: RotateOptions): Promise<RotateResult> {
    const { clock, interrupted } = options;
    const first = await look(of, clock.now());
    const subject = { ...of, confirmed: of.confirmed && canBeConfirmed(first, of, options) };
    let seen: Seen = { ...first, confirmed: subject.confirmed };
    let goal = goalOf(seen, options.rollback);
    let asDeclared = false;
    const steps: string[] = [];
    let waitingSince: Date | undefined;
    let asked = false;
    const endIfInterrupted = () => {
        if (interrupted.aborted) throw stopped(steps);
    };
    for (;;) {
        endIfInterrupted();
        const step = nextStep(seen, goal);
        const result = { user: seen.user, settings: seen.settings, steps };
        if (step.kind === "done") return { ...result, state: "done" };
        if (step.kind === "stop") throw new InfraError(exitCodes.failed, step.reason, step.fix);
        if (step.kind === "wait") {
            const waiting = { ...result, state: "waiting", waitsFor: step.what, until: step.until } as const;
            const forOthers = step.until === undefined;
            if (!options.waits || options.dryRun) {
                return { ...waiting, overdue: forOthers && isOver(publishedSince(seen), seen, clock) };
            }
            waitingSince ??= clock.now();
            if (forOthers && isOver(waitingSince, seen, clock)) return { ...waiting, overdue: true };
            await wait(step, waitingSince, seen, options);
            // That a time is not over yet says nothing of who is waited for.
            if (step.until) waitingSince = undefined;
            // Meanwhile somebody may have changed the program.
            asDeclared = false;
        } else {
            if (goal !== "rollback" && step.kind !== "handOut" && !asDeclared && !isBegun(seen)) {
                await requireAsDeclared(subject, endIfInterrupted);
            }
            if (step.kind !== "handOut") asDeclared = true;
            // The engine compares with its state: it would change nothing.
            if (step.why === finishing && stateIsAsDeclared(seen)) {
                seen = await lookUntilToldOf(seen, subject, options);
                if (isBegun(seen)) throw notAsState(subject, seen);
                continue;
            }
            if (options.dryRun) return { ...result, state: "planned", steps: [step.why] };
            if (!asked) await options.consent(`${step.why} of ${seen.user}`);
            asked = true;
            if (step.kind === "prove") await prove(step, seen, subject, options);
            endIfInterrupted();
            if (step.kind === "handOut") await handOut(step, seen, subject, options);
            else await apply(step, seen, subject, options);
            steps.push(step.why);
            waitingSince = undefined;
        }
        seen = await look(subject, clock.now());
        if (step.kind === "apply" || step.kind === "prove") seen = await lookUntilToldOf(seen, subject, options);
        // The way back ends at one key too.
        if (goal === "rollback" && seen.settings.generations.length === 1) goal = "finish";
    }
}

/** Nobody has a key that was not published yet; a file that this run writes is all that somebody can speak for. */
function canBeConfirmed(seen: Seen, { envFiles }: Subject, { rollback }: RotateOptions): boolean {
    if (envFiles.length > 0) return true;
    const { retiring, published } = seen.settings;
    if (!retiring || !seen.publishedAsDeclared) return false;
    // A way back that is still to be begun publishes the other key.
    return !rollback || retiring.generation > published;
}

/** From when consumers could have taken the published key. */
const publishedSince = ({ settings, now }: Seen) => (settings.since === undefined ? now : new Date(settings.since));

/** IAM tells of a change a little later than it takes it: what does not fit right after an update may be that alone. */
async function lookUntilToldOf(first: Seen, subject: Subject, { clock, interrupted }: RotateOptions): Promise<Seen> {
    let seen = first;
    for (let tries = 0; isBegun(seen) && tries < 10 && !interrupted.aborted; tries++) {
        await clock.sleep(shortestPause, interrupted);
        seen = await look(subject, clock.now());
    }
    return seen;
}

/**
 * Every step applies the stack's program as it is: what else it would change is somebody's to read first. Not asked where
 * a step was begun, of which a part may wait to be applied, nor on the way back, which may be in a hurry.
 */
async function requireAsDeclared({ host, stack }: Subject, endIfInterrupted: () => void): Promise<void> {
    const { exitCode, stdout, stderr } = await host.pulumi(stack, ["preview", "--expect-no-changes"]);
    endIfInterrupted();
    if (exitCode === 0) return;
    const changes = /changes were expected|no changes/i.test(stdout + stderr);
    throw new InfraError(
        changes ? exitCodes.failed : exitCodes.unreachable,
        changes
            ? `Stack ${stack} is not as its program declares: rotating would apply that too.`
            : `The engine could not preview stack ${stack}: ${`${stdout}${stderr}`.trim()}`,
        changes
            ? `Read \`${host.engine} preview --diff\`, apply it with \`${host.engine} up\`, then run this again.`
            : undefined,
    );
}

/** Whether the stack's state has what the settings say, so that what is not so in IAM was changed there by hand. */
function stateIsAsDeclared({ settings, applied, stateKeys, publishedAsDeclared }: Seen): boolean {
    const { generations, retiring } = settings;
    return (
        publishedAsDeclared &&
        applied !== undefined &&
        formatAccessKeys(applied) === formatAccessKeys(settings) &&
        stateKeys.length === generations.length &&
        stateKeys.every(
            ({ generation, active }) =>
                generations.includes(generation) &&
                active !== (retiring?.inactive === true && retiring.generation === generation),
        )
    );
}

function notAsState({ host, stack }: Subject, { user, fileName }: Seen): InfraError {
    return new InfraError(
        exitCodes.failed,
        `The keys of ${user} in IAM are not as ${fileName} and the state of stack ${stack} say: somebody has changed them.`,
        `Read \`${host.engine} refresh --preview-only\`, do \`${host.engine} up --refresh\`, then run this again.`,
    );
}

const isOver = (since: Date, { timeoutSeconds }: Seen, clock: Clock) =>
    clock.now().getTime() - since.getTime() >= timeoutSeconds * 1000;

const capital = (text: string) => text[0].toUpperCase() + text.slice(1);

function stopped(steps: readonly string[]): Interrupted {
    const done = steps.length > 0 ? `Done so far: ${steps.join(", ")}.` : "Nothing was changed.";
    return new Interrupted(`Stopped. ${done} Nothing is lost: run the same command to continue.`);
}

/** Waits for a time, or for others for as long as they may take, and says how long is left. */
async function wait(
    step: Extract<Step, { kind: "wait" }>,
    since: Date,
    { timeoutSeconds }: Seen,
    { clock, interrupted, say, whileSaying }: RotateOptions,
): Promise<void> {
    const now = clock.now().getTime();
    const end = step.until?.getTime() ?? since.getTime() + timeoutSeconds * 1000;
    const left = () => inTime(end - clock.now().getTime());
    say(`Waiting: ${step.what}; ${step.until ? `${left()} left` : `giving up in ${left()}`}`);
    // Looked at again now and then, since a published key may stop working meanwhile; for others the less often the
    // longer it takes.
    const pause = step.until
        ? Math.min(end - now, longestPause)
        : Math.min(Math.max((now - since.getTime()) / 10, shortestPause), longestPauseForOthers);
    await whileSaying(
        () => `  ${left()} left`,
        () => clock.sleep(Math.max(pause, 0), interrupted),
    );
}

const shortestPause = 2_000;
const longestPause = 300_000;
const longestPauseForOthers = 30_000;

async function prove(
    step: Extract<Step, { kind: "prove" }>,
    { stateKeys, probe, validSeconds, timeoutSeconds }: Seen,
    { host, region }: Subject,
    { clock, interrupted, say }: RotateOptions,
): Promise<void> {
    const key = stateKeys.find(({ generation }) => generation === step.generation)!;
    say(`Trying key ${step.generation} until it has worked for ${validSeconds} s without a failure`);
    const attempt = tryKey(key, probe, { ...host.aws, region });
    const fault = await proveKey(attempt, { validSeconds, timeoutSeconds }, clock, interrupted);
    if (fault === undefined || interrupted.aborted) return;
    throw new InfraError(
        exitCodes.failed,
        `Key ${step.generation} did not work for ${validSeconds} s in a row within ${timeoutSeconds} s: ${fault}. ` +
            (step.why === finishing ? "Its publication does not go on." : "It was not published."),
        "The service keeps using its current key. Run this again, or take the new key back with --rollback.",
    );
}

/** Gives the published key to consumers: the quiet time is counted from then. */
async function handOut(
    step: Extract<Step, { kind: "handOut" }>,
    { settings, stateKeys, user }: Seen,
    { service }: Subject,
    { record, say }: RotateOptions,
): Promise<void> {
    const key = stateKeys.find(({ generation }) => generation === settings.published)!;
    const to = formatAccessKeys(settings);
    for (const file of step.files) {
        say(`Write key ${key.generation} to ${file}`);
        await record({ user, why: `write key ${key.generation} to ${file}`, from: to, to }, () =>
            writeEnvFile(file, keyVariables(service, key)),
        );
    }
}

/** Writes the setting, unless somebody else has meanwhile, and has the engine apply it. */
async function apply(
    step: Extract<Step, { kind: "apply" | "prove" }>,
    seen: Seen,
    subject: Subject,
    options: RotateOptions,
): Promise<void> {
    const { host, stack } = subject;
    // A proof takes its time: waits are counted from when the key is handed out.
    const settings = { ...step.settings, since: options.clock.now().toISOString() };
    const [from, to] = [seen.settings, settings].map(formatAccessKeys);
    const evidence = step.kind === "apply" ? step.evidence : undefined;
    for (const what of evidence ?? []) options.say(`Evidence: ${what}`);
    options.say(`${capital(step.why)} (revision ${step.settings.revision})`);
    await options.record({ user: seen.user, why: step.why, from, to, ...(evidence ? { evidence } : {}) }, async () => {
        if (!writeSettings(subject, seen, from, settings)) {
            throw new InfraError(exitCodes.failed, `${seen.fileName} was changed meanwhile; run this again.`);
        }
        const up = ["up", "--yes", "--skip-preview", "--suppress-outputs"];
        const { exitCode } = await host.pulumi(stack, up, { show: true }).catch((error: unknown) => {
            if (options.interrupted.aborted) return { exitCode: exitCodes.interrupted };
            throw error;
        });
        if (exitCode === 0) return;
        // Somebody else may apply the same revision later: waits are not to be counted from this attempt.
        writeSettings(subject, seen, to, { ...step.settings, since: undefined });
        if (options.interrupted.aborted) {
            throw new Interrupted(
                `Stopped as it was to ${step.why}. Nothing is lost: run the same command to continue.`,
            );
        }
        throw new InfraError(
            exitCodes.unreachable,
            `The engine did not apply it (exit code ${exitCode}): ${step.why}. What it said is above.`,
            "Nothing is lost: fix the cause, then run this again to continue.",
        );
    });
}

/** Writes the settings into the stack's file; false where it has others than expected by now. */
function writeSettings(
    { host, stack, service }: Subject,
    { path }: Seen,
    expected: string,
    settings: AccessKeySettings,
): boolean {
    const file = host.stackFile(stack);
    let asExpected = false;
    const changed = withSection(readFileSync(file, "utf8"), service, (document, section) => {
        asExpected = formatAccessKeys(keySettingsIn(document, section, path)) === expected;
        if (asExpected) putKeySettings(document, section, path, settings);
    });
    if (asExpected) writeFile(file, changed, statSync(file).mode & 0o777);
    return asExpected;
}
