import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import * as aws from "@pulumi/aws";
import * as vault from "@pulumi/vault";
import execa from "execa";
import ts from "typescript";

import { findPart, keptPart } from "../../local/part";
import { cacheDirectory, root } from "../../local/paths";
import { providers } from "../../local/providers";

const packages = { aws, vault };

/** What npm and the plugins are known not to agree on; the program uses none of it. */
const known = [
    // Newer than the commit of HashiCorp's provider that the plugin is built from.
    "aws:cloudwatch/metricAlarm:MetricAlarm warmUpConfiguration: optional object in npm, not in the plugin",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation policy: optional string in npm, not in the plugin",
    "aws:lambda/function:Function useResourceTimeoutForPropagation: optional boolean in npm, not in the plugin",
    // npm declares once what is nested in a bucket, where it is deprecated, and in the type that took its place.
    "aws:s3/bucket:Bucket objectLockConfiguration.rule.defaultRetention.mode: optional string in npm, required string in the plugin",
    "aws:s3/bucket:Bucket serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault: optional object in npm, required object in the plugin",
    "aws:s3/bucket:Bucket serverSideEncryptionConfiguration.rule.blockedEncryptionTypes: optional list of string in npm, not in the plugin",
];

/** A value or a property in words, and the properties of the objects in it. */
interface Value {
    readonly text: string;
    readonly properties?: Properties;
}
type Properties = ReadonlyMap<string, Value>;

/** What every resource and every answer has, be it declared or not. */
const id: [string, Value] = ["id", { text: "output string" }];

const worded = (words: string, value: Value): Value => ({ ...value, text: `${words} ${value.text}` });

/** What a plugin prints of itself: HashiCorp's schemas, and which of them are mapped. */
interface PluginInfo {
    readonly provider: Record<"resources" | "dataSources", Record<string, Schemas>>;
    readonly resources: Mapped;
    readonly dataSources?: Mapped;
}
type Mapped = Record<string, { readonly tok: string; readonly fields: Record<string, Override> }>;
type Schemas = Record<string, Schema>;
interface Schema {
    readonly type: number;
    readonly optional?: boolean;
    readonly required?: boolean;
    readonly maxItems?: number;
    readonly element?: { readonly schema?: Schema; readonly resource?: Schemas };
}
interface Override {
    readonly name?: string;
    readonly asset?: object;
    readonly maxItemsOne?: boolean;
    readonly default?: object;
    readonly element?: { readonly fields?: Record<string, Override> };
}

// The bridge's numbers; 5 and 7 are a list and a set.
const scalars: Readonly<Record<number, string>> = { 1: "boolean", 2: "number", 3: "number", 4: "string" };
const map = 6;

/** The properties that Pulumi's bridge makes of HashiCorp's. */
function bridged(schemas: Schemas, overrides: Record<string, Override> = {}, nested = false): Properties {
    const properties = new Map<string, Value>(nested ? [] : [id]);
    for (const [name, schema] of Object.entries(schemas)) {
        const override = overrides[name];
        // MarkAsComputedOnly is not printed: an override with nothing in it is left.
        const computedOnly = Object.keys(override ?? {}).join() === "typeomitempty";
        const output = !nested && (computedOnly || !(schema.optional || schema.required));
        const use = output ? "output" : schema.required && !override?.default ? "required" : "optional";
        const value = bridgedValue(schema, override);
        properties.set(override?.name ?? pulumiName(name, value), worded(use, value));
    }
    return properties;
}

function bridgedValue({ type, element, maxItems }: Schema, override?: Override): Value {
    // What HashiCorp reads from a file; of Pulumi's kinds the types have archives only.
    if (override?.asset) return { text: "pulumi.asset.Archive" };
    if (type in scalars) return { text: scalars[type] };
    const object = () => bridged(element?.resource ?? {}, override?.element?.fields, true);
    const inner = element?.schema ? bridgedValue(element.schema) : { text: "object", properties: object() };
    // A map that says nothing of its values has strings; one of named values is an object.
    if (type === map) return element?.resource ? inner : worded("map of", element ? inner : { text: "string" });
    return (override?.maxItemsOne ?? maxItems === 1) ? inner : worded("list of", inner);
}

function pulumiName(name: string, { text }: Value): string {
    // The bridge's rules for plurals, as far as the names need them.
    const plural = text.startsWith("list")
        ? name
              .replace(/([^aeiou])y$/, "$1ie")
              .replace(/x$/, "xe")
              .replace(/s?$/, "s")
        : name;
    return plural.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Reads an npm package's declarations: the properties of a resource or a function. */
function declarations(folder: string): (token: string) => Properties {
    const parse = (path: string) => {
        const text = readFileSync(join(folder, `${path}.d.ts`), "utf8");
        return new Map(interfaces(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true).statements));
    };
    const inputs = parse("types/input");
    const propertiesOf = (declared?: ts.InterfaceDeclaration, use?: string): [string, Value][] =>
        [...(declared?.members ?? [])].filter(ts.isPropertySignature).map(({ name, type, questionToken }) => {
            return [name.getText(), worded(use ?? (questionToken ? "optional" : "required"), valueOf(type!))];
        });
    const valueOf = (type: ts.TypeNode): Value => {
        if (ts.isArrayTypeNode(type)) return worded("list of", valueOf(type.elementType));
        if (ts.isTypeLiteralNode(type)) {
            return worded("map of", valueOf(type.members.filter(ts.isIndexSignatureDeclaration)[0].type));
        }
        // Beside a string: a resource, a policy or an enumeration that is turned into one.
        if (ts.isUnionTypeNode(type)) return valueOf(type.types.find((t) => t.getText() === "string") ?? type.types[0]);
        if (!ts.isTypeReferenceNode(type)) return { text: type.getText() };
        const name = type.typeName.getText();
        if (name === "pulumi.Input") return valueOf(type.typeArguments![0]);
        const nested = inputs.get(name.replace(/^inputs\./, ""));
        return nested ? { text: "object", properties: new Map(propertiesOf(nested)) } : { text: name };
    };
    return (token) => {
        const [, path, type] = token.split(":");
        const declared = parse(path.replace(/^index\//, ""));
        const name = type.replace(/^./, (letter) => letter.toUpperCase());
        const named = (suffix: string, use?: string) => propertiesOf(declared.get(name + suffix), use);
        // What can be set is an input first of all.
        return new Map([id, ...named("State", "output"), ...named("Result", "output"), ...named("Args")]);
    };
}

/** The interfaces of a file by their names, those in namespaces too. */
function interfaces(statements: readonly ts.Statement[], namespace = ""): [string, ts.InterfaceDeclaration][] {
    return statements.flatMap((statement) => {
        if (ts.isInterfaceDeclaration(statement)) return [[`${namespace}${statement.name.text}`, statement]];
        if (!ts.isModuleDeclaration(statement)) return [];
        return interfaces((statement.body as ts.ModuleBlock).statements, `${statement.name.text}.`);
    });
}

function differences(where: string, npm: Properties, plugin: Properties): string[] {
    return [...new Set([...npm.keys(), ...plugin.keys()])].sort().flatMap((name) => {
        const [declared, made] = [npm.get(name), plugin.get(name)];
        if (declared?.text !== made?.text) {
            return [`${where}${name}: ${declared?.text ?? "not"} in npm, ${made?.text ?? "not"} in the plugin`];
        }
        return differences(`${where}${name}.`, declared?.properties ?? new Map(), made?.properties ?? new Map());
    });
}

/** The tokens of the types and functions of a package that the program's text names. */
function used(name: keyof typeof packages): Set<string> {
    const sources = ["bootstrap", "components", "stacks"].flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
            .filter((file) => file.endsWith(".ts"))
            .map((file) => readFileSync(join(root, folder, file), "utf8")),
    );
    const calls = new RegExp(`(?<![\\w.])(?:new ${name}\\.([\\w.]+)|${name}\\.((?:\\w+\\s*\\.)*get\\w+))\\(`, "g");
    const tokens = [...sources.join("\n").matchAll(calls)].map(([, type, called]) => {
        const path = (type ?? called).split(/\s*\./);
        const member = path.reduce((at: unknown, key) => (at as Record<string, unknown>)[key], packages[name]);
        // A function has its token in its text only.
        return type ? (member as { __pulumiType: string }).__pulumiType : /"(\w+:[\w/]+:\w+)"/.exec(String(member))![1];
    });
    // A provider's own type is its package's name.
    return new Set(tokens.filter((token) => token !== name));
}

for (const name of ["aws", "vault"] as const) {
    describe(`the provider plugin that is built for ${name}`, () => {
        let info: PluginInfo;
        before(async function () {
            // A build takes minutes where no build was before.
            this.timeout(30 * 60_000);
            const [part, cache] = [providers[name], cacheDirectory()];
            const places = { cache, env: process.env, unreachable: new Set<string>() };
            // Vault's is built for a local cluster only, and not for this.
            const found = name === "aws" ? await findPart(part, places) : keptPart(part, cache);
            // Pulumi's own plugin has no mapping of ours.
            if (!found?.origin.startsWith(part.builtFrom!)) this.skip();
            info = JSON.parse((await execa(found.path, ["-get-provider-info"])).stdout) as PluginInfo;
        });

        it("maps what the program uses, and no more", () => {
            const mappings = [info.resources, info.dataSources ?? {}].flatMap((kind) => Object.values(kind));
            const [mapped, wanted] = [new Set(mappings.map(({ tok }) => tok)), used(name)];
            const missing = [...wanted].filter((token) => !mapped.has(token));
            const unused = [...mapped].filter((token) => !wanted.has(token));
            assert.deepEqual({ missing, unused }, { missing: [], unused: [] });
        });

        it("has the properties that npm declares, but for what is known", () => {
            const declared = declarations(join(root, "node_modules/@pulumi", name));
            const found = (["resources", "dataSources"] as const).flatMap((kind) =>
                Object.entries(info[kind] ?? {}).flatMap(([type, { tok, fields }]) =>
                    differences(`${tok} `, declared(tok), bridged(info.provider[kind][type], fields)),
                ),
            );
            const expected = known.filter((line) => line.startsWith(`${name}:`));
            assert.deepEqual(found, expected);
        });
    });
}
