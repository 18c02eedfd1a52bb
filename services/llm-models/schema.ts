import { z } from "zod";

import { partitionOf, regionFault } from "../../components/arn";
import { bedrockServices, costTagKeyFault } from "../../components/bedrock-budget-tier/budgets";
import {
    destinationsFault,
    exactNameFault,
    onDemandFault,
    partitionFault,
} from "../../components/bedrock-budget-tier/policy";
import { priceOverridesSchema } from "../../functions/bedrock-gate/core/prices";
import { accessKeyOutputs } from "../access-keys";
import { gateOutputs, gateSettings, keeperOutputs } from "./gate";
import { accessKeys, adoptUser, eachOnce, having, percent, type SettingFault, without } from "../settings";

const costTagKey = z.string().superRefine(without(costTagKeyFault));
const onDemandModel = z
    .string()
    .regex(/^[a-z0-9-]+\.[a-z0-9.:-]+$/, "a Bedrock model id")
    .superRefine(without(onDemandFault));
const exactName = z.string().superRefine(without(exactNameFault));

export const settings = z
    .strictObject({
        /** Model ids that are served on demand in the stack's region. */
        models: z.array(onDemandModel).default([]),
        /** Models reached through an inference profile, each with the regions that it routes to; a global one has none. */
        inferenceProfiles: z
            .array(
                z
                    .strictObject({
                        profileId: exactName,
                        modelId: exactName,
                        destinationRegions: z.array(z.string().superRefine(without(regionFault))).default([]),
                    })
                    .superRefine(({ profileId, destinationRegions }, context) => {
                        const message = destinationsFault(profileId, destinationRegions);
                        if (message) context.addIssue({ code: "custom", path: ["destinationRegions"], message });
                    }),
            )
            .default([]),
        /** US dollars a month. */
        monthlyLimitUsd: z.number("expected number, without quotes").min(0.01).max(1_000_000_000),
        /** The tier's own alert, in percent of the limit. */
        alertPercent: percent,
        alertEmails: z.array(z.email()).min(1).max(10).refine(eachOnce, "each address once"),
        /** Names of the services that the budget counts, as Cost Explorer shows them. */
        budgetServices: z
            .array(z.string().min(1))
            .min(1)
            .refine(eachOnce, "each service once")
            .default([...bedrockServices]),
        /** Tells the costs of two environments in one account apart; activate it as a cost-allocation tag. */
        costTag: z.strictObject({ key: costTagKey, value: z.string().min(1) }).optional(),
        /** Whether AWS itself attaches the deny at 95 %; the local AWS has no such API. */
        budgetAction: z.boolean().default(true),
        /** Prices of models that AWS's price list has not, in micro-dollars per million tokens. */
        prices: priceOverridesSchema.default({}),
        /** Without it, the service's user invokes the models itself, and what is spent is known some minutes later. */
        gate: gateSettings.optional(),
        adopt: z.strictObject({ user: adoptUser }).prefault({}),
        accessKeys,
    })
    .superRefine(
        ({ models, inferenceProfiles }, context) => {
            if (models.length + inferenceProfiles.length > 0) return;
            context.addIssue({
                code: "custom",
                path: ["models"],
                message: "at least one model, here or in inferenceProfiles",
            });
        },
        having({ models: z.array(z.unknown()), inferenceProfiles: z.array(z.unknown()) }),
    );

export type LlmModelsSettings = z.infer<typeof settings>;

/** What of the settings does not fit the stack's region. */
export function regionFaults({ inferenceProfiles }: LlmModelsSettings, region: string): SettingFault[] {
    return inferenceProfiles.flatMap(({ destinationRegions }, profile) =>
        destinationRegions.flatMap((destination, index) => {
            const message = partitionFault(destination, partitionOf(region));
            return message ? [{ path: ["inferenceProfiles", profile, "destinationRegions", index], message }] : [];
        }),
    );
}

const inferenceProfile = z.object({
    profileId: z.string(),
    modelId: z.string(),
    destinationRegions: z.array(z.string()).readonly(),
});

/** What the stack exports for llm-models. */
export const outputs = accessKeyOutputs.extend({
    region: z.string(),
    models: z.array(z.string()).readonly(),
    userName: z.string(),
    budgetName: z.string(),
    monthlyLimitUsd: z.number(),
    alertPercent: z.number(),
    alertEmails: z.array(z.string()).readonly(),
    topicArn: z.string(),
    denyPolicyArn: z.string(),
    shutOffRoleArn: z.string(),
    /** The role of sessions that are narrowed to some models; none behind a gate, where the service invokes no model. */
    sessionRoleArn: z.string().optional(),
    /** Whether AWS Budgets starts the shut-off by itself. */
    budgetAction: z.boolean(),
    /** The services that the budget counts, where the stack was deployed by a program that exports them. */
    budgetServices: z.array(z.string()).readonly().optional(),
    /** The cost-allocation tag that the budget counts by, where it does. */
    costTag: z.object({ key: z.string(), value: z.string() }).readonly().optional(),
    /** Models reached through an inference profile, where there are any. */
    inferenceProfiles: z.array(inferenceProfile).readonly().optional(),
    /** What shuts off by what was counted. */
    keeper: keeperOutputs.readonly(),
    /** The gate in front of the models, where there is one. */
    gate: gateOutputs.readonly().optional(),
});

export type LlmModelsOutputs = Readonly<z.infer<typeof outputs>>;
