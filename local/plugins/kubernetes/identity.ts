// Which object a resource stands for: its kind by the type token, its name by the id. Pure.

import { Refusal } from "../errors";
import { isRecord, type Properties, type Value } from "../wire";

export interface Kind {
    apiVersion: string;
    kind: string;
}

export interface Identity extends Kind {
    /** Undefined for objects of the whole cluster. */
    namespace?: string;
    name: string;
}

export interface TypeToken extends Kind {
    /** Gives its fields to an object that is somebody else's. */
    patch: boolean;
}

/** Modules of the package whose types are no objects of the Kubernetes API. */
const NOT_OBJECTS = /^(helm\.sh|kustomize|yaml)(\/|$)/;
const PATCH = "Patch";

/** Undefined if the token is not one of an object; a kind of its own may end with "Patch" too, so the inputs decide. */
export function typeOf(token: string, declared: Properties = {}): TypeToken | undefined {
    const [pkg, module, name, ...rest] = token.split(":");
    if (pkg !== "kubernetes" || module === undefined || name === undefined || rest.length > 0) {
        return undefined;
    }
    if (NOT_OBJECTS.test(module) || !/^([^/]+\/)?v\d/.test(module)) {
        return undefined;
    }
    const apiVersion = module.replace(/^core\//, "");
    const patch = name.endsWith(PATCH) && declared["kind"] !== name;
    return { apiVersion, kind: patch ? name.slice(0, -PATCH.length) : name, patch };
}

/** What the inputs or the state say of the kind, else the token. */
export function kindOf(type: TypeToken, values: Properties): Kind {
    const { apiVersion, kind } = values;
    return {
        apiVersion: typeof apiVersion === "string" ? apiVersion : type.apiVersion,
        kind: typeof kind === "string" ? kind : type.kind,
    };
}

export function metadataOf(values: Properties): Properties {
    return isRecord(values["metadata"]) ? values["metadata"] : {};
}

export function annotation(values: Properties, key: string): string | undefined {
    const annotations = metadataOf(values)["annotations"];
    const value = isRecord(annotations) ? annotations[key] : undefined;
    return typeof value === "string" ? value : undefined;
}

export function textAt(values: Value | undefined, ...path: string[]): string | undefined {
    const value = at(values, ...path);
    return typeof value === "string" ? value : undefined;
}

export function numberAt(values: Value | undefined, ...path: string[]): number | undefined {
    const value = at(values, ...path);
    return typeof value === "number" ? value : undefined;
}

export function at(values: Value | undefined, ...path: string[]): Value | undefined {
    return path.reduce<Value | undefined>((value, key) => (isRecord(value) ? value[key] : undefined), values);
}

export function idOf({ namespace, name }: Identity): string {
    return namespace === undefined ? name : `${namespace}/${name}`;
}

export function parseId(id: string): { namespace?: string; name: string } {
    const [first = "", second, ...rest] = id.split("/");
    if (rest.length > 0 || first === "" || second === "") {
        throw new Refusal(`The id of a Kubernetes object is "namespace/name" or "name", not "${id}".`);
    }
    return second === undefined ? { name: first } : { namespace: first, name: second };
}

/** As people say it: `Secret clinical-ai/keys`. */
export function spell({ kind, ...identity }: Identity): string {
    return `${kind} ${idOf({ kind, ...identity })}`;
}

export function isKind({ apiVersion, kind }: Kind, wantedVersion: string, wantedKind: string): boolean {
    return apiVersion === wantedVersion && kind === wantedKind;
}

export const isSecret = (kind: Kind): boolean => isKind(kind, "v1", "Secret");
export const isConfigMap = (kind: Kind): boolean => isKind(kind, "v1", "ConfigMap");
