import { z } from "zod";

import { modelTiers } from "../../functions/bedrock-gate/core/tiers";
import { eachOnce } from "../settings";

const requests = z.int().min(1).max(1_000_000_000);

/** The gate in front of Bedrock: whoever calls a model calls it. */
export const gateSettings = z.strictObject({
    /** Of each caller. */
    requestsPerHour: requests,
    requestsPerDay: requests,
    /** For how long an answer is kept for the caller who asked for it; 0 keeps none. */
    cacheMinutes: z.int().min(0).max(1440).default(60),
    /** Which models may be called, by what a usual request costs. */
    tiers: z
        .array(z.enum(modelTiers))
        .min(1)
        .refine(eachOnce, "each tier once")
        .default([...modelTiers]),
    /** Whether callers without AWS keys are let in by keys of the gate's own, at a URL that anybody can reach. */
    keys: z.boolean().default(false),
    /** Instances that wait for signed requests while the gate is used, and minutes without use after which they end. */
    provisionedConcurrency: z
        .strictObject({ instances: z.int().min(1).max(1000), idleMinutes: z.int().min(1).max(1440) })
        .optional(),
    /** Whether tokens that Bedrock counts and the gate does not shut it off, besides the alarm. */
    bypassShutsOff: z.boolean().default(false),
});

export type GateSettings = z.infer<typeof gateSettings>;

/** What the stack exports of the keeper, which ends invocations with a gate and without. */
export const keeperOutputs = z.object({
    /** Of the table that is counted in. */
    tableName: z.string(),
    /** Of the function that shuts off and restores. */
    controlName: z.string(),
    /** Of the deny that its shut-off attaches. */
    brakePolicyArn: z.string(),
    /** Of the topic on which it, the gate and their alarms tell people. */
    topicArn: z.string(),
});

export type KeeperOutputs = Readonly<z.infer<typeof keeperOutputs>>;

/** What the stack exports of the gate. */
export const gateOutputs = z.object({
    /** Of the function, with a slash at its end. */
    url: z.string(),
    /** The URL for callers with a gate key, where there is one. */
    keysUrl: z.string().optional(),
    functionName: z.string(),
    roleName: z.string(),
    requestsPerHour: z.number(),
    requestsPerDay: z.number(),
    cacheMinutes: z.number(),
    /** How many instances wait for requests while it is used, where some do. */
    provisionedInstances: z.number().optional(),
});

export type GateOutputs = Readonly<z.infer<typeof gateOutputs>>;
