import { z } from "zod";

import { imageFault, imagePattern } from "../components/ecs-task-role/task";
import { accessKeysFaults } from "../components/scoped-identity/access-keys";

/** What is expected of a setting, by its path in the section. */
export interface SettingFault {
    readonly path: readonly (string | number)[];
    readonly message: string;
}

/** Adds the fault that a pure function finds in a value: what is expected of it. */
export function without<Value>(fault: (value: Value) => string | undefined) {
    return (value: Value, context: z.core.$RefinementCtx<Value>) => {
        const message = fault(value);
        if (message) context.addIssue({ code: "custom", message });
    };
}

/**
 * Lets a check of several settings run as soon as these have their types, so that one message has every fault: Zod
 * would wait until no other setting of the section has one.
 */
export function having(types: z.ZodRawShape): z.core.$ZodSuperRefineParams {
    const schema = z.object(types);
    return { when: ({ value }) => schema.safeParse(value).success };
}

export function eachOnce(values: readonly string[]): boolean {
    return new Set(values).size === values.length;
}

export const percent = z.number().gt(0).max(100);
export const days = z.int().positive();
export const imageByDigest = z
    .string()
    .superRefine(without(imageFault))
    .meta({ pattern: imagePattern.source, description: "by digest: `<repository>@sha256:<64 hexadecimal digits>`" });

/** What `accessKeysFaults` says again, in words that fit together with the other settings. */
const count = { type: "integer", minimum: 1 } as const;

/** Which generations of an access key exist, and which one is published; see ScopedIdentity. `infra rotate` changes it. */
export const accessKeys = z
    .strictObject({
        revision: z.number().meta({
            ...count,
            description: "a whole number from 1, increased with every change of the two settings below",
        }),
        generations: z.array(z.number().meta(count)).meta({
            minItems: 1,
            maxItems: 2,
            uniqueItems: true,
            description: "one or two whole numbers from 1, ascending: the keys that exist (IAM allows a user two)",
        }),
        published: z
            .number()
            .meta({ ...count, description: "one of the generations: the key that the stack hands out" }),
        retiring: z
            .strictObject({ generation: z.number().meta(count), inactive: z.boolean() })
            .optional()
            .meta({
                oneRow: true,
                description:
                    "`generation`, the generation that is not published and will be removed; `inactive`, whether AWS " +
                    "already refuses it",
            }),
        since: z.iso.datetime().optional().meta({
            description:
                "when this revision was created, in UTC in the RFC 3339 format, in quotes: waits are counted from it",
        }),
    })
    .superRefine(
        (settings, context) => {
            for (const { property, got, expected } of accessKeysFaults(settings)) {
                // That a setting is missing has been said.
                if (got !== undefined) context.addIssue({ code: "custom", path: [property], message: expected });
            }
        },
        having({ generations: z.array(z.number()), published: z.number() }),
    )
    .default({ revision: 1, generations: [1], published: 1 })
    .meta({ description: "which access keys exist, and which one the stack hands out; `infra rotate` changes this" });

const bucketParts = [
    "bucket",
    "versioning",
    "encryption",
    "publicAccessBlock",
    "ownership",
    "lifecycle",
    "policy",
] as const;

/** What exists already and is imported instead of created, part by part; written by `infra adopt` or by hand. */
export const adoptBucket = z
    .array(z.enum(bucketParts))
    .default([])
    .meta({ description: `parts that exist: ${bucketParts.map((part) => `\`${part}\``).join(", ")}` });
export const adoptUser = z
    .array(z.enum(["user", "policy"]))
    .default([])
    .meta({
        description:
            "`user`, `policy` (the inline policy `<user>-policy`), if they exist; `clinical-ai` has a user in mode " +
            "`static` only",
    });
export const adoptMeta = { description: "what exists already and is imported; `infra adopt` writes this" };
export const adopt = z.strictObject({ bucket: adoptBucket, user: adoptUser }).prefault({}).meta(adoptMeta);
