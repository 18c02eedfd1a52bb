// The inputs of an object that is imported, and who has set which of its fields. Pure.

import { isDeepStrictEqual } from "node:util";
import { isRecord, type Properties, type Value } from "../wire";
import { at, metadataOf, type TypeToken } from "./identity";
import { isEmpty, keep, without } from "./live";

/** Set by the API server or by controllers, never by a program. */
const SERVER_SET = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
];
const SERVER_ANNOTATIONS = ["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"];

/** The inputs of an imported object: what was applied to it; of one that was made otherwise, all that no server sets. */
export function inputsOfImported(type: TypeToken, live: Properties): Properties {
    const applied = managersOf(live).filter((manager) => manager.applies && (!type.patch || isOurs(manager)));
    const fields = applied.length === 0 ? undefined : applied.map(({ fields }) => fields);
    const body = without(live, ["metadata", "status"]);
    const own = fields === undefined ? body : ownedBy(fields, body);
    const metadata = metadataOf(live);
    const ownMetadata =
        fields === undefined
            ? withoutServerSet(metadata)
            : ownedBy(fields.map((one) => at(one, "f:metadata")).filter(isRecord), metadata);
    const { apiVersion, kind } = live;
    const { name, namespace } = metadata;
    return {
        ...own,
        ...given({ apiVersion, kind }),
        metadata: { ...ownMetadata, ...given({ name, namespace }) },
    };
}

export interface Manager {
    name: string;
    applies: boolean;
    /** As the API server writes them: `f:spec`, `k:{"name":"a"}`. */
    fields: Properties;
}

/** Whether a resource of some stack is behind a manager. */
export const isOurs = ({ name }: Manager): boolean => name.startsWith(MANAGER_PREFIX);

export const MANAGER_PREFIX = "pulumi-kubernetes-";

export function managersOf(live: Properties): Manager[] {
    const entries = metadataOf(live)["managedFields"];
    return (Array.isArray(entries) ? entries.filter(isRecord) : [])
        .filter(({ subresource }) => subresource === undefined)
        .map(({ manager, operation, fieldsV1 }) => ({
            name: String(manager),
            applies: operation === "Apply",
            fields: isRecord(fieldsV1) ? fieldsV1 : {},
        }));
}

/** What is left of an object when only the fields of these managers are kept. */
function ownedBy(fields: Properties[], value: Properties): Properties {
    const out: Properties = {};
    for (const [key, item] of Object.entries(value)) {
        const owned = fields.map((one) => one[`f:${key}`]).filter(isRecord);
        if (owned.length > 0) {
            out[key] = ownedValue(owned, item);
        }
    }
    return out;
}

function ownedValue(fields: Properties[], value: Value): Value {
    const within = fields.flatMap((one) => Object.keys(one)).filter((key) => key !== ".");
    if (within.length === 0) {
        return value;
    }
    if (isRecord(value)) {
        return ownedBy(fields, value);
    }
    return Array.isArray(value)
        ? value.flatMap((item) => {
              const owned = fields.flatMap((one) => entriesFor(one, item));
              return owned.length === 0 ? [] : [ownedValue(owned, item)];
          })
        : value;
}

function entriesFor(fields: Properties, item: Value): Properties[] {
    return Object.entries(fields)
        .filter(([key]) => matches(key, item))
        .map(([, value]) => (isRecord(value) ? value : {}));
}

function matches(key: string, item: Value): boolean {
    const expected: unknown = /^[kv]:/.test(key) ? JSON.parse(key.slice(2)) : undefined;
    if (key.startsWith("v:")) {
        return isDeepStrictEqual(expected, item);
    }
    return (
        isRecord(expected) &&
        isRecord(item) &&
        Object.entries(expected).every(([name, value]) => isDeepStrictEqual(item[name], value))
    );
}

function withoutServerSet(metadata: Properties): Properties {
    const rest = without(metadata, SERVER_SET);
    if (!isRecord(rest["annotations"])) {
        return rest;
    }
    const annotations = without(rest["annotations"], SERVER_ANNOTATIONS);
    return isEmpty(annotations) ? without(rest, ["annotations"]) : { ...rest, annotations };
}

function given(values: Record<string, Value | undefined>): Properties {
    const out: Properties = {};
    for (const [key, value] of Object.entries(values)) {
        keep(out, key, value);
    }
    return out;
}
