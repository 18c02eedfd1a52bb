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
    /** How long after its publication nobody is expected to use the old key. */
    readonly timeoutSeconds: number;
    /** How much later than the platform tells a key may have been used. */
    readonly granularitySeconds: number;
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

function useEvidence(seen: Seen): Evidence[] {
    const { now, since, quietSeconds, timeoutSeconds, granularitySeconds, published, retiring, lastUse } = seen;
    const words = (date: Date | undefined) => (date ? date.toISOString() : "never");
    const after = (date: Date, seconds: number) => new Date(date.getTime() + seconds * 1000);
    // What IAM tells lags behind: a key counts as quiet only after the whole window, whatever it says.
    const latestUse = lastUse?.retiring && after(lastUse.retiring, granularitySeconds);
    const quiet = after(latestUse && latestUse > since ? latestUse : since, quietSeconds);
    const used =
        lastUse === undefined ? "IAM here does not tell its last use" : `last used: ${words(lastUse.retiring)}`;
    // Somebody has not taken the new key over: no time helps.
    const stays = lastUse?.retiring !== undefined && lastUse.retiring > after(since, timeoutSeconds);
    const evidence: Evidence[] = [
        {
            what: `key ${retiring.generation} not used for ${quietSeconds} s since ${since.toISOString()} (${used})`,
            holds: now >= quiet,
            ...(stays ? {} : { notBefore: quiet }),
        },
    ];
    if (lastUse) {
        const last = lastUse.published;
        // Its own try, just before, may be all that is noted for so long.
        const noted = after(since, granularitySeconds);
        evidence.unshift({
            what: `key ${published.generation} used after its publication (last used: ${words(last)})`,
            // IAM gives whole seconds.
            holds: last !== undefined && last.getTime() >= Math.floor(since.getTime() / 1000) * 1000,
            ...(now < noted ? { notBefore: noted } : {}),
        });
    }
    return evidence;
}
