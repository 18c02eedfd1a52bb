import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";

import { parseAllDocuments } from "yaml";

import { externalSecretsCrds } from "../../local/cluster/install";
import { parts } from "../../local/cluster/parts";
import { cachedFolder } from "../../local/files";
import { moduleSource } from "../../local/go-build";
import { cacheDirectory } from "../../local/paths";
import { versions } from "../../local/versions";

interface Schema {
    readonly [key: string]: unknown;
}

/**
 * Writes a JSON schema for every kind of Kubernetes and of External Secrets, each at the version of the local cluster,
 * and returns where kubeconform finds them. They are made of the two projects' own definitions: kubeconform by itself
 * would fetch somebody's copies at every run.
 */
export async function writeSchemas(folder: string): Promise<string> {
    mkdirSync(folder, { recursive: true });
    const { definitions } = JSON.parse(readFileSync(await openApi(), "utf8")) as {
        definitions: Record<string, Schema>;
    };
    writeFileSync(join(folder, "definitions.json"), JSON.stringify({ definitions: strict(definitions) }));
    for (const [name, definition] of Object.entries(definitions)) {
        const kinds = definition["x-kubernetes-group-version-kind"] as {
            group: string;
            version: string;
            kind: string;
        }[];
        const schema = { $ref: `definitions.json#/definitions/${name}` };
        for (const kind of kinds ?? []) writeSchema(folder, kind, schema);
    }
    const crds = readFileSync(await externalSecretsCrds(cacheDirectory(), process.env), "utf8");
    for (const { spec } of parseAllDocuments(crds).map((document) => document.toJS() as CustomResource)) {
        for (const { name: version, schema } of spec.versions) {
            writeSchema(folder, { group: spec.group, version, kind: spec.names.kind }, strict(schema.openAPIV3Schema));
        }
    }
    return join(folder, "{{.ResourceKind}}{{.KindSuffix}}.json");
}

interface CustomResource {
    readonly spec: {
        readonly group: string;
        readonly names: { readonly kind: string };
        readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
    };
}

/** Under the name that kubeconform looks for: of a group, its first word. */
function writeSchema(
    folder: string,
    { group, version, kind }: Record<"group" | "version" | "kind", string>,
    schema: Schema,
) {
    const suffix = [group.split(".")[0], version].filter(Boolean).join("-");
    writeFileSync(join(folder, `${kind}-${suffix}.json`.toLowerCase()), JSON.stringify(schema));
}

/** What only OpenAPI knows in the words of JSON Schema, and no property beyond those that are named. */
function strict<T>(schema: T): T {
    if (Array.isArray(schema)) return schema.map(strict) as T;
    if (typeof schema !== "object" || schema === null) return schema;
    const { type, format, ...rest } = schema as Schema;
    const given = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, strict(value)]));
    const intOrString = format === "int-or-string" || rest["x-kubernetes-int-or-string"] === true;
    const names = typeof rest.properties === "object" && (type === "object" || type === undefined);
    // Of metadata a custom resource says nothing at all.
    const closed = names && rest.additionalProperties === undefined && !rest["x-kubernetes-preserve-unknown-fields"];
    return {
        ...given,
        ...(intOrString ? { type: ["integer", "string"] } : type === undefined ? {} : { type }),
        ...(format === undefined || intOrString ? {} : { format }),
        ...(closed ? { additionalProperties: false } : {}),
    } as T;
}

/** The definitions that the API server of the local cluster is built with. */
async function openApi(): Promise<string> {
    const file = "swagger.json";
    const folder = await cachedFolder(
        join(cacheDirectory(), `kubernetes-openapi-${versions.kubernetes}`),
        async (target) => {
            await mkdir(target, { recursive: true });
            const source = await moduleSource(parts.apiserver.build.module, "k8s.io/kubernetes");
            await copyFile(join(source, "api", "openapi-spec", file), join(target, file));
        },
    );
    return join(folder, file);
}
