// Auto-naming: the name that a resource gets when the program gives none. Pure, given the seed.

import { createHash, randomBytes } from "node:crypto";
import type { AutoName } from "./declare";
import { UNKNOWN, type Properties } from "./wire";

/** What the engine says about names, from the project's `pulumi:autonaming`. */
export interface NamingWish {
    mode: "propose" | "enforce" | "disable";
    proposed: string;
}

export interface NameRequest {
    resourceName: string;
    urn: string;
    /** The engine's random seed: the same plan gives the same name. */
    seed: Uint8Array;
    wish?: NamingWish;
}

const RANDOM_HEX = 7;
/** As long as what the official provider puts after a prefix. */
const AFTER_PREFIX_HEX = 26;

/** The name, or why there can be none. */
export function autoName(
    naming: AutoName,
    inputs: Properties,
    request: NameRequest,
): { name: string } | { fault: string } {
    const suffix = naming.suffix?.(inputs) ?? "";
    const room = naming.maxLength - suffix.length;
    const prefix = naming.prefixProperty === undefined ? undefined : inputs[naming.prefixProperty];
    if (prefix === UNKNOWN) {
        return { fault: `${naming.prefixProperty} must be known before the name is made.` };
    }
    if (typeof prefix === "string") {
        return { name: fold(naming, prefix + hex(request, AFTER_PREFIX_HEX)).slice(0, room) + suffix };
    }
    if (request.wish?.mode === "disable") {
        return { fault: `${naming.property} is required, since automatic naming is disabled.` };
    }
    if (request.wish?.mode === "enforce") {
        return { name: request.wish.proposed };
    }
    if (request.wish?.proposed !== undefined && request.wish.proposed !== "") {
        return { name: fold(naming, request.wish.proposed).slice(0, room) + suffix };
    }
    const random = hex(request, RANDOM_HEX);
    const stem = fold(naming, request.resourceName).slice(0, room - RANDOM_HEX - 1);
    return { name: `${stem}-${random}${suffix}` };
}

function fold(naming: AutoName, name: string): string {
    return naming.lowercase === true ? name.toLowerCase() : name;
}

function hex(request: NameRequest, length: number): string {
    const bytes =
        request.seed.length === 0
            ? randomBytes(32)
            : createHash("sha256").update(request.seed).update(request.urn).digest();
    return bytes.toString("hex").slice(0, length);
}
