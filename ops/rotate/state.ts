import { type Keys } from "../verify/target";
import { accessKeyType, type ExportedState } from "../recover/state";

/** A key that the stack's state has. */
export interface StateKey extends Keys {
    readonly generation: number;
}

/**
 * The access keys of a user in the engine's state, with their secrets: what `pulumi stack export --show-secrets` prints.
 * The state is written with every step of an update; the stack's outputs are written at its end only.
 */
export function keysInState({ deployment }: ExportedState, user: string): StateKey[] {
    return (deployment.resources ?? []).flatMap(({ type, urn, id, inputs, outputs }) => {
        const generation = Number(/-access-key-(\d+)$/.exec(urn)?.[1]);
        if (type !== accessKeyType || inputs?.user !== user || !id || !generation) return [];
        return [{ generation, accessKeyId: id, secretAccessKey: plain(outputs?.secret) }];
    });
}

/** A decrypted secret is an object with the value as JSON. */
function plain(value: unknown): string {
    const { plaintext } = (value ?? {}) as { plaintext?: string };
    return plaintext === undefined ? String(value) : (JSON.parse(plaintext) as string);
}
