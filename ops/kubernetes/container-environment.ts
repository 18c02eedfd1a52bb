import {
    type V1ConfigMap,
    type V1Container,
    type V1EnvVar,
    type V1Pod,
    type V1Secret,
    type V1Service,
} from "@kubernetes/client-node";

/** The objects that a container's environment can come from, each of the pod's namespace by its name. */
export interface EnvironmentSources {
    readonly secrets: ReadonlyMap<string, V1Secret>;
    readonly configMaps: ReadonlyMap<string, V1ConfigMap>;
    /** The Services of the pod's namespace, and `kubernetes` of namespace `default`. */
    readonly services: readonly V1Service[];
}

export type Environment = Readonly<Record<string, string>>;

/** A variable that a kubelet could not set: the container would not start. */
export class Unresolved extends Error {}

/** Names of the Secrets and ConfigMaps that a container's environment is made of. */
export function sourcesOf({ env = [], envFrom = [] }: V1Container): { secrets: string[]; configMaps: string[] } {
    const named = (names: (string | undefined)[]) => [...new Set(names.filter((name) => name !== undefined))];
    return {
        secrets: named([
            ...envFrom.map(({ secretRef }) => secretRef?.name),
            ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
        ]),
        configMaps: named([
            ...envFrom.map(({ configMapRef }) => configMapRef?.name),
            ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
        ]),
    };
}

/**
 * The environment that a kubelet gives to a container, apart from what its image sets: Services first, then `envFrom`,
 * then `env`, each over what came before. `$(NAME)` in a value stands for a variable that is set already.
 *
 * @throws Unresolved where a source or a key is missing that is not optional
 */
export function resolveEnvironment(pod: V1Pod, container: V1Container, sources: EnvironmentSources): Environment {
    const services = serviceVariables(pod, sources.services);
    const set: Record<string, string> = {};
    for (const { prefix = "", secretRef, configMapRef } of container.envFrom ?? []) {
        if (configMapRef) Object.assign(set, prefixed(prefix, configMapData(configMapRef, sources)));
        if (secretRef) Object.assign(set, prefixed(prefix, secretData(secretRef, sources)));
    }
    for (const variable of container.env ?? []) {
        const value = valueOf(variable, pod, sources, { ...services, ...set });
        if (value !== undefined) set[variable.name] = value;
    }
    return { ...services, ...set };
}

interface SourceReference {
    readonly name?: string;
    readonly optional?: boolean;
}

function valueOf(
    { name, value = "", valueFrom }: V1EnvVar,
    pod: V1Pod,
    sources: EnvironmentSources,
    before: Environment,
): string | undefined {
    if (value !== "" || !valueFrom) return expand(value, before);
    const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
    if (secretKeyRef) return keyOf("Secret", secretKeyRef, secretData(secretKeyRef, sources));
    if (configMapKeyRef) return keyOf("ConfigMap", configMapKeyRef, configMapData(configMapKeyRef, sources));
    if (fieldRef) return fieldOf(fieldRef.fieldPath, pod);
    throw new Unresolved(`variable ${name}: ${Object.keys(valueFrom).join(", ")} is known to a kubelet only`);
}

function keyOf(
    kind: string,
    { name, key, optional }: SourceReference & { readonly key: string },
    data: Environment,
): string | undefined {
    if (Object.hasOwn(data, key) || optional) return data[key];
    throw new Unresolved(`${kind} ${name} has no key ${key}`);
}

function secretData(reference: SourceReference, { secrets }: EnvironmentSources): Environment {
    const { data = {} } = found("Secret", reference, secrets) ?? {};
    return Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
    );
}

function configMapData(reference: SourceReference, { configMaps }: EnvironmentSources): Environment {
    return found("ConfigMap", reference, configMaps)?.data ?? {};
}

function found<Source>(
    kind: string,
    { name = "", optional }: SourceReference,
    sources: ReadonlyMap<string, Source>,
): Source | undefined {
    const source = sources.get(name);
    if (source === undefined && !optional) throw new Unresolved(`${kind} ${name} is not there`);
    return source;
}

/** A key that is no name for a variable is left out. */
function prefixed(prefix: string, data: Environment): Environment {
    return Object.fromEntries(
        Object.entries(data)
            .map(([key, value]) => [`${prefix}${key}`, value])
            .filter(([name]) => /^[ -<>-~]+$/.test(name)),
    );
}

/** What is not set stays as it is written; `$$` is a dollar sign. */
function expand(value: string, before: Environment): string {
    return value.replace(/\$(?:\$|\(([^()]*)\))/g, (whole, name: string | undefined) => {
        if (name === undefined) return "$";
        return Object.hasOwn(before, name) ? before[name] : whole;
    });
}

function fieldOf(path: string, { metadata, spec, status }: V1Pod): string {
    const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
    if (entry) return metadata?.[entry[1] as "labels" | "annotations"]?.[entry[2]] ?? "";
    const fields: Readonly<Record<string, string | undefined>> = {
        "metadata.name": metadata?.name,
        "metadata.namespace": metadata?.namespace,
        "metadata.uid": metadata?.uid,
        "spec.nodeName": spec?.nodeName,
        "spec.serviceAccountName": spec?.serviceAccountName,
        "status.hostIP": status?.hostIP,
        "status.podIP": status?.podIP,
        "status.hostIPs": status?.hostIPs?.map(({ ip }) => ip).join(","),
        "status.podIPs": status?.podIPs?.map(({ ip }) => ip).join(","),
    };
    if (!Object.hasOwn(fields, path)) throw new Unresolved(`field ${path} is known to a kubelet only`);
    return fields[path] ?? "";
}

/** The address of each Service, under the names that Docker's links once had. */
function serviceVariables({ metadata, spec }: V1Pod, services: readonly V1Service[]): Environment {
    const linked = services.filter(({ metadata: service, spec: of }) => {
        if (!of?.clusterIP || of.clusterIP === "None") return false;
        const isApi = service?.name === "kubernetes" && service.namespace === "default";
        return isApi || (service?.namespace === metadata?.namespace && spec?.enableServiceLinks !== false);
    });
    return Object.assign({}, ...linked.map(linkVariables));
}

function linkVariables({ metadata, spec }: V1Service): Environment {
    const upper = (name: string) => name.toUpperCase().replaceAll("-", "_");
    const prefix = upper(metadata?.name ?? "");
    const host = spec?.clusterIP ?? "";
    // An address of IPv6 stands in brackets where a port follows.
    const inUrl = host.includes(":") ? `[${host}]` : host;
    const ports = spec?.ports ?? [];
    const set: Record<string, string> = { [`${prefix}_SERVICE_HOST`]: host };
    ports.forEach(({ name, port, protocol = "TCP" }, index) => {
        const url = `${protocol.toLowerCase()}://${inUrl}:${port}`;
        const of = `${prefix}_PORT_${port}_${protocol}`;
        if (index === 0) Object.assign(set, { [`${prefix}_SERVICE_PORT`]: String(port), [`${prefix}_PORT`]: url });
        if (name) set[`${prefix}_SERVICE_PORT_${upper(name)}`] = String(port);
        Object.assign(set, {
            [of]: url,
            [`${of}_PROTO`]: protocol.toLowerCase(),
            [`${of}_PORT`]: String(port),
            [`${of}_ADDR`]: host,
        });
    });
    return set;
}
