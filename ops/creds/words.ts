import { printable } from "../cli/output";
import { type CallerIdentity, type Session } from "./identity";
import { type Resolution } from "./resolve";
import { type Summary } from "./summary";

/** Names and what they are, under each other. */
export function linesOf(entries: readonly (readonly [name: string, value: string])[]): string {
    const width = Math.max(...entries.map(([name]) => name.length));
    return entries.map(([name, value]) => `  ${name.padEnd(width)}  ${printable(value)}`).join("\n");
}

/** Which credentials these are, and why. */
export function resolutionInWords({ credentials, region, why }: Resolution, stackRegion: string): string {
    const { keys, place, set } = credentials ?? {};
    return linesOf([
        ["credentials", set ? `${set.prefix}* of ${place}` : "none"],
        ["why", why.join(" ")],
        ...(keys ? ([["access key", keys.accessKeyId + (keys.sessionToken ? ", temporary" : "")]] as const) : []),
        [
            "region",
            `${region.name} (${region.from})${region.name === stackRegion ? "" : `; the stack's is ${stackRegion}`}`,
        ],
    ]);
}

export function identityInWords({ account, arn }: CallerIdentity, session?: Session): string {
    return linesOf([
        ["account", `${account}, the stack's`],
        ["belong to", arn],
        ...(session ? ([["session", sessionInWords(session)]] as const) : []),
    ]);
}

function sessionInWords({ keys, expires }: Session): string {
    return `${keys.accessKeyId}, temporary, until ${expires.toISOString()}`;
}

export function summaryInWords({ trackingUri, storageType, artifactRoot, credentials, region }: Summary): string {
    return linesOf([
        ["tracking URI", trackingUri ?? "none"],
        ["storage type", storageType],
        ["artifact root", artifactRoot ?? "none"],
        ["credentials", credentials],
        ["region", region],
    ]);
}
