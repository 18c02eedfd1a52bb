import { z } from "zod";

import { imageFault } from "../components/ecs-task-role/task";
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
export const imageByDigest = z.string().superRefine(without(imageFault));

/** Which generations of an access key exist, and which one is published; see ScopedIdentity. `infra rotate` changes it. */
export const accessKeys = z
    .strictObject({
        revision: z.number(),
        generations: z.array(z.number()),
        published: z.number(),
        retiring: z.strictObject({ generation: z.number(), inactive: z.boolean() }).optional(),
        since: z.iso.datetime().optional(),
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
    .default({ revision: 1, generations: [1], published: 1 });

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
export const adoptBucket = z.array(z.enum(bucketParts)).default([]);
export const adoptUser = z.array(z.enum(["user", "policy"])).default([]);
export const adopt = z.strictObject({ bucket: adoptBucket, user: adoptUser }).prefault({});
