// What an object must be like before anything is asked of the API server, and the name of one that has none. Pure.

import { createHash, randomBytes } from "node:crypto";
import { withoutDefaultsKey, type Checked } from "../check";
import type { NameRequest } from "../names";
import { isRecord, UNKNOWN, type Properties, type Value } from "../wire";
import { annotation, isSecret, kindOf, metadataOf, type TypeToken } from "./identity";
import { parseWaitFor, WAIT_FOR } from "./waits/wait-for";

export const AUTONAMED = "pulumi.com/autonamed";
const RANDOM_LENGTH = 8;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

export function check(type: TypeToken, news: Properties, olds: Properties | undefined, request: NameRequest): Checked {
    const given = withoutNulls(withoutDefaultsKey(news)) as Properties;
    const faults = faultsOf(type, given);
    const named = faults.length === 0 ? withName(type, given, olds, request) : given;
    if (typeof named === "string") {
        return { inputs: given, faults: [named] };
    }
    return { inputs: named, faults, secrets: secretFields(type, named) };
}

/** Secret whatever the program says. */
export function secretFields(type: TypeToken, values: Properties): string[] {
    return isSecret(kindOf(type, values)) ? ["data", "stringData"] : [];
}

export function isAutonamed(values: Properties): boolean {
    return annotation(values, AUTONAMED) === "true";
}

function faultsOf(type: TypeToken, given: Properties): string[] {
    const { metadata } = given;
    const faults = ["apiVersion", "kind"]
        .filter((key) => given[key] !== undefined && given[key] !== UNKNOWN && typeof given[key] !== "string")
        .map((key) => `${key} must be text.`);
    if (metadata !== undefined && metadata !== UNKNOWN && !isRecord(metadata)) {
        faults.push("metadata must be an object.");
    }
    if (metadataOf(given)["generateName"] !== undefined) {
        faults.push("The stand-in plugin does not know metadata.generateName; the official kubernetes plugin does.");
    }
    if (type.patch && metadata !== UNKNOWN && metadataOf(given)["name"] === undefined) {
        faults.push("metadata.name is required: a patch changes an object that is there already.");
    }
    const waitFor = annotation(given, WAIT_FOR);
    const parsed = waitFor === undefined ? [] : parseWaitFor(waitFor);
    if ("fault" in parsed) {
        faults.push(`The annotation ${WAIT_FOR} cannot be used: ${parsed.fault}`);
    }
    return faults;
}

/** The inputs with a name in them, or why there can be none. */
function withName(
    type: TypeToken,
    given: Properties,
    olds: Properties | undefined,
    request: NameRequest,
): Properties | string {
    const metadata = metadataOf(given);
    if (type.patch || given["metadata"] === UNKNOWN || metadata["name"] !== undefined) {
        return given;
    }
    const kept = olds !== undefined && isAutonamed(olds) ? metadataOf(olds)["name"] : undefined;
    if (kept === undefined && request.wish?.mode === "disable") {
        return "metadata.name is required, since automatic naming is disabled.";
    }
    const annotations = metadata["annotations"];
    if (annotations === UNKNOWN) {
        return "metadata.annotations must be known before the name is made.";
    }
    return {
        ...given,
        metadata: {
            ...metadata,
            name: kept ?? makeName(request),
            annotations: { ...(isRecord(annotations) ? annotations : {}), [AUTONAMED]: "true" },
        },
    };
}

function makeName({ resourceName, urn, seed, wish }: NameRequest): string {
    if (wish !== undefined && wish.proposed !== "") {
        return wish.proposed;
    }
    const bytes = seed.length === 0 ? randomBytes(32) : createHash("sha256").update(seed).update(urn).digest();
    const random = [...bytes.subarray(0, RANDOM_LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
    return `${resourceName}-${random}`;
}

/** A null means "not given" to the API server too. */
function withoutNulls(value: Value): Value {
    if (Array.isArray(value)) {
        return value.filter((item) => item !== null).map(withoutNulls);
    }
    if (!isRecord(value)) {
        return value;
    }
    const given = Object.entries(value).filter(([, item]) => item !== null);
    return Object.fromEntries(given.map(([key, item]) => [key, withoutNulls(item)]));
}
