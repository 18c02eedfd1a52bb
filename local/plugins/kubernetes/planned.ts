// The outputs that a preview shows: the API server's own answer where it could be asked. Pure.

import { isRecord, UNKNOWN, type Properties, type Value } from "../wire";
import { isSecret, kindOf, metadataOf, type TypeToken } from "./identity";
import { outputsOf } from "./live";

/** Told by a dry run too, but other ones in earnest. */
const MADE_UP = ["uid", "resourceVersion", "creationTimestamp", "generation"];

export function plannedCreate(type: TypeToken, declared: Properties, live: Properties | undefined): Properties {
    const outputs = outputsOf(type, live ?? declared, declared, undefined);
    const metadata: Value =
        declared["metadata"] === UNKNOWN
            ? UNKNOWN
            : { ...metadataOf(outputs), ...Object.fromEntries(MADE_UP.map((key) => [key, UNKNOWN])) };
    return {
        ...outputs,
        ...withoutAddress(outputs),
        ...secretData(type, declared, live),
        metadata,
        status: UNKNOWN,
    };
}

export function plannedUpdate(
    type: TypeToken,
    declared: Properties,
    live: Properties | undefined,
    known: Properties,
): Properties {
    if (live === undefined) {
        const metadata: Value =
            declared["metadata"] === UNKNOWN
                ? UNKNOWN
                : { ...metadataOf(known), ...metadataOf(declared), resourceVersion: UNKNOWN, generation: UNKNOWN };
        // The fields that the API server has set beside the declared ones stay as they were.
        const spec: Properties = declared["spec"] === undefined ? {} : { spec: over(known["spec"], declared["spec"]) };
        return { ...known, ...declared, ...spec, ...secretData(type, declared, live), metadata };
    }
    const outputs = outputsOf(type, live, declared, undefined);
    return {
        ...known,
        ...outputs,
        metadata: { ...metadataOf(outputs), resourceVersion: UNKNOWN },
    };
}

function over(known: Value | undefined, declared: Value): Value {
    if (!isRecord(known) || !isRecord(declared)) {
        return declared;
    }
    const merged = Object.entries(declared).map(([key, value]) => [key, over(known[key], value)]);
    return { ...known, ...Object.fromEntries(merged) };
}

/** A dry run takes an address and gives it back. */
function withoutAddress(outputs: Properties): Properties {
    const { kind, spec } = outputs;
    return kind === "Service" && isRecord(spec) && spec["clusterIP"] !== "None"
        ? { spec: { ...spec, clusterIP: UNKNOWN, clusterIPs: UNKNOWN } }
        : {};
}

/** `stringData` becomes `data`, and a token is put into it later. */
function secretData(type: TypeToken, declared: Properties, live: Properties | undefined): Properties {
    if (!isSecret(kindOf(type, declared))) {
        return {};
    }
    const filledLater = declared["type"] === "kubernetes.io/service-account-token";
    const converted = live === undefined && declared["stringData"] !== undefined;
    const elsewhere = live === undefined && type.patch;
    return filledLater || converted || elsewhere ? { data: UNKNOWN } : {};
}
