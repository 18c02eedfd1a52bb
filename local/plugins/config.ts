// The aws provider's settings. Every value arrives as text: endpoints and lists as JSON, booleans as "true". Pure.

import type { Tags } from "./tags";
import { isRecord, UNKNOWN, type Properties, type Value } from "./wire";

export interface AwsConfig {
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
    /** Service → URL. */
    endpoints: Record<string, string>;
    allowedAccountIds: string[];
    forbiddenAccountIds: string[];
    defaultTags: Tags;
    s3UsePathStyle: boolean;
    /** A file of certificates that are trusted instead of the system's. */
    caBundle?: string;
    insecure: boolean;
    maxAttempts?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that are taken as they are and have nothing to do here, since nothing that they skip is done. */
const WITHOUT_EFFECT = [
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
    "ec2MetadataServiceEndpoint",
    "ec2MetadataServiceEndpointMode",
    "userAgents",
    "version",
    "pluginDownloadURL",
    "__internal",
    "__defaults",
];
const KNOWN = [
    "region",
    "accessKey",
    "secretKey",
    "token",
    "profile",
    "endpoints",
    "allowedAccountIds",
    "forbiddenAccountIds",
    "defaultTags",
    "s3UsePathStyle",
    "customCaBundle",
    "insecure",
    "maxRetries",
    ...WITHOUT_EFFECT,
];

/** Settings that the engine must encrypt in its state, however they came. */
export const SECRET_SETTINGS = ["accessKey", "secretKey", "token"];

/** Settings that would change what is done and that the stand-in cannot honour. */
export function unknownSettings(args: Properties): string[] {
    return Object.keys(args)
        .filter((key) => !KNOWN.includes(key) && !isEmpty(args[key]))
        .map(
            (key) => `The stand-in plugin does not know the provider setting aws:${key}; the official aws plugin may.`,
        );
}

/** The settings, or every fault in them. */
export function parseConfig(args: Properties, env: Environment): { config: AwsConfig } | { faults: string[] } {
    const faults = unknownSettings(args);
    const read = reader(args, faults);
    const region = read.text("region") ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"];
    const credentials = credentialsFrom(read, env, faults);
    if (region === undefined || region === "") {
        faults.push("Missing region: set aws:region or the environment variable AWS_REGION.");
    }
    const caBundle = read.text("customCaBundle") ?? env["AWS_CA_BUNDLE"];
    const retries = read.text("maxRetries");
    const config = {
        endpoints: endpointsFrom(read.json("endpoints"), faults),
        allowedAccountIds: textsFrom("allowedAccountIds", read.json("allowedAccountIds"), faults),
        forbiddenAccountIds: textsFrom("forbiddenAccountIds", read.json("forbiddenAccountIds"), faults),
        defaultTags: defaultTagsFrom(read.json("defaultTags"), faults),
        s3UsePathStyle: read.text("s3UsePathStyle") === "true",
        insecure: read.text("insecure") === "true",
        ...(caBundle === undefined || caBundle === "" ? {} : { caBundle }),
        ...(retries === undefined || !(Number(retries) >= 1) ? {} : { maxAttempts: Number(retries) }),
    };
    return faults.length > 0 || region === undefined || credentials === undefined
        ? { faults }
        : { config: { ...config, region, credentials } };
}

interface Reader {
    text(key: string): string | undefined;
    json(key: string): Value | undefined;
}

function reader(args: Properties, faults: string[]): Reader {
    return {
        text: (key) => {
            const value = args[key];
            if (value === undefined || value === null || value === "" || value === UNKNOWN) {
                return undefined;
            }
            return typeof value === "object" ? JSON.stringify(value) : String(value);
        },
        json: (key) => {
            const value = args[key];
            if (value === UNKNOWN || value === "") {
                return undefined;
            }
            if (typeof value !== "string") {
                return value;
            }
            try {
                return JSON.parse(value) as Value;
            } catch {
                faults.push(`aws:${key} is not valid JSON.`);
                return undefined;
            }
        },
    };
}

function credentialsFrom(read: Reader, env: Environment, faults: string[]): AwsConfig["credentials"] | undefined {
    const accessKeyId = read.text("accessKey");
    const secretAccessKey = read.text("secretKey");
    if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
        faults.push("aws:accessKey and aws:secretKey must be given together.");
        return undefined;
    }
    if (accessKeyId !== undefined && secretAccessKey !== undefined) {
        return withToken(accessKeyId, secretAccessKey, read.text("token"));
    }
    if (read.text("profile") !== undefined) {
        faults.push(
            "The stand-in plugin reads no profile (aws:profile): give aws:accessKey and aws:secretKey, or use the official aws plugin.",
        );
        return undefined;
    }
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
    if (id === undefined || id === "" || secret === undefined || secret === "") {
        faults.push(
            "No AWS credentials: set aws:accessKey and aws:secretKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. " +
                "The stand-in plugin looks nowhere else.",
        );
        return undefined;
    }
    return withToken(id, secret, token);
}

function withToken(accessKeyId: string, secretAccessKey: string, token: string | undefined): AwsConfig["credentials"] {
    return token === undefined || token === ""
        ? { accessKeyId, secretAccessKey }
        : { accessKeyId, secretAccessKey, sessionToken: token };
}

/** A list of objects, each with URLs by service, as the provider's schema has it; empty entries count as absent. */
function endpointsFrom(value: Value | undefined, faults: string[]): Record<string, string> {
    const blocks = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
    const endpoints: Record<string, string> = {};
    for (const block of blocks) {
        if (!isRecord(block)) {
            faults.push("aws:endpoints must be a list of objects, each with a URL by service.");
            continue;
        }
        for (const [service, url] of Object.entries(block)) {
            if (typeof url === "string" && url !== "") {
                endpoints[service] = url;
            }
        }
    }
    return endpoints;
}

function textsFrom(key: string, value: Value | undefined, faults: string[]): string[] {
    if (value === undefined || value === null) {
        return [];
    }
    if (!Array.isArray(value)) {
        faults.push(`aws:${key} must be a list.`);
        return [];
    }
    return value.map(String);
}

function defaultTagsFrom(value: Value | undefined, faults: string[]): Tags {
    if (value === undefined || value === null) {
        return {};
    }
    const tags = isRecord(value) ? (value["tags"] ?? {}) : undefined;
    if (!isRecord(tags)) {
        faults.push('aws:defaultTags must be an object such as {"tags": {"team": "platform"}}.');
        return {};
    }
    return Object.fromEntries(Object.entries(tags).map(([key, item]) => [key, String(item)]));
}

function isEmpty(value: Value | undefined): boolean {
    return value === undefined || value === null || value === "" || value === "null" || value === "[]";
}
