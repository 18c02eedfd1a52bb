import { isInForce, keysPartition, modelsOfKey } from "./core/callers";
import { counter, type Item, type Store, text } from "./core/store";

/** A gate key, without its secret: that is known to whoever created it alone. */
export interface GateKey {
    readonly name: string;
    readonly createdAt: string;
    readonly createdBy: string;
    readonly revokedAt?: string;
    /** Limits of its own, where it has some. */
    readonly requestsPerHour?: number;
    readonly requestsPerDay?: number;
    /** The models that it may call, where it may not call all. */
    readonly models?: readonly string[];
    /** When it expires, where it does. */
    readonly validUntil?: string;
}

export interface NewKey {
    readonly name: string;
    /** SHA-256 of the secret, hexadecimal. */
    readonly hash: string;
    readonly by: string;
    readonly requestsPerHour?: number;
    readonly requestsPerDay?: number;
    /** Ids without white space. @default all */
    readonly models?: readonly string[];
    /** @default until it is revoked */
    readonly validSeconds?: number;
}

/** Every key, the revoked and expired ones too, by name and age. */
export async function listKeys(store: Store): Promise<GateKey[]> {
    const found = [...(await store.list(keysPartition)).values()].map(keyOf);
    return found.sort((one, other) => (one.name + one.createdAt < other.name + other.createdAt ? -1 : 1));
}

/** Answers the key that was created. @throws Error where a key of the name is in force */
export async function createKey(
    store: Store,
    { name, hash, by, requestsPerHour, requestsPerDay, models, validSeconds }: NewKey,
    now: Date,
): Promise<GateKey> {
    const [same] = await inForce(store, name, now);
    if (same) {
        const { createdAt } = keyOf(same.item);
        throw new Error(`There is a key ${name} of ${createdAt}: revoke it first, or take another name`);
    }
    const limits = Object.entries({ requestsPerHour, requestsPerDay }).filter(([, count]) => count !== undefined);
    const end = validSeconds === undefined ? undefined : new Date(now.getTime() + validSeconds * 1000);
    const item: Item = {
        name,
        createdAt: now.toISOString(),
        createdBy: by,
        ...Object.fromEntries(limits.map(([limit, count]) => [limit, BigInt(count!)])),
        ...(models ? { models: models.join(" ") } : {}),
        ...(end ? { validUntil: end.toISOString(), expiresAt: goneAt(end) } : {}),
    };
    const key = { partition: keysPartition, sort: hash };
    await store.transact([{ key, when: [{ attribute: "name", is: "absent" }], set: item }]);
    return keyOf(item);
}

/** Revokes every key of the name that is in force. @throws Error where there is none */
export async function revokeKey(store: Store, name: string, now: Date): Promise<void> {
    const found = await inForce(store, name, now);
    if (found.length === 0) throw new Error(`There is no key ${name} in force`);
    for (const { sort } of found) {
        await store.transact([
            { key: { partition: keysPartition, sort }, set: { revokedAt: now.toISOString(), expiresAt: goneAt(now) } },
        ]);
    }
}

/** The keys of a name that the gate takes. */
async function inForce(store: Store, name: string, now: Date): Promise<{ sort: string; item: Item }[]> {
    const all = [...(await store.list(keysPartition))].map(([sort, item]) => ({ sort, item }));
    return all.filter(({ item }) => text(item, "name") === name && isInForce(item, now));
}

/** Until when a key is listed that is in force no more: 30 days. */
const goneAt = (end: Date) => BigInt(Math.ceil(end.getTime() / 1000) + 30 * 86_400);

function keyOf(item: Item): GateKey {
    const revokedAt = text(item, "revokedAt");
    const validUntil = text(item, "validUntil");
    const models = modelsOfKey(item);
    const limit = (attribute: "requestsPerHour" | "requestsPerDay") => {
        const count = counter(item, attribute);
        return count > 0n ? { [attribute]: Number(count) } : {};
    };
    return {
        name: text(item, "name") ?? "",
        createdAt: text(item, "createdAt") ?? "",
        createdBy: text(item, "createdBy") ?? "",
        ...(revokedAt === undefined ? {} : { revokedAt }),
        ...limit("requestsPerHour"),
        ...limit("requestsPerDay"),
        ...(models ? { models } : {}),
        ...(validUntil === undefined ? {} : { validUntil }),
    };
}
