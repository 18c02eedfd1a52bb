import { createHash } from "node:crypto";

import { counter, type Item, type Key, text } from "./store";

/** A caller of the gate, and limits of its own where it has some. */
export interface KnownCaller {
    readonly id: string;
    readonly limits?: { readonly requestsPerHour?: bigint; readonly requestsPerDay?: bigint };
    /** The models that it may call, where it may not call all of the environment's. */
    readonly models?: readonly string[];
}

/**
 * Who a signed request is from: the user or the role, by account. A session of a role is named by whoever opens it, so
 * limits that went by its name could be left behind by a new name.
 *
 * @param arn what Lambda tells of the caller: the ARN of a user or of a role's session
 */
export function iamCaller(arn: string): KnownCaller | undefined {
    const [, account, kind, name] = /^arn:[\w-]+:(?:iam|sts)::(\d{12}):(user|assumed-role)\/(.+)$/.exec(arn) ?? [];
    if (kind === "user") return { id: `${account}:user/${name.replace(/^.*\//, "")}` };
    return kind === "assumed-role" ? { id: `${account}:role/${name.replace(/\/[^/]*$/, "")}` } : undefined;
}

/** Where gate keys are kept, by the hash of their secret: who reads the table cannot use one. */
export const keysPartition = "gate-keys";

/** The item of a gate key. It is random and long, so that a plain hash is as good as a slow one. */
export function gateKeyItem(secret: string): Key {
    return { partition: keysPartition, sort: createHash("sha256").update(secret).digest("hex") };
}

/** The beginning of every gate key, by which scanners for leaked secrets can know one. */
export const gateKeyPrefix = "gate-";

/** Whether a gate key is neither revoked nor expired. */
export function isInForce(item: Item | undefined, now: Date): boolean {
    const validUntil = text(item, "validUntil");
    if (text(item, "revokedAt") !== undefined) return false;
    return validUntil === undefined || now.getTime() < Date.parse(validUntil);
}

/** The models that a gate key is narrowed to, as its item has them; undefined where it is not. */
export const modelsOfKey = (item: Item | undefined) => text(item, "models")?.split(" ");

/** The caller that a gate key stands for; undefined where there is no such key, or it is not in force. */
export function keyCaller(hash: string, item: Item | undefined, now: Date): KnownCaller | undefined {
    const name = text(item, "name");
    if (name === undefined || !isInForce(item, now)) return undefined;
    const models = modelsOfKey(item);
    const limit = (attribute: "requestsPerHour" | "requestsPerDay") => {
        const own = counter(item, attribute);
        return own > 0n ? { [attribute]: own } : {};
    };
    // A new key of an old name is another caller: it has nothing of what the old one was answered.
    return {
        id: `key/${name}/${hash.slice(0, 8)}`,
        limits: { ...limit("requestsPerHour"), ...limit("requestsPerDay") },
        ...(models ? { models } : {}),
    };
}
