import { keysPartition } from "./core/callers";
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
}

export interface NewKey {
    readonly name: string;
    /** SHA-256 of the secret, hexadecimal. */
    readonly hash: string;
    readonly by: string;
    readonly requestsPerHour?: number;
    readonly requestsPerDay?: number;
}

/** Every key, the revoked ones too, by name and age. */
export async function listKeys(store: Store): Promise<GateKey[]> {
    const found = [...(await store.list(keysPartition)).values()].map(keyOf);
    return found.sort((one, other) => (one.name + one.createdAt < other.name + other.createdAt ? -1 : 1));
}

/** @throws Error where a key of the name is in force */
export async function createKey(
    store: Store,
    { name, hash, by, requestsPerHour, requestsPerDay }: NewKey,
    now: Date,
): Promise<void> {
    const same = (await listKeys(store)).find((key) => key.name === name && key.revokedAt === undefined);
    if (same) throw new Error(`There is a key ${name} of ${same.createdAt}: revoke it first, or take another name`);
    const limits = Object.entries({ requestsPerHour, requestsPerDay }).filter(([, count]) => count !== undefined);
    await store.transact([
        {
            key: { partition: keysPartition, sort: hash },
            when: [{ attribute: "name", is: "absent" }],
            set: {
                name,
                createdAt: now.toISOString(),
                createdBy: by,
                ...Object.fromEntries(limits.map(([limit, count]) => [limit, BigInt(count!)])),
            },
        },
    ]);
}

/** Revokes every key of the name that is in force. @throws Error where there is none */
export async function revokeKey(store: Store, name: string, now: Date): Promise<void> {
    const inForce = [...(await store.list(keysPartition))].filter(
        ([, item]) => text(item, "name") === name && text(item, "revokedAt") === undefined,
    );
    if (inForce.length === 0) throw new Error(`There is no key ${name} in force`);
    for (const [sort] of inForce) {
        await store.transact([
            { key: { partition: keysPartition, sort }, set: { revokedAt: now.toISOString(), expiresAt: goneAt(now) } },
        ]);
    }
}

/** For how long a revoked key is listed: 30 days. */
const goneAt = (now: Date) => BigInt(Math.ceil(now.getTime() / 1000) + 30 * 86_400);

function keyOf(item: Item): GateKey {
    const revokedAt = text(item, "revokedAt");
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
    };
}
