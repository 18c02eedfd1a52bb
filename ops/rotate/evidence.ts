import { type Evidence } from "./situation";

/** When IAM saw a key used last; undefined where never. */
export interface LastUse {
    readonly published?: Date;
    readonly retiring?: Date;
}

/** What the pods of a cluster show. */
export interface PodsSeen {
    /** Id of the access key in the Secret; undefined where there is none. */
    readonly keyInSecret?: string;
    /** Pods that started with another version of the Secret, those that are ending included. */
    readonly oldPods: readonly string[];
    readonly pods: number;
}

interface Seen {
    readonly now: Date;
    /** When the key was published. */
    readonly since: Date;
    readonly quietSeconds: number;
    readonly published: { readonly generation: number; readonly id: string };
    readonly retiring: { readonly generation: number };
    /** Undefined where the platform does not tell. */
    readonly lastUse?: LastUse;
    /** Undefined where the service has no pods here. */
    readonly pods?: PodsSeen;
}

/** What shows that nobody uses the retiring key any more, by what was seen. */
export function evidenceOf(seen: Seen): Evidence[] {
    return [...podsEvidence(seen), ...useEvidence(seen)];
}

function podsEvidence({ pods, published }: Seen): Evidence[] {
    if (!pods) return [];
    const { keyInSecret, oldPods } = pods;
    return [
        {
            what: `the Secret has key ${published.generation}${keyInSecret === published.id ? "" : keyInSecret === undefined ? ": it has none" : ": it has another one"}`,
            holds: keyInSecret === published.id,
        },
        {
            what:
                oldPods.length === 0
                    ? `no pod has the old key, ${pods.pods} have the new one`
                    : `pods with the old key: ${oldPods.join(", ")}`,
            holds: oldPods.length === 0,
        },
    ];
}

function useEvidence({ now, since, quietSeconds, published, retiring, lastUse }: Seen): Evidence[] {
    const words = (date: Date | undefined) => (date ? date.toISOString() : "never");
    // What IAM tells lags behind: a key counts as quiet only after the whole window, whatever it says. It gives whole
    // seconds: the use may be almost a second later.
    const from = Math.max(since.getTime(), lastUse?.retiring ? lastUse.retiring.getTime() + 1000 : 0);
    const quiet = new Date(from + quietSeconds * 1000);
    const used =
        lastUse === undefined ? "IAM here does not tell its last use" : `last used: ${words(lastUse.retiring)}`;
    const evidence: Evidence[] = [
        {
            what: `key ${retiring.generation} not used for ${quietSeconds} s since ${since.toISOString()} (${used})`,
            holds: now >= quiet,
            notBefore: quiet,
        },
    ];
    if (lastUse) {
        const last = lastUse.published;
        evidence.unshift({
            what: `key ${published.generation} used after its publication (last used: ${words(last)})`,
            // IAM gives whole seconds.
            holds: last !== undefined && last.getTime() >= Math.floor(since.getTime() / 1000) * 1000,
        });
    }
    return evidence;
}
