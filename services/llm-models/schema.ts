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
import { accessKeys, adoptMeta, adoptUser, eachOnce, having, percent, type SettingFault, without } from "../settings";
import { names } from "./names";

const costTagKey = z.string().superRefine(without(costTagKeyFault));
const onDemandModel = z
    .string()
    .regex(/^[a-z0-9-]+\.[a-z0-9.:-]+$/, "a Bedrock model id")
    .superRefine(without(onDemandFault));
const exactName = z.string().superRefine(without(exactNameFault));

export const settings = z
    .strictObject({
        models: z
            .array(onDemandModel)
            .default([])
            .meta({
                description:
                    "Bedrock model ids that are served on demand in the region, not ids of inference profiles; at least " +
                    "one, here or in `inferenceProfiles`",
            }),
        inferenceProfiles: z
            .array(
                z
                    .strictObject({
                        profileId: exactName.meta({
                            description: "exact id of the profile, such as `us.meta.llama3-1-70b-instruct-v1:0`",
                        }),
                        modelId: exactName.meta({ description: "exact id of the model behind it" }),
                        destinationRegions: z
                            .array(z.string().superRefine(without(regionFault)))
                            .default([])
                            .meta({
                                description:
                                    "every region that the profile routes to, at least one; none for a global profile " +
                                    "(`global.…`), which routes to every commercial region",
                            }),
                    })
                    .superRefine(({ profileId, destinationRegions }, context) => {
                        const message = destinationsFault(profileId, destinationRegions);
                        if (message) context.addIssue({ code: "custom", path: ["destinationRegions"], message });
                    }),
            )
            .default([])
            .meta({ description: "models that are invoked through an inference profile" }),
        monthlyLimitUsd: z
            .number("expected number, without quotes")
            .min(0.01)
            .max(1_000_000_000)
            .meta({ unit: "US dollars a month", description: "0.01 to 1,000,000,000" }),
        alertPercent: percent.meta({
            unit: "percent of the limit",
            description:
                "above 0, up to 100: the tier's own alert; the alerts at " +
                `${names.usualAlertPercents.join(", ")} and a forecast of ${names.forecastAlertPercent} are sent in any case`,
        }),
        alertEmails: z.array(z.email()).min(1).max(10).refine(eachOnce, "each address once").meta({
            uniqueItems: true,
            description: "one to ten e-mail addresses, each once: see [who is told](bedrock-gate.md#who-is-told)",
        }),
        budgetServices: z
            .array(z.string().min(1))
            .min(1)
            .refine(eachOnce, "each service once")
            .default([...bedrockServices])
            .meta({
                uniqueItems: true,
                description:
                    "names of the services that the budget counts, as in Cost Explorer, each once: see " +
                    "[the budget](deploying.md#the-budget)",
            }),
        costTag: z
            .strictObject({
                key: costTagKey.meta({
                    absent: "none",
                    description:
                        "counts only costs with this tag, for two environments in one account; first activate it as a " +
                        "cost-allocation tag; the key without `user:` in front",
                }),
                value: z.string().min(1).meta({ absent: "none", description: "the tag's value in this environment" }),
            })
            .optional(),
        budgetAction: z
            .boolean()
            .default(true)
            .meta({
                description:
                    `whether AWS itself attaches the deny at ${names.shutOffPercent} % of the limit; the local AWS cannot ` +
                    "do this",
            }),
        prices: priceOverridesSchema.default({}).meta({
            unit: "micro-dollars per million tokens",
            description:
                "prices of models for which the committed list has none, or another, by the exact id that is called: " +
                "see below",
        }),
        gate: gateSettings.optional().meta({
            description:
                "a function in front of the models, which counts what each call costs before it is sent; without it, " +
                "the service's user invokes the models itself, and what is spent is known some minutes later",
        }),
        adopt: z.strictObject({ user: adoptUser }).prefault({}).meta(adoptMeta),
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
