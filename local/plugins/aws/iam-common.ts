// What IAM's types share: names, ids of two parts, and "there is no such thing".

import type { AutoName } from "../declare";
import { UNKNOWN, type Value } from "../wire";

export const NO_SUCH_ENTITY = ["NoSuchEntityException", "NoSuchEntity"];

/** IAM's limit differs by kind: users, roles and groups have 64 or 128, policies 128. */
export const iamName = (maxLength: number, prefixed = true): AutoName => ({
    property: "name",
    ...(prefixed ? { prefixProperty: "namePrefix" } : {}),
    maxLength,
});

/** IAM's rule for names, as the official plugin checks it before any call. */
export function faultsOfIamName(name: Value | undefined, maxLength: number): string[] {
    if (name === undefined || name === UNKNOWN || typeof name !== "string") {
        return [];
    }
    return /^[\w+=,.@-]+$/.test(name) && name.length <= maxLength
        ? []
        : [`name must have 1 to ${maxLength} characters: letters, digits and +=,.@_- only.`];
}

/** Both parts of an id such as `role:policy`; the second may hold the separator itself. */
export function splitId(id: string, separator: string): [string, string] {
    const at = id.indexOf(separator);
    return at < 0 ? [id, ""] : [id.slice(0, at), id.slice(at + separator.length)];
}
