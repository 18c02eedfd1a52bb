/** An access key of a user as IAM lists it. */
export interface ListedKey {
    readonly id: string;
    readonly created: Date;
    /** Undefined if IAM has never seen it used. */
    readonly lastUsed?: Date;
}

/** What is to be done with a key that the state does not know. */
export type Verdict = { readonly delete: true } | { readonly delete: false; readonly reason: string };

/**
 * Judges a key that the state does not know. CreateAccessKey has no idempotency token: a kill between that call and the
 * engine's checkpoint leaves a key whose secret nobody has. Such a key was created after the interrupted update began
 * and was never used; every other key is somebody's, and is left alone.
 *
 * @param began when the interrupted update began; undefined if that is not known
 */
export function judgeUnknownKey(key: ListedKey, began: Date | undefined): Verdict {
    if (key.lastUsed) return { delete: false, reason: `it was used on ${key.lastUsed.toISOString()}` };
    if (!began) return { delete: false, reason: "it is not known when the interrupted update began" };
    // IAM gives whole seconds: a key of the update's first second is read as that second's beginning.
    if (key.created.getTime() < Math.floor(began.getTime() / 1000) * 1000) {
        return {
            delete: false,
            reason: `it was created on ${key.created.toISOString()}, before the update began on ${began.toISOString()}`,
        };
    }
    return { delete: true };
}
