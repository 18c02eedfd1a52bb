import { z } from "zod";

import { priceOverridesSchema } from "./prices";
import { modelTiers } from "./tiers";

const count = z.coerce.bigint().min(1n);

/** What a deployed keeper is told, as JSON in its environment. Amounts are integer micro-dollars, written as text. */
export const keeperSettings = z.strictObject({
    environment: z.string(),
    region: z.string(),
    /** Name of the table that is counted in. */
    table: z.string(),
    microUsdPerMonth: count,
    /** Share of it, in percent, at which it is shut off. */
    shutOffPercent: z.number().min(1).max(100),
    /** What the environment invokes: ids of models and of inference profiles. */
    models: z.array(z.string()).min(1),
    prices: priceOverridesSchema,
    /** The policy that a shut-off attaches, and to whom. */
    brake: z.strictObject({
        policyArn: z.string(),
        users: z.array(z.string()).readonly(),
        roles: z.array(z.string()).readonly(),
    }),
    /** Where people are told. */
    topicArn: z.string(),
    /** Names of the services that the budget counts, as Cost Explorer shows them. */
    budgetServices: z.array(z.string()).min(1),
    /** Whether a gate counts what is spent; without one, it is estimated from what CloudWatch counts. */
    hasGate: z.boolean(),
    /** Of the gate, where there is one: how many instances wait for requests at which alias, and until when. */
    provisioned: z
        .strictObject({
            functionName: z.string(),
            alias: z.string(),
            /** 0 keeps none ready, and ends those that a former setting has left. */
            instances: z.number().int().min(0),
            idleMinutes: z.number().int().min(0),
        })
        .optional(),
    /** Whether tokens that did not pass the gate shut it off, besides the alarm. */
    bypassShutsOff: z.boolean(),
});

export type KeeperSettings = z.infer<typeof keeperSettings>;

/** What a deployed gate is told, in the same way. */
export const gateSettings = keeperSettings.extend({
    /** Where Bedrock's runtime API is. */
    endpoint: z.url(),
    requestsPerHour: count,
    requestsPerDay: count,
    /** For how long an answer is kept; 0 keeps none. */
    cacheSeconds: z.number().int().min(0),
    /** For how long a model may take to answer. */
    callSeconds: z.number().int().min(1),
    /** When a request that was not settled is charged at its ceiling; longer than any call. */
    leaseSeconds: z.number().int().min(1),
    /** Tiers of models, by cost, that may be called. */
    tiers: z.array(z.enum(modelTiers)).min(1),
});

export type GateSettings = z.infer<typeof gateSettings>;
