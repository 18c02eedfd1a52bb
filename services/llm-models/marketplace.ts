import { bedrockServices } from "../../components/bedrock-budget-tier/budgets";
import { type LlmModelsSettings } from "./schema";

/**
 * How ids of models begin that AWS sells through its Marketplace and bills under names of their own. From the table of
 * product ids in Bedrock's user guide, "Use product ID condition keys to control access"; it names no product of
 * OpenAI, whose GPT-5 models are on bills as "OpenAI GPT-5.6 Sol (Amazon Bedrock Edition)" all the same.
 */
const marketplaceModels = ["ai21.", "anthropic.", "cohere.", "openai.gpt-5", "stability.", "twelvelabs.", "writer."];

/** The models whose cost a budget does not count that nobody has told the names of their services. */
export function uncountedModels({
    models,
    inferenceProfiles,
    budgetServices,
}: Pick<LlmModelsSettings, "models" | "inferenceProfiles" | "budgetServices">): string[] {
    if (budgetServices.some((service) => !bedrockServices.includes(service))) return [];
    const all = [...models, ...inferenceProfiles.map(({ modelId }) => modelId)];
    return [...new Set(all)].filter((model) => marketplaceModels.some((begin) => model.startsWith(begin)));
}
