import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type LifecycleRule } from "@aws-sdk/client-s3";

import { grantsInWords, type Statement } from "../../services/grants";
import { type AwsResource } from "../../services/resources";
import { type CommandContext } from "../cli/command";
import { exitCodes, InfraError, Interrupted } from "../common/errors";
import { writeAtomically } from "../common/files";
import { lifecycleInWords } from "../verify/words";

/** What can be adopted, by kind: each part is a resource of the engine, under the type that it has there. */
export const partTypes = {
    bucket: {
        bucket: "aws:s3/bucket:Bucket",
        versioning: "aws:s3/bucketVersioning:BucketVersioning",
        encryption: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        publicAccessBlock: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        ownership: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        lifecycle: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        policy: "aws:s3/bucketPolicy:BucketPolicy",
    },
    user: { user: "aws:iam/user:User", policy: "aws:iam/userPolicy:UserPolicy" },
} as const;

export type Kind = keyof typeof partTypes;
export type BucketPart = keyof (typeof partTypes)["bucket"];
export type UserPart = keyof (typeof partTypes)["user"];
export type Part = BucketPart | UserPart;

/** The input of each type that says whose part it is. */
export function ownerOf(kind: Kind, part: Part, inputs: Readonly<Record<string, unknown>>): unknown {
    if (kind === "bucket") return inputs.bucket;
    return part === "user" ? inputs.name : inputs.user;
}

/** One setting of a part, in words. */
export interface Item {
    readonly name: string;
    readonly value: string;
}

/** The settings of each part that exists. */
export type Parts = ReadonlyMap<Part, readonly Item[]>;

/** A bucket or a user. */
export interface Target {
    readonly kind: Kind;
    /** Key of `adopt` in the service's settings. */
    readonly setting: string;
    /** Physical name. */
    readonly name: string;
}

/** How a target is called. */
export function called({ kind, name }: Pick<Target, "kind" | "name">): string {
    return `${kind} ${name}`;
}

type Inputs = Readonly<Record<string, unknown>>;

/** The settings that a part's resource declares, from its inputs. */
export function declaredItems(kind: Kind, part: Part, inputs: Inputs): Item[] {
    return kind === "bucket" ? bucketItems[part as keyof typeof bucketItems](inputs) : userItems[part](inputs);
}

const bucketItems = {
    bucket: ({ tags }: Inputs) => tagItems(tags),
    versioning: ({ versioningConfiguration }: Inputs) =>
        statusItems((versioningConfiguration as { status: string }).status),
    encryption: ({ rules }: Inputs) =>
        encryptionItems(
            (rules as EncryptionInputs[]).map(({ applyServerSideEncryptionByDefault: byDefault }) => ({
                algorithm: byDefault?.sseAlgorithm,
                key: byDefault?.kmsMasterKeyId,
            })),
        ),
    publicAccessBlock: (inputs: Inputs) => accessItems(capitalised(inputs) as Inputs),
    ownership: ({ rule }: Inputs) => ownershipItems([(rule as { objectOwnership: string }).objectOwnership]),
    lifecycle: ({ rules }: Inputs) => ruleItems(capitalised(rules) as LifecycleRule[]),
    policy: ({ policy }: Inputs) => statementItems(policy as string),
};

const userItems: Record<string, (inputs: Inputs) => Item[]> = {
    user: ({ path, tags }) => [...pathItems(path as string | undefined), ...tagItems(tags)],
    policy: ({ policy }) => statementItems(policy as string),
};

interface EncryptionInputs {
    readonly applyServerSideEncryptionByDefault?: { readonly sseAlgorithm: string; readonly kmsMasterKeyId?: string };
}

/** One item a tag. */
export function tagItems(tags: unknown): Item[] {
    return Object.entries((tags ?? {}) as Record<string, string>).map(([key, value]) => ({
        name: `tag ${key}`,
        value,
    }));
}

export function statusItems(status: string): Item[] {
    return [{ name: "status", value: status }];
}

export function encryptionItems(rules: readonly { readonly algorithm?: string; readonly key?: string }[]): Item[] {
    const words = rules.map(({ algorithm = "none", key }) => (key ? `${algorithm} with key ${key}` : algorithm));
    return [{ name: "algorithm", value: words.join(", ") }];
}

/** @param block by the names of S3's API */
export function accessItems(block: Inputs): Item[] {
    return ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"].map((name) => ({
        name,
        value: block[name] === true ? "on" : "off",
    }));
}

export function ownershipItems(rules: readonly (string | undefined)[]): Item[] {
    return [{ name: "object ownership", value: rules.join(", ") }];
}

/** One item a rule. */
export function ruleItems(rules: readonly LifecycleRule[]): Item[] {
    return rules.map((rule, index) => ({ name: `rule ${rule.ID ?? index + 1}`, value: lifecycleInWords([rule]) }));
}

/** One item a statement of a policy document. */
export function statementItems(document: string): Item[] {
    const { Statement: statements } = JSON.parse(document) as { Statement: Statement | Statement[] };
    return [statements].flat().map((statement, index) => ({
        name: `statement ${statement.Sid || index + 1}`,
        value: grantsInWords([statement]),
    }));
}

export function pathItems(path = "/"): Item[] {
    return [{ name: "path", value: path }];
}

/** The provider's names of S3's settings are S3's own with a small letter; what the engine notes beside them goes. */
export function capitalised(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(capitalised);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, part]) => {
            if (key.startsWith("__")) return [];
            return [[key === "id" ? "ID" : key[0].toUpperCase() + key.slice(1), capitalised(part)]];
        }),
    );
}

/** One step of a preview, as `pulumi preview --json` has it. */
export interface Step {
    readonly op: string;
    readonly urn: string;
    readonly newState?: StepState;
    readonly oldState?: StepState;
    readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

interface StepState {
    readonly type: string;
    readonly id?: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
}

export interface Preview {
    readonly steps: readonly Step[];
    /** Why it failed; none if it did not. */
    readonly errors: readonly Fault[];
}

export interface Fault {
    /** Name of the resource in the program; undefined where it is about the whole. */
    readonly resource?: string;
    readonly message: string;
}

/**
 * What the engine would do with a stack file in place of the stack's.
 *
 * @throws InfraError when it could not even begin
 */
export async function preview({ stack, host, interrupted }: CommandContext, file: string): Promise<Preview> {
    const { exitCode, stdout, stderr } = await host.pulumi(stack, ["preview", "--json", "--show-sames"], { file });
    if (interrupted.aborted) throw new Interrupted();
    const result = parsePreview(stdout);
    if (result && (exitCode === 0 || result.errors.length > 0)) return result;
    throw new InfraError(
        exitCodes.unreachable,
        `The preview of stack ${stack} failed: ${stderr.trim() || stdout.trim() || "it said nothing"}`,
        "Log in with `pulumi login` to where the stack's state is, with access to what encrypts its secrets.",
    );
}

/** Undefined where the text is no preview. */
export function parsePreview(text: string): Preview | undefined {
    let document: { steps?: Step[]; diagnostics?: { urn?: string; message: string; severity: string }[] };
    try {
        document = JSON.parse(text) as typeof document;
    } catch {
        return undefined;
    }
    const { steps = [], diagnostics = [] } = document;
    const errors = diagnostics
        .filter(({ severity }) => severity === "error")
        .map(({ urn, message }) => ({
            resource: urn && resourceName(urn),
            message: message.replace(/^error: /, "").trim(),
        }));
    // The last one says that there were others.
    const told = errors.filter(({ message }) => message !== "preview failed");
    return { steps, errors: told.length > 0 ? told : errors };
}

/** Steps after which something is no longer there, or is another one. */
export function destructive({ steps }: Preview): Step[] {
    return steps.filter(({ op }) => /delete|replace|discard/.test(op));
}

/** The name that a resource has in the program. */
export function resourceName(urn: string): string {
    return urn.split("::").at(-1)!;
}

/** Does something with a stack file that is tried; the stack's own stays as it is, whatever happens. */
export async function trial<T>(text: string, work: (file: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), "infra-trial-"));
    try {
        const file = join(folder, "stack.yaml");
        writeAtomically(file, text);
        return await work(file);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/** A bucket or a user that a service declares. */
export interface Declared extends Target {
    /** The settings of every part. */
    readonly parts: Parts;
    /** The parts that the stack does not have yet. */
    readonly missing: ReadonlyMap<Part, MissingPart>;
    /** The parts that the stack has. */
    readonly managed: readonly Part[];
    /** Access keys of a user: ids of those that the stack has, and how many it has and makes in all. */
    readonly keys: { readonly ids: readonly string[]; readonly count: number };
}

/** A resource that an update would create. */
export interface MissingPart {
    readonly urn: string;
    readonly inputs: Readonly<Record<string, unknown>>;
}

/** Something of a service that an update would create and that cannot be adopted. */
export interface Creation {
    readonly type: string;
    readonly name: string;
}

const accessKeyType = "aws:iam/accessKey:AccessKey";

/** What of a service can be adopted, as a preview declares it: of a stack file that adopts nothing of it. */
export function declaredTargets(preview: Preview, resources: readonly AwsResource[]): Declared[] {
    return resources.flatMap(({ kind, name, adopt: setting }) =>
        setting === undefined ? [] : declaredTarget({ kind, setting, name }, preview),
    );
}

function declaredTarget(target: Target, { steps }: Preview): Declared {
    const parts = new Map<Part, readonly Item[]>();
    const missing = new Map<Part, MissingPart>();
    const managed: Part[] = [];
    for (const [name, type] of Object.entries(partTypes[target.kind])) {
        const part = name as Part;
        const step = steps.find(
            (candidate) =>
                stays(candidate) &&
                candidate.newState?.type === type &&
                ownerOf(target.kind, part, candidate.newState.inputs ?? {}) === target.name,
        );
        const inputs = step?.newState?.inputs;
        if (!step || !inputs) continue;
        parts.set(part, declaredItems(target.kind, part, inputs));
        if (step.op === "create") missing.set(part, { urn: step.urn, inputs });
        else managed.push(part);
    }
    const keys = steps.filter(
        (step) => stays(step) && step.newState?.type === accessKeyType && step.newState.inputs?.user === target.name,
    );
    const ids = keys.flatMap(({ oldState }) => oldState?.id ?? []);
    return { ...target, parts, missing, managed, keys: { ids, count: keys.length } };
}

/** What an update would create under one of these names. */
export function creations({ steps }: Preview, names: readonly string[]): Creation[] {
    return steps.flatMap(({ op, newState }) => {
        const name = newState?.inputs?.name;
        const known = op === "create" && typeof name === "string" && names.includes(name);
        return known ? [{ type: newState!.type, name }] : [];
    });
}

function stays({ op }: Step): boolean {
    return !/delete|discard/.test(op);
}
