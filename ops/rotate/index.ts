import { readFileSync, statSync } from "node:fs";

import { formatAccessKeys, type AccessKeySettings } from "../../components/scoped-identity/access-keys";
import { writeEnvFile } from "../env-file";
import { exitCodes, InfraError, Interrupted } from "../infra/errors";
import { writeFile } from "../infra/files";
import { withSection } from "../infra/stack-file";
import { keyVariables } from "./env-files";
import { look, type Seen, type Subject } from "./look";
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
}

/**
 * Rotates the keys of a service, step by step: each changes one setting and lets the engine apply it. It may be ended at
 * any moment; the next run goes on from where it finds things.
 *
 * @throws InfraError where somebody has to decide, or something does not answer
 */
export async function rotate(subject: Subject, options: RotateOptions): Promise<RotateResult> {
    const { clock, interrupted } = options;
    let seen = await look(subject, clock.now());
    let goal = goalOf(seen.settings, options.rollback, isBegun(seen));
    if (typeof goal === "object") await requireAsDeclared(subject);
    let finished: string | undefined;
    const steps: string[] = [];
    let waitingSince: Date | undefined;
    let asked = false;
    for (;;) {
        if (interrupted.aborted) throw stopped(steps);
        const step = nextStep(seen, goal);
        const result = { user: seen.user, settings: seen.settings, steps };
        if (step.kind === "done") return { ...result, state: "done" };
        if (step.kind === "stop") throw new InfraError(exitCodes.failed, step.reason, step.fix);
        if (step.kind === "wait") {
            const waiting = { ...result, state: "waiting", waitsFor: step.what, until: step.until } as const;
            if (!options.waits || options.dryRun) return waiting;
            waitingSince ??= clock.now();
            if (step.until === undefined && isOver(waitingSince, seen, clock)) return waiting;
            await wait(step, options);
            // That a time is not over yet says nothing of who is waited for.
            if (step.until) waitingSince = undefined;
        } else {
            if (options.dryRun) return { ...result, state: "planned", steps: [step.why] };
            // What the engine has applied already and does not see to be otherwise, it would apply for ever.
            const again = step.kind === "apply" && step.why === finishing && formatAccessKeys(step.settings);
            if (again && again === finished) throw notAsState(subject, seen);
            finished = again || undefined;
            if (!asked) await options.consent(`${step.why} of ${seen.user}`);
            asked = true;
            if (step.kind === "prove") await prove(step, seen, subject, options);
            if (interrupted.aborted) throw stopped(steps);
            if (step.kind === "handOut") await handOut(step, seen, subject, options);
            else await apply(step, seen, subject, options);
            steps.push(step.why);
            waitingSince = undefined;
        }
        seen = await look(subject, clock.now());
        // The way back ends at one key too.
        if (goal === "rollback" && seen.settings.generations.length === 1) goal = "finish";
    }
}

/**
 * Every step applies the stack's program as it is: what else it would change is somebody's to read first. Of a rotation
 * that is under way a part may wait to be applied.
 */
async function requireAsDeclared({ host, stack }: Subject): Promise<void> {
    const { exitCode, stdout, stderr } = await host.pulumi(stack, ["preview", "--expect-no-changes"]);
    if (exitCode === 0) return;
    const changes = /changes were expected|no changes/i.test(stdout + stderr);
    throw new InfraError(
        changes ? exitCodes.failed : exitCodes.unreachable,
        changes
            ? `Stack ${stack} is not as its program declares: rotating would apply that too. Nothing was changed.`
            : `The engine could not preview stack ${stack}: ${`${stdout}${stderr}`.trim()}`,
        changes
            ? `Read \`${host.engine} preview --diff\`, apply it with \`${host.engine} up\`, then run this again.`
            : undefined,
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
    return new Interrupted(`Stopped. ${done} Nothing is lost: the same command goes on from here.`);
}

async function wait(step: Extract<Step, { kind: "wait" }>, { clock, interrupted, say }: RotateOptions): Promise<void> {
    const now = clock.now().getTime();
    say(`Waiting: ${step.what}${step.until ? `; until ${step.until.toISOString()}` : ""}`);
    // Looked at again now and then, since a published key may stop working meanwhile.
    const pause = step.until ? Math.min(step.until.getTime() - now, longestPause) : shortestPause;
    await clock.sleep(Math.max(pause, 0), interrupted);
}

const shortestPause = 2_000;
const longestPause = 300_000;

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
        `Key ${step.generation} did not work for ${validSeconds} s in a row within ${timeoutSeconds} s: ${fault}. It was not published.`,
        "The service goes on with the key that it has. Run this again, or take the new key back with --rollback.",
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
    { host, stack, service }: Subject,
    options: RotateOptions,
): Promise<void> {
    // A proof takes its time: waits are counted from when the key is handed out.
    const settings = { ...step.settings, since: options.clock.now().toISOString() };
    const [from, to] = [seen.settings, settings].map(formatAccessKeys);
    options.say(`${capital(step.why)} (revision ${step.settings.revision})`);
    await options.record({ user: seen.user, why: step.why, from, to }, async () => {
        const file = host.stackFile(stack);
        const changed = withSection(readFileSync(file, "utf8"), service, (document, section) => {
            if (formatAccessKeys(keySettingsIn(document, section, seen.path)) !== from) {
                throw new InfraError(exitCodes.failed, `${seen.fileName} was changed meanwhile; run this again.`);
            }
            putKeySettings(document, section, seen.path, settings);
        });
        writeFile(file, changed, statSync(file).mode & 0o777);
        const up = ["up", "--yes", "--skip-preview", "--suppress-outputs"];
        const { exitCode } = await host.pulumi(stack, up, { show: true });
        if (exitCode === 0) return;
        if (options.interrupted.aborted) {
            throw new Interrupted(
                `Stopped as it was to ${step.why}. Nothing is lost: the same command goes on from here.`,
            );
        }
        throw new InfraError(
            exitCodes.unreachable,
            `The engine did not apply it (exit code ${exitCode}): ${step.why}. What it said is above.`,
            "Nothing is lost: mend what it names, then run this again; it goes on from here.",
        );
    });
}
