import { type VariableSources } from "../../services/credential-sources";
import { printable } from "../common/output";
import { type Session } from "../aws/sessions";
import { type CallerIdentity } from "./identity";
import { type Resolution } from "./resolve";
import { type Found } from "./variables";

/** The configuration of a tracking server's client (D4), free of secrets. */
export interface Summary {
    /** Null for none. */
    readonly trackingUri: string | null;
    readonly storageType: "S3 (Remote)" | "Local";
    /** Null for none. */
    readonly artifactRoot: string | null;
    /** `project-specific (MLFLOW_AWS_*)`, `global (AWS_*)` or `none`. */
    readonly credentials: string;
    readonly region: string;
}

export function summaryOf(
    tracking: NonNullable<VariableSources["tracking"]>,
    { credentials, region, variables }: Resolution,
): Summary {
    const shown = (name: string) => withoutSecrets(variables.lookup(name));
    const isRemote = /^s3:\/\//i.test(variables.lookup(tracking.artifactRoot)?.value ?? "");
    return {
        trackingUri: shown(tracking.uri),
        storageType: isRemote ? "S3 (Remote)" : "Local",
        artifactRoot: shown(tracking.artifactRoot),
        credentials: credentials?.set.label ?? "none",
        region: region.name,
    };
}

/**
 * An address as it may be shown. It may have a password before the host, also where the scheme was forgotten, or behind
 * a question mark, a `#` or a `;`; where only its beginning was read, what looks like a port may be the beginning of one;
 * and what another variable put into it may be a secret, so its name is shown.
 */
function withoutSecrets(found: Found | undefined): string | null {
    if (!found?.value) return null;
    const { written, comment = "" } = found;
    const [, scheme = "", user = "", address, rest] =
        /^([a-z][a-z0-9+.-]*:\/\/)?(.*@)?([^?#]*)(.*)$/is.exec(written) ?? [];
    const mayBeCut = comment.includes("@") || (comment !== "" && /:\d+$/.test(address));
    const isPlain = (scheme + user === "" ? plainPath : plainAddress).test(address.replace(/\$\{\w+\}/g, "x"));
    if (mayBeCut || !isPlain) return `${scheme}***`;
    return `${scheme}${user && "***@"}${address}${rest && `${rest[0]}***`}`;
}

const plainPath = /^[\w./-]*$/;

/** A host, or none, with a port or none, and a path. */
const plainAddress = /^([\w.-]*|\[[0-9a-f:.]+\])(:\d{1,5})?(\/[\w./-]*)?$/i;

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

/** Whose credentials were found, and what was made of them. */
export interface Used {
    readonly identity: CallerIdentity;
    readonly session?: Session;
    /** Models that the session is narrowed to. */
    readonly models?: readonly string[];
}

export function identityInWords({ identity: { account, arn }, session, models }: Used): string {
    return linesOf([
        ["account", `${account}, the stack's`],
        ["belong to", arn],
        ...(session ? ([["session", sessionInWords(session)]] as const) : []),
        ...(models ? ([["invokes", `${models.join(", ")}, and nothing else`]] as const) : []),
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
