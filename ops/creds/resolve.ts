import { type CredentialSet, type VariableSources } from "../../services/credential-sources";
import { type Keys } from "../aws/clients";
import { exitCodes, InfraError } from "../common/errors";
import {
    type CredentialInputs,
    type Found,
    linesInWords,
    loadVariables,
    theEnvironment,
    type Variables,
} from "./variables";

/** What an access key id looks like; a secret in its place mostly does not. */
export const accessKeyIdPattern = /^[A-Z0-9]{16,128}$/;

/** The credentials that a service would use, and why. */
export interface Resolution {
    /** Undefined where there are none. */
    readonly credentials?: FoundCredentials;
    readonly region: Region;
    /** In sentences. */
    readonly why: readonly string[];
    /** Variables of sets that come before, which the environment sets to nothing over the file's values. */
    readonly hidden: readonly string[];
    readonly variables: Variables;
}

export interface FoundCredentials {
    readonly keys: Keys;
    /** `the environment`, or the path of a file. */
    readonly place: string;
    readonly set: CredentialSet;
}

export interface Region {
    readonly name: string;
    /** The variable that says so, or who does where no variable is set. */
    readonly from: string;
}

/**
 * Which credentials a service uses; nothing but its arguments is looked at.
 *
 * @param stackRegion the region where neither a variable nor the service has one
 * @throws InfraError when a set is half-set, is put together from two places or holds what is no key, when a region is
 * none, or when the file that decides cannot be read
 */
export function resolveCredentials(
    sources: VariableSources,
    inputs: CredentialInputs,
    stackRegion: string,
): Resolution {
    const variables = loadVariables(sources, inputs);
    const region = regionOf(sources, variables, stackRegion);
    const why = [...variables.why, ...regionInWords(region, variables)];
    const hidden: string[] = [];
    for (const set of sources.sets) {
        const credentials = credentialsOf(set, variables);
        if (credentials) {
            why.push(`${set.prefix}* is set in ${credentials.place}.`);
            if (set.fallback) why.push("These are not the service's own: it falls back to them, having none.");
            return { credentials, region, why, hidden, variables };
        }
        const emptied = Object.values(variablesOf(set)).filter((name) => variables.hides(name));
        hidden.push(...emptied);
        why.push(
            emptied.length === 0
                ? `No ${set.prefix}* is set.`
                : `${emptied.join(", ")}: set to nothing in the environment, over the value in ${variables.file}.`,
        );
    }
    return { region, why, hidden, variables };
}

const parts = { accessKeyId: "ACCESS_KEY_ID", secretAccessKey: "SECRET_ACCESS_KEY", sessionToken: "SESSION_TOKEN" };

/** Names of the variables of a set. */
export function variablesOf({ prefix }: CredentialSet): Record<keyof typeof parts, string> {
    return {
        accessKeyId: `${prefix}${parts.accessKeyId}`,
        secretAccessKey: `${prefix}${parts.secretAccessKey}`,
        sessionToken: `${prefix}${parts.sessionToken}`,
    };
}

function credentialsOf(set: CredentialSet, variables: Variables): FoundCredentials | undefined {
    const { lookup } = variables;
    const names = variablesOf(set);
    const id = lookup(names.accessKeyId);
    const secret = lookup(names.secretAccessKey);
    const token = lookup(names.sessionToken);
    const given = [
        [names.accessKeyId, id],
        [names.secretAccessKey, secret],
        [names.sessionToken, token],
    ].filter((entry): entry is [string, Found] => ((entry[1] as Found | undefined)?.value ? true : false));
    if (given.length === 0) return undefined;
    if (!id?.value) throw halfSet(given, names.accessKeyId, id, variables);
    if (!secret?.value) throw halfSet(given, names.secretAccessKey, secret, variables);
    refuseMixed(given);
    refuseWrong(names.accessKeyId, id, accessKeyIdPattern);
    refuseWrong(names.secretAccessKey, secret, keyCharacters);
    if (token?.value) refuseWrong(names.sessionToken, token, keyCharacters);
    const keys = { accessKeyId: id.value, secretAccessKey: secret.value };
    const { place } = id;
    return { keys: token?.value ? { ...keys, sessionToken: token.value } : keys, place, set };
}

/** What AWS makes is Base64 or less; a quote or a space comes from a file that was not written as meant. */
const keyCharacters = /^[^\s"'`\p{C}]+$/u;

function halfSet(
    given: readonly [string, Found][],
    missing: string,
    found: Found | undefined,
    { file, unread }: Variables,
): InfraError {
    const [[name, { place }]] = given;
    const unset = `Set ${missing} beside it, or remove ${name}.`;
    return new InfraError(
        exitCodes.failed,
        `Half a set of credentials: ${name} is set in ${place}, ` +
            (found ? `${missing} is set to nothing in ${found.place}.` : `${missing} is not set.`),
        found?.place === theEnvironment
            ? `Unset ${missing}, so that a file can say it, or set it.`
            : unread.length === 0
              ? unset
              : `${unset} Of ${file}, ${linesInWords(unread)} set nothing: is a quote not closed?`,
    );
}

/** Half a set of somebody's environment and half a set of a file's are nobody's credentials. */
function refuseMixed(given: readonly [string, Found][]): void {
    const [[first, { place }]] = given;
    const other = given.find(([, found]) => found.place !== place);
    if (!other) return;
    const inEnvironment = given.filter(([, found]) => found.place === theEnvironment).map(([name]) => name);
    throw new InfraError(
        exitCodes.failed,
        `Credentials from two places: ${first} is set in ${place}, ${other[0]} in ${other[1].place}. ` +
            "A set is never mixed.",
        `Unset in the environment: ${inEnvironment.join(", ")}; or set all of the set there.`,
    );
}

function refuseWrong(name: string, { value, place }: Found, expected: RegExp): void {
    if (expected.test(value)) return;
    throw new InfraError(
        exitCodes.failed,
        `${name} in ${place} holds what is no key: ${faultOf(value)}.`,
        "Write it again, on one line, without spaces around it.",
    );
}

/** What is wrong with a value that is never shown. */
function faultOf(value: string): string {
    if (/\s/.test(value)) return "it has white space";
    if (/["'`]/.test(value)) return "it has a quote; one may be missing at its other end";
    if (/\p{C}/u.test(value)) return "it has a control character";
    return value.length < 16 ? "it is too short" : "it has other characters than letters and digits, or is too long";
}

function regionOf(sources: VariableSources, { lookup }: Variables, stackRegion: string): Region {
    for (const name of sources.region) {
        const found = lookup(name);
        if (!found?.value) continue;
        if (/^[a-z]{2}(-[a-z]+)+-\d$/.test(found.value)) {
            return { name: found.value, from: `${name} in ${found.place}` };
        }
        throw new InfraError(
            exitCodes.failed,
            `${name} in ${found.place} holds what is no AWS region.`,
            "Expected a region such as us-east-1.",
        );
    }
    return sources.defaultRegion === undefined
        ? { name: stackRegion, from: "the stack, since no variable says one" }
        : { name: sources.defaultRegion, from: "the service's default, since no variable says one" };
}

/** What libraries would disagree about: boto3 reads AWS_DEFAULT_REGION alone, others AWS_REGION before it. */
function regionInWords({ name }: Region, { lookup }: Variables): readonly string[] {
    const other = lookup("AWS_REGION");
    if (!other?.value || (other.value === name && lookup("AWS_DEFAULT_REGION")?.value)) return [];
    return other.value === name
        ? [`AWS_REGION is set in ${other.place}, which boto3 does not read: set AWS_DEFAULT_REGION=${name} there.`]
        : [`AWS_REGION in ${other.place} is another region, which most libraries but boto3 take: make them the same.`];
}
