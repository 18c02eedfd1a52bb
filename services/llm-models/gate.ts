import { z } from "zod";

import { modelTiers } from "../../functions/bedrock-gate/core/tiers";
import { eachOnce } from "../settings";

const requests = z.int().min(1).max(1_000_000_000);

/** The gate in front of Bedrock: whoever calls a model calls it. */
export const gateSettings = z.strictObject({
    requestsPerHour: requests.meta({
        unit: "requests an hour",
        description: "whole number from 1 to 1,000,000,000: how many requests each caller has in a clock hour, in UTC",
    }),
    requestsPerDay: requests.meta({ unit: "requests a day", description: "the same for a day, in UTC" }),
    cacheMinutes: z.int().min(0).max(1440).default(60).meta({
        unit: "minutes",
        description:
            "whole number from 0 to 1440: how long an answer is kept for the caller that asked for it; 0 keeps none",
    }),
    tiers: z
        .array(z.enum(modelTiers))
        .min(1)
        .refine(eachOnce, "each tier once")
        .default([...modelTiers])
        .meta({
            uniqueItems: true,
            description:
                "which models may be called, by what a usual request costs: `small` and `large`, at least one, each once",
        }),
    keys: z.boolean().default(false).meta({
        description: "whether callers without AWS keys are let in by gate keys, at a second URL that anybody can reach",
    }),
    provisionedConcurrency: z
        .strictObject({
            instances: z
                .int()
                .min(1)
                .max(1000)
                .meta({
                    absent: "none",
                    description:
                        "whole number from 1 to 1000: how many instances of the gate wait for signed requests while it is " +
                        "used, without a cold start; they are billed while they wait, and requests with gate keys do not " +
                        "reach them",
                }),
            idleMinutes: z
                .int()
                .min(1)
                .max(1440)
                .meta({
                    absent: "none",
                    unit: "minutes",
                    description:
                        "whole number from 1 to 1440: how long after the last request they wait at least; the keeper ends " +
                        "them within six minutes after that",
                }),
        })
        .optional(),
    bypassShutsOff: z.boolean().default(false).meta({
        description: "whether tokens that Bedrock counts and the gate does not shut it off; they alarm in any case",
    }),
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
