import * as pulumi from "@pulumi/pulumi";

import { refuse } from "../validation";

/** Bytes that AWS Lambda allows for all environment variables of a function together (AWS Lambda, "Lambda quotas"). */
export const largestVariables = 4096;

/** How many of the largest settings are named. */
const named = 3;

/** One variable, which holds settings as JSON. */
export interface SettingsVariable {
    readonly variable: "GATE_SETTINGS" | "KEEPER_SETTINGS";
    readonly settings: object;
}

/** Bytes of a function's variables as AWS Lambda measures them: as one JSON object, in which quotes are escaped. */
export function bytesOfVariables({ variable, settings }: SettingsVariable): number {
    return Buffer.byteLength(JSON.stringify({ [variable]: JSON.stringify(settings) }));
}

/** Refuses settings that AWS Lambda would refuse as the function is made, when much else is made already. */
export function refuseLargeVariables(resource: pulumi.Resource, of: SettingsVariable): void {
    const bytes = bytesOfVariables(of);
    if (bytes <= largestVariables) return;
    const sizes = Object.entries(of.settings).map(
        ([name, value]) => [name, Buffer.byteLength(JSON.stringify(value) ?? "")] as const,
    );
    const largest = sizes.sort(([, one], [, other]) => other - one).slice(0, named);
    refuse(
        resource,
        of.variable,
        `${bytes} bytes`,
        `at most ${largestVariables} bytes, the limit of AWS Lambda for a function's environment variables; ` +
            `the largest settings in it are ${largest.map(([name, size]) => `${name} (${size} bytes)`).join(", ")}`,
    );
}

/** The parts of settings together, where all of them are known without waiting. */
export function knownNow(parts: readonly pulumi.Input<object>[]): object | undefined {
    return parts.every(isPlain) ? (Object.assign({}, ...parts) as object) : undefined;
}

function isPlain(value: unknown): boolean {
    if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
    return typeof value !== "object" || value === null || Object.values(value).every(isPlain);
}
