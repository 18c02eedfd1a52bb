// Small things that several types share.

import { text, type Property, type ResourceType, type Traits } from "../declare";
import { Refusal } from "../errors";
import { isRecord, type Properties, type Value } from "../wire";
import type { Vault, VaultContext } from "./client";
import { VaultFailure } from "./failures";

export type VaultType = ResourceType<VaultContext>;

/** Vault namespace of the resource, relative to the provider's. */
export const namespace = (): Property => text({ replace: true, writeOnly: true });
/** White space at its ends means nothing. */
export const trimmed = (traits: Traits = {}): Property => ({
    kind: "text",
    normalise: (value) => value.trim(),
    ...traits,
});

/** Vault would take it for another path. */
export function faultsOfPath(key: string, value: Value | undefined): string[] {
    return typeof value === "string" && /^$|^\/|\/$/.test(value)
        ? [`${key} must not be empty, nor begin or end with a slash.`]
        : [];
}

/** The provider's name of a property → Vault's. */
export function snake(key: string): string {
    return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What Vault says of these properties, without those that it leaves empty. */
export function told(answer: Properties, keys: readonly string[]): Properties {
    const present = keys.filter((key) => !isEmpty(answer[snake(key)]));
    return Object.fromEntries(present.map((key) => [key, answer[snake(key)]])) as Properties;
}

/** These properties for Vault, as far as the program says them. */
export function saying(inputs: Properties, keys: readonly string[]): Properties {
    const present = keys.filter((key) => !isAbsent(inputs[key]));
    return Object.fromEntries(present.map((key) => [snake(key), inputs[key]])) as Properties;
}

/** These properties for Vault, all of them: what the program does not say is said as its default or as empty. */
export function sayingAll(declared: Record<string, Property>, inputs: Properties, keys: readonly string[]): Properties {
    return Object.fromEntries(
        keys.map((key) => {
            const value = inputs[key];
            return [snake(key), isAbsent(value) ? emptyOf(declared[key]) : value];
        }),
    ) as Properties;
}

const EMPTY: Partial<Record<Property["kind"], Value>> = { list: [], map: {}, number: 0, flag: false };

function emptyOf(property: Property | undefined): Value {
    return property?.default ?? (property === undefined ? undefined : EMPTY[property.kind]) ?? "";
}

export function isAbsent(value: Value | undefined): boolean {
    return value === undefined || value === null;
}

/** Vault tells what is not set as empty text, an empty list or an empty map. */
function isEmpty(value: Value | undefined): boolean {
    return (
        isAbsent(value) ||
        value === "" ||
        (Array.isArray(value) && value.length === 0) ||
        (isRecord(value) && Object.keys(value).length === 0)
    );
}

/** Makes something at a path of its own; one that is there already belongs to somebody else. */
export async function makeAt(type: string, at: string, make: () => Promise<unknown>): Promise<void> {
    try {
        await make();
    } catch (error) {
        if (error instanceof VaultFailure && /path (is )?already in use/.test(error.message)) {
            if (error.repeated) {
                // What is there was made by the attempt before, whose answer was lost.
                return;
            }
            throw new Refusal(
                `${error.operation}: there is something at ${at} already. Use it (set the setting that makes it to ` +
                    `\`existing\`), or let this stack have it: pulumi import ${type} <name> ${at}`,
            );
        }
        throw error;
    }
}

const REMOUNT_PAUSE_MS = 200;
const REMOUNT_ATTEMPTS = 150;

/** Moves a mount with all that is in it. `auth/` begins the path of an auth method. */
export async function remount(vault: Vault, from: string, to: string): Promise<void> {
    const { migration_id: id } = await vault.write("sys/remount", { from, to });
    for (let attempt = 1; attempt <= REMOUNT_ATTEMPTS; attempt++) {
        const answer = await vault.read(`sys/remount/status/${String(id)}`);
        const status = isRecord(answer?.["migration_info"]) ? answer["migration_info"]["status"] : undefined;
        if (status === "success") {
            return;
        }
        if (status === "failure") {
            throw new Refusal(`Vault could not move ${from} to ${to}; its log says why.`);
        }
        await new Promise((resolve) => setTimeout(resolve, REMOUNT_PAUSE_MS));
    }
    throw new Refusal(`Vault has not moved ${from} to ${to} in ${(REMOUNT_PAUSE_MS * REMOUNT_ATTEMPTS) / 1000} s.`);
}
