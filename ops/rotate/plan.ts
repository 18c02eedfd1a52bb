import { type AccessKeySettings, formatAccessKeys } from "../../components/scoped-identity/access-keys";
import { type Situation, type UserKey } from "./situation";

/** What is to be done next. */
export type Step =
    /** The settings of the file are to be applied, as they are or changed: `settings` is what the file then has. */
    | {
          readonly kind: "apply";
          readonly settings: AccessKeySettings;
          readonly why: string;
          /** What was seen or said that allows it. @default nothing has to */
          readonly evidence?: readonly string[];
      }
    /** A key has to be shown to work before it is handed out; then `settings` are applied. */
    | {
          readonly kind: "prove";
          readonly generation: number;
          readonly settings: AccessKeySettings;
          readonly why: string;
      }
    /** Files of consumers are to be given the published key. */
    | { readonly kind: "handOut"; readonly files: readonly string[]; readonly why: string }
    /** Nothing can be done yet. */
    | { readonly kind: "wait"; readonly until?: Date; readonly what: string }
    /** Somebody has to decide, or to do something first; nothing was changed. */
    | { readonly kind: "stop"; readonly reason: string; readonly fix: string }
    | { readonly kind: "done" };

/** Where a rotation is to end: with a key of this generation alone, or back at the old key. */
export type Goal = { readonly newGeneration: number } | "finish" | "rollback";

/** What a run has to reach, by how things are when it begins. */
export function goalOf(situation: Situation, rollback: boolean): Goal {
    const { settings, keys } = situation;
    const { generations, published } = settings;
    // A deletion that was written and not done can still be taken back, as long as the old key is there.
    if (rollback && (generations.length === 2 || keys.some(isOlderThan(published)))) return "rollback";
    if (generations.length === 1 && isBegun(situation)) return "finish";
    if (rollback) return "rollback";
    // What was begun is finished first, and is then as new as what was asked for.
    return generations.length === 2 ? "finish" : { newGeneration: generations[0] + 1 };
}

const isOlderThan =
    (published: number) =>
    ({ generation }: UserKey) =>
        generation !== undefined && generation < published;

/** Whether settings were written and not applied, or not to the end; of a user that has never had any nobody knows. */
export const isBegun = (situation: Situation): boolean =>
    situation.applied !== undefined && unapplied(situation) !== undefined;

/**
 * The next step of a rotation, by what is there: the settings, what IAM says was applied last, the user's keys, and what
 * is known of those who use them. Whoever is killed and begins again comes to the same step.
 *
 * Never is a key retired while the published one does not work or while there is no evidence that nobody uses it; a key
 * that the stack does not know is never touched.
 */
export function nextStep(situation: Situation, goal: Goal): Step {
    const { settings, keys } = situation;
    return (
        foreignRevision(situation) ??
        unknownKeys(keys) ??
        // Before what was begun is finished: that may be what is to be taken back.
        (goal === "rollback" ? backwards(situation) : undefined) ??
        // Before what was begun is finished: that may wait for whoever reads these files.
        handOut(situation) ??
        unapplied(situation) ??
        (settings.generations.length === 1 ? atRest(situation, goal) : onItsWay(situation))
    );
}

function foreignRevision({ settings, applied, fileName }: Situation): Step | undefined {
    if (!applied || applied.revision < settings.revision) return undefined;
    if (formatAccessKeys(applied) === formatAccessKeys(settings)) return undefined;
    return {
        kind: "stop",
        reason:
            `The user's keys were changed under revision ${applied.revision}, which ${fileName} does not have: ` +
            `it has revision ${settings.revision}.`,
        fix:
            `Somebody else has rotated: get their commit of ${fileName}, then run this again. ` +
            `If it is lost, write what was applied as the service's accessKeys: ${inYaml(applied)}`,
    };
}

/** The settings as a stack file has them, on one line. */
function inYaml({ revision, generations, published, retiring }: AccessKeySettings): string {
    const out = retiring ? `, retiring: { generation: ${retiring.generation}, inactive: ${retiring.inactive} }` : "";
    return `{ revision: ${revision}, generations: [${generations.join(", ")}], published: ${published}${out} }`;
}

function unknownKeys(keys: readonly UserKey[]): Step | undefined {
    const unknown = keys.filter(({ generation }) => generation === undefined);
    if (unknown.length === 0) return undefined;
    const words = unknown.map(
        ({ id, active, created, lastUsed }) =>
            `${id} (${active ? "active" : "inactive"}, made ${created.toISOString()}, ` +
            `${lastUsed ? `last used ${lastUsed.toISOString()}` : "never used as far as IAM tells"})`,
    );
    return {
        kind: "stop",
        reason: `The user has ${unknown.length === 1 ? "a key" : `${unknown.length} keys`} that the stack does not know: ${words.join(", ")}.`,
        fix: "It is not touched. Find out whose it is; delete it by hand if it is nobody's, then run this again.",
    };
}

/** Why settings are applied that the file has already. */
export const finishing = "finish what was begun";

/** Settings that were written and not applied, or not to the end. */
function unapplied(situation: Situation): Step | undefined {
    const { settings, applied, keys, now } = situation;
    const { generations, retiring } = settings;
    const asDeclared =
        applied !== undefined &&
        formatAccessKeys(applied) === formatAccessKeys(settings) &&
        keys.length === generations.length &&
        generations.every((generation) => {
            const inactive = retiring?.inactive === true && retiring.generation === generation;
            return keys.some((key) => key.generation === generation && key.active === !inactive);
        }) &&
        situation.publishedAsDeclared;
    if (asDeclared) return undefined;
    const finish = { settings: at(now, settings), why: finishing };
    const known = (generation: number) => keys.find((key) => key.generation === generation);
    // A rotation makes a key before it publishes it; whoever publishes both at once by hand skips the proof.
    if (generations.length === 2 && !known(settings.published)) return publishedIsMissing(situation);
    const deletes = keys.some(({ generation }) => !generations.includes(generation!));
    const deactivates = retiring?.inactive === true && known(retiring.generation)?.active === true;
    if ((deletes || deactivates) && !situation.publishedWorks) return publishedFails(situation);
    if (deactivates && settings.since === undefined) {
        // It was not applied: from when the old key's silence counts, nobody knows any more.
        const next = { ...settings, retiring: active(retiring.generation) };
        return { kind: "apply", settings: following(next, now), why: noteSince(settings) };
    }
    // Somebody may have begun to use it again since this was written.
    const missing = deactivates ? missingEvidence(situation, retiring.generation) : undefined;
    if (missing) return missing;
    // What waits are counted from has not begun before it is applied.
    return !situation.publishedAsDeclared && known(settings.published)
        ? { kind: "prove", generation: settings.published, ...finish }
        : { kind: "apply", ...finish };
}

function publishedIsMissing({ settings: { published, generations }, fileName }: Situation): Step {
    const other = generations.find((generation) => generation !== published);
    return {
        kind: "stop",
        reason: `Key ${published}, which ${fileName} publishes, does not exist: a key is tried before it is published.`,
        fix: `Publish key ${other} in ${fileName}, without \`retiring\`, and run this again; or go back to it with --rollback.`,
    };
}

/** Of a published key that does not work, nobody is given more copies. */
function handOut({ settings, publishedAsDeclared, publishedWorks, staleFiles = [] }: Situation): Step | undefined {
    if (staleFiles.length === 0 || !publishedAsDeclared || !publishedWorks) return undefined;
    return { kind: "handOut", files: staleFiles, why: `write key ${settings.published} to ${staleFiles.join(", ")}` };
}

function atRest({ settings, now }: Situation, goal: Goal): Step {
    if (typeof goal !== "object" || settings.published === goal.newGeneration) return { kind: "done" };
    const next = { ...settings, generations: [settings.published, goal.newGeneration] };
    return { kind: "apply", settings: following(next, now), why: `create key ${goal.newGeneration}` };
}

function onItsWay(situation: Situation): Step {
    const { settings, now } = situation;
    const { generations, published, retiring } = settings;
    const [old, newest] = [Math.min(...generations), Math.max(...generations)];
    if (!retiring && published === newest) {
        const next = following({ ...settings, retiring: active(old) }, now);
        return { kind: "apply", settings: next, why: `note that key ${old} is on its way out` };
    }
    if (!retiring) {
        const next = following({ ...settings, published: newest, retiring: active(old) }, now);
        return { kind: "prove", generation: newest, settings: next, why: `publish key ${newest}` };
    }
    if (!situation.publishedWorks) return publishedFails(situation);
    return retiring.inactive ? deletion(situation, retiring.generation) : deactivation(situation, retiring.generation);
}

function publishedFails({ settings, publishedFault }: Situation): Step {
    return {
        kind: "stop",
        reason: `The published key ${settings.published} does not work: ${publishedFault ?? "AWS refuses it"}.`,
        fix: "The other key is kept. Go back to it with --rollback, or fix what is wrong and run this again.",
    };
}

function deactivation(situation: Situation, old: number): Step {
    const { settings, now, evidence, confirmed, unseen } = situation;
    // Without a date the old key's silence would be counted from every look anew.
    if (settings.since === undefined) {
        return { kind: "apply", settings: at(now, settings), why: noteSince(settings) };
    }
    const missing = missingEvidence(situation, old);
    if (missing) return missing;
    const next = { ...settings, retiring: { generation: old, inactive: true } };
    return {
        kind: "apply",
        settings: following(next, now),
        why: `make key ${old} inactive`,
        evidence: [
            ...evidence.map(({ what }) => what),
            ...(unseen !== undefined && confirmed ? [`confirmed by you: ${unseen}`] : []),
        ],
    };
}

const noteSince = ({ published }: AccessKeySettings) => `note since when key ${published} is published`;

/** What is still to come before a key may be made inactive: somebody's word, or that nobody is seen to use it. */
function missingEvidence({ settings, evidence, confirmed, unseen }: Situation, old: number): Step | undefined {
    if (unseen !== undefined && !confirmed) {
        return {
            kind: "stop",
            reason: `Key ${settings.published} is published. What cannot be seen from here may still use key ${old}: ${unseen}.`,
            fix: "Give it the new key; once it has it, run this again with --confirm-consumers. Both keys work until then.",
        };
    }
    const missing = evidence.filter(({ holds }) => !holds);
    if (missing.length === 0) return undefined;
    const forced = missing.some(({ notBefore }) => notBefore === undefined);
    const dates = missing.flatMap(({ notBefore }) => notBefore ?? []).map((date) => date.getTime());
    return {
        kind: "wait",
        what: missing.map(({ what }) => what).join("; "),
        ...(forced ? {} : { until: new Date(Math.max(...dates)) }),
    };
}

function deletion({ settings, now, graceSeconds }: Situation, old: number): Step {
    // Without a date nobody knows how long it has been inactive: the wait begins now.
    if (settings.since === undefined) {
        return { kind: "apply", settings: at(now, settings), why: `note since when key ${old} is inactive` };
    }
    const until = new Date(new Date(settings.since).getTime() + graceSeconds * 1000);
    if (now < until) return { kind: "wait", until, what: `key ${old} stays, inactive, in case it is missed` };
    const next = { ...settings, generations: [settings.published], retiring: undefined };
    return { kind: "apply", settings: following(next, now), why: `delete key ${old}` };
}

/** What leads back to the old key; nothing once the way back has been taken. */
function backwards({ settings, keys, now }: Situation): Step | undefined {
    const { generations, published } = settings;
    if (generations.length === 1) {
        // Written, and not yet done: the old key is still there.
        const kept = keys.find(isOlderThan(published))?.generation;
        if (kept !== undefined) {
            const both = { ...settings, generations: [kept, published], retiring: active(kept) };
            return { kind: "apply", settings: following(both, now), why: `keep key ${kept}, active` };
        }
        return {
            kind: "stop",
            reason: "There is nothing to go back to: the user has one key.",
            fix: "A key that was deleted cannot come back; rotate again for a new one.",
        };
    }
    const newest = Math.max(...generations);
    const old = Math.min(...generations);
    if (!settings.retiring && published === old) {
        // Nobody was ever given the new key.
        const next = following({ ...settings, generations: [published] }, now);
        return { kind: "apply", settings: next, why: `delete key ${newest}, which was not published` };
    }
    if (published === old) return undefined;
    if (settings.retiring?.inactive) {
        const next = following({ ...settings, retiring: active(old) }, now);
        return { kind: "apply", settings: next, why: `make key ${old} active again` };
    }
    // Written, and not yet done: it is made active first.
    if (keys.some(({ generation, active: works }) => generation === old && !works)) return undefined;
    const next = following({ ...settings, published: old, retiring: active(newest) }, now);
    return { kind: "prove", generation: old, settings: next, why: `publish key ${old} again` };
}

const active = (generation: number) => ({ generation, inactive: false });

function following(settings: AccessKeySettings, now: Date): AccessKeySettings {
    return at(now, { ...settings, revision: settings.revision + 1 });
}

function at(now: Date, settings: AccessKeySettings): AccessKeySettings {
    return { ...settings, since: now.toISOString() };
}

/** Why a service's keys are to be rotated now; undefined where they are not. */
export function dueOf(situation: Situation, maximumAgeDays: number): string | undefined {
    const { now, settings, keys } = situation;
    if (settings.generations.length === 2 || isBegun(situation)) return "a rotation is under way";
    const published = keys.find(({ generation }) => generation === settings.published);
    if (!published) return undefined;
    const days = (now.getTime() - published.created.getTime()) / 86_400_000;
    return days >= maximumAgeDays
        ? `key ${settings.published} is ${Math.floor(days)} days old, at most ${maximumAgeDays} are allowed`
        : undefined;
}
