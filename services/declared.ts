import { type Caller, type Check, type ObjectReference, type Place, type VaultAddress } from "./checks";
import { placesInWords } from "./fields";

/** Values, each with its place in an object. */
export type Values = readonly (readonly [place: Place, value: unknown])[];

/** A check, by the read-only operator if nobody else is named. */
export function check(
    id: string,
    name: string,
    expected: string,
    probe: Check["probe"],
    caller: Caller = "operator",
): Check {
    return { id, name, caller, expected, probe };
}

/** That an object of the cluster has these values at these places; `undefined` is that it has none there. */
export function declared(id: string, name: string, object: ObjectReference, values: Values): Check {
    const fields = values.map(([place]) => place);
    return check(id, name, placesInWords(values), { kind: "kubernetesFields", object, fields });
}

/** That Vault has these values at a path. */
export function inVault(id: string, name: string, vault: VaultAddress, path: string, values: Values): Check {
    const fields = values.map(([place]) => place);
    return check(id, name, placesInWords(values), { kind: "vaultFields", vault, path, fields });
}
